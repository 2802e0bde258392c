"""From which inputs each built table was made, so that no release mixes the tables of two builds.

Belongs here: the stamp of a stage, `build/stamps.json`. Does not belong here: what the inputs are (`inputs.py`).

A stage takes its stamp off before it writes and puts it on when all its files are in place. So a stage that was killed
has no stamp, and what builds on it says so instead of building on half of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from pipelines.errors import ProjectError
from pipelines.paths import DataRoot, replace_file

_HINT = "Run all stages, in their order: `sdg17 run`, or the job `refresh` in Dagster."


@contextmanager
def stamped(root: DataRoot, name: str, inputs: str) -> Iterator[None]:
    """Runs a stage: no stamp while it writes, the stamp of its inputs when it has ended well."""
    _write(root, {n: s for n, s in _read(root).items() if n != name})
    yield
    _write(root, _read(root) | {name: inputs})


def agreed(root: DataRoot, names: Iterable[str]) -> str:
    """Gives the one stamp that all named stages carry; raises ProjectError where one has none or they differ."""
    stamps = _read(root)
    wanted = sorted(set(names))
    if missing := [name for name in wanted if name not in stamps]:
        raise ProjectError(f"Not built yet: {', '.join(missing)}.", _HINT)
    if len({stamps[name] for name in wanted}) != 1:
        raise ProjectError(f"These were built from different inputs: {', '.join(wanted)}.", _HINT)
    return stamps[wanted[0]]


def _read(root: DataRoot) -> dict[str, str]:
    path = root.build / "stamps.json"
    if not path.is_file():
        return {}
    stamps: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return stamps


def _write(root: DataRoot, stamps: dict[str, str]) -> None:
    with replace_file(root.build / "stamps.json") as aside:
        aside.write_text(json.dumps(stamps, indent=1, sort_keys=True), encoding="utf-8")
