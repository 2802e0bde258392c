"""The sources of the checkout, as the tests of the house read them.

Belongs here: finding files and what they import. Does not belong here: what is right or wrong about them.
"""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pipelines.paths import CHECKOUT


@cache
def tracked() -> tuple[Path, ...]:
    """Gives the files that are or would be versioned."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=CHECKOUT, capture_output=True, check=True, text=True).stdout.split("\0")
    return tuple(path for name in names if name and (path := CHECKOUT / name).is_file())


def modules(*packages: str) -> dict[str, Path]:
    """Gives dotted name -> file of the Python modules below some top folders."""
    found = {}
    for path in tracked():
        parts = path.relative_to(CHECKOUT).with_suffix("").parts
        if path.suffix == ".py" and parts[0] in packages:
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Yields every imported module, and whether it is imported as soon as the file is."""
    for node, at_once in _walk(tree(path), True):
        if isinstance(node, ast.Import):
            yield from ((name.name, at_once) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{path}: write imports out in full"
            yield node.module, at_once
            yield from ((f"{node.module}.{name.name}", at_once) for name in node.names)


def _walk(node: ast.AST, at_once: bool) -> Iterator[tuple[ast.AST, bool]]:
    yield node, at_once
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        at_once = False
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        at_once = False
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, at_once)
