"""A build that is killed anywhere: nobody ever sees half a file, and running it again gives the undisturbed release.

Belongs here: kills at the boundaries of stages and between the files of one. Does not belong here: errors that the
programme itself reports.

A process of its own imports what a build needs, then forks one child per build; the child kills itself with SIGKILL when
the progress of the build, or the count of files put in place, says so. The product knows nothing of this.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from funds import tiny_fund
from pipelines import build
from pipelines.paths import CHECKOUT, DataRoot

pytestmark = pytest.mark.slow

#: Builds in forked children: each argument is `<data root> <what to count> <when to kill>`, 0 for never.
DRIVER = """
import os, signal, sys
from pathlib import Path

import duckdb, great_expectations, great_expectations.expectations, pyarrow.csv, pyarrow.parquet, sqlglot
from pipelines import build, validation, warehouse
from pipelines.paths import DataRoot

def counted(function, left):
    def counting(*given, **named):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*given, **named)
    return counting

def build_in_child(root, what, when):
    child = os.fork()
    if child:
        return child
    left = [int(when)]
    if what == "steps":
        build.refresh(DataRoot(Path(root)), progress=counted(lambda step: None, left))
    else:
        setattr(os, what, counted(getattr(os, what), left))
        build.refresh(DataRoot(Path(root)))
    os._exit(0)

def wait():
    child, status = os.wait()
    codes[children.index(child)] = os.waitstatus_to_exitcode(status)

children, codes = [], {}
for order in sys.argv[1:]:
    if len(children) - len(codes) == os.cpu_count():
        wait()
    children.append(build_in_child(*order.rsplit(" ", 2)))
while len(codes) < len(children):
    wait()
print(*(codes[place] for place in range(len(children))))
"""

#: Before each stage, after the last (a stage begins where the one before it has ended), and in between: with the release
#: in its place and `latest` not yet naming it.
BOUNDARIES = [("steps", 2 * n + 1) for n in range(len(build.STAGES))] + [("steps", 2 * len(build.STAGES))]


def run(*orders: tuple[Path, str, int]) -> list[int]:
    """Builds once per order and gives the exit codes; a killed build ends with -9."""
    driver = subprocess.run(
        [sys.executable, "-c", DRIVER, *(f"{folder} {what} {when}" for folder, what, when in orders)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert driver.returncode == 0, driver.stderr
    return [int(code) for code in driver.stdout.split()]


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_fund(tmp_path_factory.mktemp("untouched")).root


@dataclass(frozen=True)
class Undisturbed:
    """A build that nobody killed: its release, and how many files it put in place."""

    release: dict[str, str]
    puts: int


@pytest.fixture(scope="module")
def undisturbed(untouched: Path, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = tmp_path_factory.mktemp("undisturbed") / "fund"
    shutil.copytree(untouched, folder)
    put, puts = os.replace, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", lambda *given: puts.append(put(*given)))
        build.refresh(DataRoot(folder))
    return Undisturbed(release(folder), len(puts))


def release(folder: Path) -> dict[str, str]:
    """Gives the hash of every file of the one release, and its name; the engine does not repeat its own file's bytes."""
    root = DataRoot(folder)
    name = root.latest.read_text(encoding="utf-8").strip()
    assert {path.name for path in root.published.iterdir()} == {name, "latest"}
    inside = root.release(name)
    files = [path for path in inside.rglob("*") if path.is_file() and path.suffix != ".duckdb"]
    hashes = {path.relative_to(inside).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return {"name": name, **hashes}


def assert_nothing_is_half(folder: Path) -> None:
    """Reads to its end every file that is in its place, as a reader would who came at this very moment."""
    import duckdb
    import pyarrow.parquet as pq

    root = DataRoot(folder)
    whole = [path for path in folder.rglob("*") if path.is_file() and not any(p.startswith(".") for p in path.parts)]
    for path in whole:
        if path.suffix == ".parquet":
            pq.read_table(path)
        elif path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".jsonl":
            assert all(json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
        elif path.parent.parent == root.received / "files":
            assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    for found in root.published.glob("[!.]*") if root.published.exists() else ():
        if found.is_dir():
            manifest = json.loads((found / "manifest.json").read_text(encoding="utf-8"))
            for place, about in manifest["files"].items():
                assert hashlib.sha256((found / place).read_bytes()).hexdigest() == about["sha256"], place
            with duckdb.connect(str(found / "sdg17.duckdb"), read_only=True) as con:
                assert con.execute("select count(*) from duckdb_tables()").fetchall() == [(len(manifest["tables"]),)]
    if root.latest.exists():
        assert (root.release(root.latest.read_text(encoding="utf-8").strip()) / "manifest.json").is_file()


def killed_then_run_again(untouched: Path, folder: Path, kills: list[tuple[str, int]]) -> list[Path]:
    """Kills one build per order, looks at what it left, runs it again, and gives the folders."""
    folders = [folder / f"{what}-{when}" for what, when in kills]
    for of in folders:
        shutil.copytree(untouched, of)
    codes = run(*((of, what, when) for of, (what, when) in zip(folders, kills, strict=True)))
    assert codes == [-signal.SIGKILL] * len(kills), dict(zip(kills, codes, strict=True))
    for of in folders:
        assert_nothing_is_half(of)
    assert run(*((of, "steps", 0) for of in folders)) == [0] * len(kills)
    return folders


def test_killed_at_each_boundary_and_run_again(untouched: Path, undisturbed: Undisturbed, tmp_path: Path) -> None:
    # The last file put in place is `latest`: before it the release is there and not yet the newest.
    kills = [*BOUNDARIES, ("replace", undisturbed.puts)]
    assert len(kills) == 10
    for folder in killed_then_run_again(untouched, tmp_path, kills):
        assert release(folder) == undisturbed.release, folder.name


def test_killed_between_the_files_of_a_stage_and_run_again(
    untouched: Path, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    # A file that is written aside waits to be put in place.
    kills = [("replace", undisturbed.puts * part // 5) for part in range(1, 5)]
    for folder in killed_then_run_again(untouched, tmp_path, kills):
        assert release(folder) == undisturbed.release, folder.name


def test_a_ledger_line_torn_by_a_kill_is_mended(untouched: Path, undisturbed: Undisturbed, tmp_path: Path) -> None:
    root = DataRoot(tmp_path / "torn")
    shutil.copytree(untouched, root.root)
    build.receive(root)
    lines = root.ledger.read_bytes()
    root.ledger.write_bytes(lines[:-40])
    build.refresh(root)
    assert release(root.root) == undisturbed.release
