"""Measures the programme beside its peers: wall time and peak memory of whole processes, in the same run, in turn.

    python -m benchmarks.inputs INPUTS
    python -m benchmarks.peers INPUTS --peers VENV --ours CASE='COMMAND' --repeat 3 [--case CASE ...] [--json FILE]

VENV is a virtual environment made from `requirements-peers.in`. In COMMAND, `{input}` is the case's input, `{truth}`
its truth and `{out}` an empty folder of its own for each run; what needs more steps is a script. A case without a
command of ours is measured for the peer alone and judged not at all; one that misses its limit makes the exit code 1.
The first line gives the empty process, against which "above empty" is meant. What belongs here: running and measuring.
What does not: inputs (`inputs`).
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

SCHEMAS = {"grants": "360giving/schema/360-giving-schema.json", "activities": "iati/schema/iati-activities-schema.xsd"}

#: A plain decode, as the library's own documentation shows it: nothing kept but what the reader gives.
DECODE = (
    "import sys, xmlschema; found = xmlschema.XMLSchema(sys.argv[1]).decode(sys.argv[2]);"
    "print(len(found['iati-activity']))"
)

#: Starts a command and waits for it. Linux counts the pages of the process that forks into the peak of its child, so the
#: one that forks must be small: it is this, and not the process that has read the peers' output.
LAUNCH = """
import os, sys, time
out, command = sys.argv[1], sys.argv[2:]
files = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
for number, name in ((1, "stdout"), (2, "stderr")):
    files.append((os.POSIX_SPAWN_OPEN, number, out + "/" + name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
started = time.perf_counter()
child = os.posix_spawnp(command[0], command, os.environ, file_actions=files)
_, status, usage = os.wait4(child, 0)
print(time.perf_counter() - started, usage.ru_maxrss, os.waitstatus_to_exitcode(status))
"""

FLATTEN = (
    "{peers}/flatten-tool unflatten {input} -f xlsx -m grants -r '' -s {schema} --convert-titles"
    " -c {out}/cells.json -a {out}/headings.json -o {out}/grants.json"
)


@dataclass(frozen=True)
class Case:
    """One thing measured, and what the programme promises for it."""

    name: str
    input: str
    peer: str | None = None
    schema: str = ""
    #: At least so many times faster than the peer, in at most this share of its memory.
    times_faster: float | None = None
    memory_share: float | None = None
    #: At most so many seconds, in all or beyond our start-up; so many megabytes, in all or above the empty process.
    seconds: float | None = None
    megabytes: float | None = None
    above_empty: bool = False
    beyond_startup: bool = False
    #: What the peer's output says it found; said beside its figures.
    found: Callable[[Path, Path], str] | None = None


@dataclass(frozen=True)
class Run:
    """What one run of one process took."""

    seconds: float
    megabytes: float
    found: str = ""


def measure(command: list[str], out: Path) -> Run:
    """Runs a command to its end; gives its wall time and the peak of its resident memory."""
    launched = [sys.executable, "-I", "-S", "-c", LAUNCH, str(out), *command]
    told = subprocess.run(launched, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout
    seconds, kilobytes, code = told.split()
    # frictionless exits 1, and the programme too, where they found what was planted.
    if code not in ("0", "1"):
        said = (out / "stderr").read_text(errors="replace")[-2000:]
        sys.exit(f"{shlex.join(command)}\nended with {code}:\n{said}")
    return Run(float(seconds), int(kilobytes) / 1024)


def grants_found(out: Path, _: Path) -> str:
    grants = json.loads((out / "grants.json").read_bytes())["grants"]
    cells = json.loads((out / "cells.json").read_bytes())
    return f"{len(grants)} grants, {len(cells)} places"


def errors_found(out: Path, truth: Path) -> str:
    """Compares the (row, field) of the errors with those that were planted."""
    told = json.loads((out / "stdout").read_bytes())["tasks"][0]
    found = {(error.get("rowNumber"), error.get("fieldName")) for error in told["errors"]}
    with truth.open(encoding="utf-8", newline="") as text:
        planted = {(int(row["row"]), row["field"]) for row in csv.DictReader(text)}
    return f"{len(found & planted)} of {len(planted)} (row, field), {len(found - planted)} others"


def activities_found(out: Path, _: Path) -> str:
    return f"{(out / 'stdout').read_text().strip()} activities"


CASES = (
    Case("grants", "grants.xlsx", FLATTEN, SCHEMAS["grants"], times_faster=8, memory_share=0.25, found=grants_found),
    Case("grants_with_errors", "grants_with_errors.xlsx", seconds=15),
    Case("sparse_read", "sparse.xlsx", seconds=3, megabytes=200, above_empty=True),
    Case("sparse_check", "sparse.xlsx", FLATTEN, SCHEMAS["grants"], seconds=8, megabytes=600, found=grants_found),
    Case(
        "rows",
        "rows.csv",
        "{peers}/frictionless validate {input} --schema {inputs}/rows.schema.json --json --trusted --limit-errors 100000",
        times_faster=1,
        found=errors_found,
    ),
    Case(
        "activities",
        "activities.xml",
        f"{{peers}}/python -c {shlex.quote(DECODE)} {{schema}} {{input}}",
        SCHEMAS["activities"],
        times_faster=10,
        found=activities_found,
    ),
    Case("workbooks", "workbooks", seconds=10),
    Case("workbooks_one_changed", "workbooks", seconds=2, beyond_startup=True),
)


def compare(case: Case, inputs: Path, peers: Path, ours: str | None, repeat: int) -> dict[str, list[Run]]:
    """Runs the peer and the programme in turn, so that a slow minute of the machine strikes both."""
    commands = {side: text for side, text in (("peer", case.peer), ("ours", ours)) if text}
    runs: dict[str, list[Run]] = {side: [] for side in commands}
    for _ in range(repeat):
        for side, text in commands.items():
            with tempfile.TemporaryDirectory() as scratch:
                out = Path(scratch)
                places = {"input": inputs / case.input, "inputs": inputs, "peers": peers / "bin", "out": out}
                places["truth"] = inputs / f"{Path(case.input).stem}.truth.csv"
                places["schema"] = _real() / case.schema
                command = [part.format(**places) for part in shlex.split(text)]
                run = measure(command, out)
                told = case.found(out, places["truth"]) if side == "peer" and case.found else ""
                runs[side].append(Run(run.seconds, run.megabytes, told))
    return runs


def judge(case: Case, runs: dict[str, list[Run]], empty: Run, startup: Run | None) -> list[str]:
    """Gives what the programme promised and did not keep."""
    if "ours" not in runs:
        return []
    ours, missed = middle(runs["ours"]), []
    if "peer" in runs:
        peer = middle(runs["peer"])
        if case.times_faster and peer.seconds / ours.seconds < case.times_faster:
            missed.append(f"{peer.seconds / ours.seconds:.1f} times faster, not {case.times_faster:g}")
        if case.memory_share and ours.megabytes / peer.megabytes > case.memory_share:
            missed.append(f"{ours.megabytes / peer.megabytes:.2f} of the memory, not {case.memory_share:g}")
    spent = ours.seconds - (startup.seconds if startup and case.beyond_startup else 0)
    if case.seconds and spent > case.seconds:
        missed.append(f"{spent:.1f} s, not {case.seconds:g}")
    used = ours.megabytes - (empty.megabytes if case.above_empty else 0)
    if case.megabytes and used > case.megabytes:
        missed.append(f"{used:.0f} MB, not {case.megabytes:g}")
    return missed


def middle(runs: list[Run]) -> Run:
    """Gives the median of the times and of the peaks."""
    return Run(
        statistics.median(run.seconds for run in runs), statistics.median(run.megabytes for run in runs), runs[-1].found
    )


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers")
    parser.add_argument("inputs", type=Path)
    parser.add_argument("--peers", type=Path, required=True, help="virtual environment of the peers")
    parser.add_argument("--ours", action="append", default=[], metavar="CASE=COMMAND")
    parser.add_argument("--startup", metavar="COMMAND", help="our start-up alone, for what is measured beyond it")
    parser.add_argument("--case", action="append", choices=[case.name for case in CASES])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write every run to this file")
    asked = parser.parse_args(arguments)
    ours = dict(one.split("=", 1) for one in asked.ours)
    if unknown := sorted(ours.keys() - {case.name for case in CASES}):
        parser.error(f"no such case: {', '.join(unknown)}")
    if asked.startup is None and any(case.beyond_startup and case.name in ours for case in CASES):
        parser.error("give --startup: one of these cases is measured beyond it")
    with tempfile.TemporaryDirectory() as scratch:
        empty = middle([measure([sys.executable, "-c", "pass"], Path(scratch)) for _ in range(asked.repeat)])
        startup = None
        if asked.startup:
            startup = middle([measure(shlex.split(asked.startup), Path(scratch)) for _ in range(asked.repeat)])
    load = os.getloadavg()[0]
    lines = [f"empty process: {empty.seconds:.2f} s, {empty.megabytes:.0f} MB; load before: {load:.1f}"]
    lines += ["", "| case | side | seconds | MB | found |", "|---|---|---|---|---|"]
    every: dict[str, dict[str, list[dict[str, object]]]] = {}
    failed = False
    for case in CASES:
        if asked.case and case.name not in asked.case:
            continue
        runs = compare(case, asked.inputs, asked.peers, ours.get(case.name), asked.repeat)
        every[case.name] = {side: [asdict(run) for run in found] for side, found in runs.items()}
        for side, found in runs.items():
            run = middle(found)
            spread = f"{min(r.seconds for r in found):.2f}-{max(r.seconds for r in found):.2f}"
            lines.append(f"| {case.name} | {side} | {run.seconds:.2f} ({spread}) | {run.megabytes:.0f} | {run.found} |")
        if "ours" not in runs:
            lines.append(f"| {case.name} | ours | not measured: no command given | | |")
        for missed in judge(case, runs, empty, startup):
            failed = True
            lines.append(f"| {case.name} | MISSED | {missed} | | |")
    sys.stdout.write("\n".join(lines) + "\n")
    if asked.json:
        asked.json.write_text(json.dumps(every, indent=1), encoding="utf-8")
    return int(failed)


def _real() -> Path:
    stated = os.environ.get("SDG17_REAL")
    return Path(stated) if stated else Path(__file__).resolve().parents[2] / "shared" / "real"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
