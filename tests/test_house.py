"""The walls of the house: what may import what, what is too long, what hides a fault, what must not be in a file.

Belongs here: rules about the repository and its Python that a machine can check. Does not belong here: rules about SQL
(test_house_sql.py) and words (test_house_words.py), and what the programme does.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions

from pipelines.paths import CHECKOUT
from sources import imports, modules, tracked, tree

#: Each room of `pipelines/` and the rooms it may import; what those stand on, it may import too. Everything may import
#: `errors` and `paths`. The rooms stand in the order in which data flows.
ROOMS = {
    "contract": "",
    "lock": "",
    "stamps": "",
    "parquet": "",
    "calendar": "contract",
    "intake": "contract",
    "parsing": "contract",
    "findings": "contract",
    "attribution": "intake parsing",
    "staging": "attribution",
    "precedence": "attribution",
    "gx_duckdb": "",
    "validation": "findings staging gx_duckdb",
    "acceptance": "validation",
    "territories": "",
    "personal": "staging",
    "corrections": "parsing",
    "rules_fund": "findings staging",
    "judging": "acceptance precedence personal corrections rules_fund",
    "shapes": "staging",
    "reference": "shapes parquet",
    "warehouse": "shapes parquet",
    "dictionary": "warehouse",
    "settings": "contract",
    "inputs": "attribution corrections reference settings warehouse",
    "publication": "dictionary inputs calendar",
    "demo": "calendar contract",
    "build": "judging publication lock stamps",
    "cli": "build demo",
}

#: Where each heavy library lives. Outside `assets/` they are imported inside functions, so that light commands start fast.
HOMES = {
    "dagster": ("assets",),
    "great_expectations": ("pipelines.validation",),
    "sqlalchemy": ("pipelines.gx_duckdb",),
    "sqlglot": ("pipelines.warehouse",),
    "openpyxl": ("pipelines.templates", "pipelines.feedback", "pipelines.demo"),
    "xlsxwriter": ("pipelines.templates", "pipelines.feedback", "pipelines.demo"),
    "python_calamine": ("pipelines.intake",),
    "duckdb": ("pipelines",),
    "pyarrow": ("pipelines",),
    "pandas": ("pipelines.feedback", "pipelines.tables", "pipelines.review"),
}

LONGEST_FILE = 350
LONGEST_BODY = 10  # of what Dagster runs
LONGEST_ADAPTER = 25  # of what describes to Dagster what there is, or tells a person what Dagster does
VAGUE = {"util", "utils", "helper", "helpers", "common", "base", "manager", "misc"}
READERS = {"pipelines.cli.manager"}  # the fund's manager, who is a person
SOURCE = (".py", ".sql")
#: What a class may inherit from: frozen records, and what a foreign library asks for. Errors are the one tree of ours.
PARENTS = {
    "Exception",
    "str",
    "BaseModel",
    "Strict",
    "NamedTuple",
    "Protocol",
    "StrEnum",
    "TypedDict",
    "PGCompiler",
    "PGDialect",
}


def room(module: str) -> str:
    """Gives the room of a module: `pipelines.intake.iati_rows` -> intake, `pipelines.demo_world` -> demo."""
    name = module.split(".")[1] if "." in module else ""
    return name if name in ROOMS else next((r for r in ROOMS if name.startswith(f"{r}_")), name)


def stands_on(of: str) -> set[str]:
    direct = ROOMS[of].split()
    return {*direct, *(below for r in direct for below in stands_on(r))}


def test_imports_point_one_way() -> None:
    wrong = []
    for name, path in modules("pipelines").items():
        mine = room(name)
        for imported, _ in imports(path):
            top, theirs = imported.split(".")[0], room(imported)
            if top in ("assets", "tests", "benchmarks", "dagster"):
                wrong.append(f"{name} imports {imported}")
            if top != "pipelines" or theirs not in ROOMS or mine == theirs:
                continue
            if mine not in ROOMS or theirs not in stands_on(mine):
                wrong.append(f"{name} imports {imported}, but {mine} does not stand on {theirs}")
    assert not wrong, sorted(set(wrong))


def test_every_module_stands_in_a_room() -> None:
    found = {room(name) for name in modules("pipelines")} - {"", "errors", "paths"}
    assert found == set(ROOMS), f"Say in ROOMS what it stands on, or take it out: {sorted(found ^ set(ROOMS))}"


def test_no_module_imports_itself_by_a_detour() -> None:
    known = modules("pipelines", "assets")
    graph = {n: {i for i, at_once in imports(p) if at_once and i in known and i != n} for n, p in known.items()}
    TopologicalSorter(graph).prepare()


def test_assets_import_only_their_resources_and_the_library() -> None:
    wrong = []
    for name, path in modules("assets").items():
        for imported, _ in imports(path):
            other = imported.split(".")[1] if imported.startswith("assets.") else "resources"
            if other != "resources" and name not in ("assets.definitions", "assets.__main__"):
                wrong.append(f"{name} imports {imported}")
    assert not wrong, wrong


def test_heavy_libraries_have_one_home_and_are_imported_inside_functions() -> None:
    wrong = []
    for name, path in modules("pipelines", "assets").items():
        for imported, at_once in imports(path):
            library = imported.split(".")[0]
            homes = HOMES.get(library, ("",))
            if library in HOMES and not any(name == h or name.startswith((f"{h}.", f"{h}_")) for h in homes):
                wrong.append(f"{name} imports {imported}, which lives in {' and '.join(homes)}")
            # The dialect is nothing but SQLAlchemy; validation imports it inside a function.
            if library in HOMES and at_once and name.startswith("pipelines") and name != "pipelines.gx_duckdb":
                wrong.append(f"{name} imports {imported} at the top")
    assert not wrong, sorted(set(wrong))


def test_the_command_line_starts_without_heavy_libraries() -> None:
    ask = "import sys, pipelines.cli; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    started = subprocess.run([sys.executable, "-c", ask], cwd=CHECKOUT, capture_output=True, check=True, text=True)
    assert not set(started.stdout.split()) & set(HOMES)


def test_bodies_in_assets_are_short() -> None:
    long = []
    for name, path in modules("assets").items():
        for function in (n for n in ast.walk(tree(path)) if isinstance(n, ast.FunctionDef)):
            body = function.body[1:] if ast.get_docstring(function) else function.body
            lines = {n for s in body for n in range(s.lineno, (s.end_lineno or s.lineno) + 1)}
            for inner in (n for n in ast.walk(function) if isinstance(n, ast.FunctionDef) and n is not function):
                first = min([inner.lineno, *(d.lineno for d in inner.decorator_list)])
                lines -= set(range(first, (inner.end_lineno or first) + 1))
            runs = any("asset" in ast.unparse(d) or "dg." in ast.unparse(d) for d in function.decorator_list)
            if len(lines) > (LONGEST_BODY if runs else LONGEST_ADAPTER):
                long.append(f"{name}.{function.name}: {len(lines)} lines")
    assert not long, long


def test_no_file_is_too_long() -> None:
    lines = {p: len(p.read_text(encoding="utf-8").splitlines()) for p in tracked() if p.suffix in SOURCE}
    long = [f"{path.relative_to(CHECKOUT)}: {n}" for path, n in lines.items() if n > LONGEST_FILE]
    assert not long, f"Is there a second room inside? {long}"


def test_every_module_has_a_name_that_says_something_and_says_what_belongs_in_it() -> None:
    every = modules("pipelines", "assets", "tests", "benchmarks")
    vague = [name for name in every if set(name.split(".")[-1].split("_")) & VAGUE and name not in READERS]
    assert not vague, vague
    silent = [name for name, path in every.items() if not ast.get_docstring(tree(path))]
    assert not silent, silent


def test_no_except_hides_a_fault() -> None:
    hidden = []
    for name, path in modules("pipelines", "assets", "benchmarks").items():
        for node in (n for n in ast.walk(tree(path)) if isinstance(n, ast.ExceptHandler)):
            raised = any(isinstance(n, ast.Raise) and n.exc is None for n in ast.walk(node))
            every = node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
            if every and not raised:
                hidden.append(f"{name}:{node.lineno}")
    assert not hidden, hidden


def test_only_errors_have_a_family() -> None:
    heirs = []
    for name, path in modules("pipelines").items():
        for node in (n for n in ast.walk(tree(path)) if isinstance(n, ast.ClassDef)):
            if any(ast.unparse(b) not in PARENTS and not ast.unparse(b).endswith("Error") for b in node.bases):
                heirs.append(f"{name}.{node.name}")
    assert not heirs, heirs


def test_what_is_imported_is_required_and_what_is_required_is_imported() -> None:
    stated = (CHECKOUT / "requirements.in").read_text(encoding="utf-8")
    required = {re.split(r"[=<>]", line)[0].lower() for line in stated.splitlines() if line and line[0] != "#"}
    used = {i.split(".")[0] for path in modules("pipelines", "assets").values() for i, _ in imports(path)}
    owners = packages_distributions()
    own = {"pipelines", "assets"}
    needed = {owners[m][0].lower().replace("_", "-") for m in used - own - set(sys.stdlib_module_names)}
    unseen = {
        "dagster-webserver": "sdg17 serve starts it",
        "setuptools": "installs the project",
        "pandas": "great_expectations imports it; pinned, because its major version changes results",
    }
    assert needed <= required, f"imported, not in requirements.in: {sorted(needed - required)}"
    assert required == needed | set(unseen), f"never imported: {sorted(required - needed - set(unseen))}"


def test_the_locks_are_hashed_and_name_no_place_to_download_from() -> None:
    locked = {}
    for name in ("requirements.txt", "requirements-dev.txt"):
        blocks = re.split(r"\n(?=\S)", (CHECKOUT / name).read_text(encoding="utf-8").strip())
        locked[name] = {block.split()[0] for block in blocks}
        assert all(re.match(r"[\w.-]+==\S+", b) and "--hash=sha256:" in b for b in blocks), name
        assert not any("//" in b for b in blocks), name
    assert locked["requirements.txt"] <= locked["requirements-dev.txt"], "make lock writes both"


def test_no_tracked_file_names_a_registry_or_a_place_on_one_machine() -> None:
    hosts = re.compile(r"(?:py(?:pi|thonhosted)|npmjs|debian)[.](?:org|com)", re.IGNORECASE)
    places = re.compile(r"(?:^|[^\w.])/(?:work|farm|root|home/\w+)/")
    found = []
    for path in tracked():
        raw = path.read_bytes()
        if b"\0" in raw[:8000]:
            continue
        for n, line in enumerate(raw.decode("utf-8", "replace").splitlines(), 1):
            if hosts.search(line) or places.search(line):
                found.append(f"{path.relative_to(CHECKOUT)}:{n}: {line[:100]}")
    assert not found, found
