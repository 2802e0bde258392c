"""Measures what a user waits for and what the machine must have: wall time and peak memory of whole commands.

Belongs here: commands as a user types them, their limits, and the table of results. Does not belong here: profiling of
parts. Each command is a new process on a fund of its own; times are medians. Times on shared machines wander, so every
run also measures a yardstick, the bare import of the heaviest library, and states each time as a multiple of it.

    make bench                          all cases, three times each
    make bench ARGS="--only check"      one case
    make bench ARGS="--write"           write benchmarks/RESULTS.md
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from pipelines.paths import CHECKOUT, DataRoot

SDG17 = str(Path(sys.executable).with_name("sdg17"))
RESULTS = CHECKOUT / "benchmarks" / "RESULTS.md"
REAL = Path(os.environ.get("SDG17_REAL") or CHECKOUT.parent / "shared" / "real")
REAL_FOLDERS = ("iati", "scdl", "toulouse")
MIB = 1024 * 1024


@dataclass(frozen=True)
class Measured:
    """One process: seconds by the clock and of processor, peak resident memory in bytes, exit code."""

    seconds: float
    worked: float
    peak: int
    code: int


@dataclass(frozen=True)
class Case:
    """A command as a user types it, and what it may take on two cores."""

    name: str
    what: str
    prepare: Callable[[DataRoot], None]
    command: Callable[[DataRoot], list[str]]
    seconds: float
    peak: int | None = None
    codes: tuple[int, ...] = (0,)
    ready: Callable[[], bool] = lambda: True


def measure(command: list[str], log: Path) -> Measured:
    """Runs a command to its end and measures it with all its children; what it prints goes to `log`."""
    with log.open("wb") as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    return Measured(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit, process.returncode)


def demo_fund(root: DataRoot) -> None:
    """Lays out the versioned fictional fund."""
    source = DataRoot(CHECKOUT / "data")
    shutil.copytree(source.inbox, root.inbox)
    shutil.copytree(source.reference, root.reference)


def demo_fund_built(root: DataRoot) -> None:
    """Lays out the fictional fund and publishes its release."""
    demo_fund(root)
    subprocess.run(run(root), cwd=CHECKOUT, check=True, capture_output=True)


def real_fund(root: DataRoot) -> None:
    """Drops the real reports into one inbox, with the versioned registers."""
    root.inbox.mkdir(parents=True)
    shutil.copytree(CHECKOUT / "data" / "reference", root.reference)
    for folder in REAL_FOLDERS:
        for path in (REAL / folder).iterdir():
            if path.is_file():
                shutil.copy(path, root.inbox / path.name)


def run(root: DataRoot) -> list[str]:
    return [SDG17, "run", "--data", str(root.root)]


def check(root: DataRoot) -> list[str]:
    usual = max(root.inbox.rglob("*.xlsx"), key=lambda path: (path.stat().st_size, path.name))
    return [SDG17, "check", str(usual)]


CASES = (
    Case("demo", "`make run`: the fictional fund, from the inbox to a release", demo_fund, run, 15),
    Case("again", "a second `sdg17 run` with nothing new", demo_fund_built, run, 5),
    Case("check", "`sdg17 check` of the largest workbook of the fictional fund", demo_fund, check, 5, codes=(0, 1)),
    Case(
        "real", "`sdg17 run` on the real reports", real_fund, run, 25, 1024 * MIB,
        ready=lambda: (REAL / "FACTS.json").is_file(),
    ),
)  # fmt: skip

YARDSTICK = [sys.executable, "-c", "import great_expectations"]


def repeat(case: Case, times: int) -> list[Measured]:
    """Measures a case several times, each on a fund of its own; a wrong exit code ends the benchmark."""
    found = []
    for _ in range(times):
        with tempfile.TemporaryDirectory(prefix="sdg17-bench-") as folder:
            root, log = DataRoot(Path(folder) / "data"), Path(folder) / "log"
            case.prepare(root)
            before = releases(root)
            found.append(measure(case.command(root), log))
            if found[-1].code not in case.codes:
                sys.exit(f"{case.name} ended with {found[-1].code}:\n{log.read_text('utf-8', 'replace')}")
            if case.name == "again" and releases(root) != before:
                sys.exit("again: a second run with nothing new published a release")
    return found


def releases(root: DataRoot) -> list[str]:
    return sorted(path.name for path in root.published.glob("*") if path.is_dir())


def machine() -> str:
    """Says on what was measured."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        named = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        cpu = named[0] if named else cpu
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / MIB / 1024
    libraries = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "great-expectations", "dagster", "pyarrow"))
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({cpu}), {memory:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}, {libraries}; load before the run {os.getloadavg()[0]:.1f}"
    )


def table(cases: list[Case], times: int) -> tuple[list[str], bool]:
    """Measures the cases and gives the lines of the table, and whether all kept their limits."""
    yard = statistics.median(m.seconds for m in (measure(YARDSTICK, Path(os.devnull)) for _ in range(max(3, times))))
    lines = [
        f"Yardstick: importing Great Expectations in a new process takes {yard:.2f} s.",
        "",
        "| case | what | median s | slowest s | processor s | × yardstick | limit s | peak MiB | limit MiB | kept |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    kept = True
    for case in cases:
        if not case.ready():
            lines.append(
                f"| {case.name} | {case.what} | not measured: SDG17_REAL names no folder of reports | | | | | | | |"
            )
            continue
        print(f"measuring {case.name} ...", file=sys.stderr, flush=True)
        found = repeat(case, times)
        seconds, slowest = statistics.median(m.seconds for m in found), max(m.seconds for m in found)
        worked, peak = statistics.median(m.worked for m in found), max(m.peak for m in found)
        holds = seconds <= case.seconds and (case.peak is None or peak <= case.peak)
        kept &= holds
        limit = f"{case.peak / MIB:.0f}" if case.peak else "none"
        lines.append(
            f"| {case.name} | {case.what} | {seconds:.1f} | {slowest:.1f} | {worked:.1f} | {seconds / yard:.1f} | {case.seconds:g} "
            f"| {peak / MIB:.0f} | {limit} | {'yes' if holds else '**no**'} |"
        )
    return lines, kept


def main() -> int:
    options = argparse.ArgumentParser(description="Measures whole commands of sdg17.")
    options.add_argument(
        "--only", choices=[case.name for case in CASES], action="append", help="measure this case only"
    )
    options.add_argument("--times", type=int, default=3, help="how often each case is measured (3)")
    options.add_argument("--write", action="store_true", help="write the table to benchmarks/RESULTS.md")
    chosen = options.parse_args()
    where = machine()
    lines, kept = table([case for case in CASES if not chosen.only or case.name in chosen.only], chosen.times)
    text = "\n".join(
        [where, "", f"Median of {chosen.times}, each in a new process on a fund of its own.", "", *lines, ""]
    )
    print(text)
    if chosen.write:
        RESULTS.write_text(
            f"# Measured\n\nWritten by `make bench ARGS=--write`; see `run.py`.\n\n{text}", encoding="utf-8"
        )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
