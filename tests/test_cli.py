"""The command line: what each command says, and the exit code it ends with.

Belongs here: `pipelines/cli/` and the commands of `assets/__main__.py`. Does not belong here: what a run computes
(test_real.py, test_worked_example.py), and the job in Dagster (test_assets.py).
"""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from assets.__main__ import main
from funds import sdg17, small_fund
from pipelines import __version__, build_account, findings
from pipelines.lock import writing
from pipelines.paths import CHECKOUT, DataRoot

CLEAN = "Project identifier;Project title;Country\nP-1;A well;FR\n"
WRONG = "Project identifier;Transaction type;Transaction date;Amount;Currency\nP-1;3;2026-02-01;à confirmer;EUR\n"


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


def type_in(*arguments: str | Path) -> Said:
    """Types a command, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert isinstance(ended.value.code, int)
    return Said(ended.value.code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def fund(tmp_path_factory: pytest.TempPathFactory) -> DataRoot:
    return small_fund(tmp_path_factory.mktemp("fund"))


@pytest.fixture(scope="module")
def first_run(fund: DataRoot) -> Said:
    return type_in("run", "--data", fund.root)


def test_a_run_says_each_stage_then_files_findings_and_where_everything_is(fund: DataRoot, first_run: Said) -> None:
    assert (first_run.code, first_run.err) == (0, "")
    stages = [line for line in first_run.out.splitlines() if line.endswith(" s")]
    assert [line.split()[0] for line in stages] == [
        "Receiving", "Reading", "Reading", "Judging", "Building", "Checking", "Computing", "Publishing",
    ]  # fmt: skip
    assert "4 files, 4 new" in stages[0]
    release = fund.latest.read_text().strip()
    assert release in stages[-1]
    for path in (fund.release(release), fund.release(release) / "sdg17.duckdb", fund.findings):
        assert str(path) in first_run.out and path.exists()
    tallies = build_account.by_file(fund)
    assert len(tallies) == 4 and all(tally.adds_up for tally in tallies)
    for tally in tallies:
        (line,) = [line for line in first_run.out.splitlines() if line.startswith(f" {tally.name} ")]
        rows = [tally.numbers[name] for name in ("read", "accepted", "refused", "superseded", "duplicate")]
        found = sum(tally.numbers[name] for name in build_account.SEVERITIES)
        assert line.split()[1:] == [str(n) for n in (*rows, found)]
    for rule in build_account.by_rule(fund):
        assert f" {rule.rule_id} " in first_run.out


def test_dagster_keeps_its_words_to_itself(first_run: Said) -> None:
    assert "dagster" not in (first_run.out + first_run.err).lower()


@pytest.mark.usefixtures("first_run")
def test_with_nothing_new_nothing_is_computed_and_nothing_heavy_imported(fund: DataRoot) -> None:
    before = {path: path.stat().st_mtime_ns for path in fund.root.rglob("*") if path.is_file() and path != fund.lock}
    ask = (
        "import sys, assets.__main__ as m\n"
        "try: m.main(['run', '--data', sys.argv[1]])\n"
        "finally: print('heavy:', {'dagster', 'great_expectations', 'pandas', 'sqlglot'} & set(sys.modules))"
    )
    again = subprocess.run(
        [sys.executable, "-c", ask, str(fund.root)], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.startswith("Nothing new") and again.stdout.endswith("heavy: set()\n")
    assert fund.latest.read_text().strip() in again.stdout
    after = {path: path.stat().st_mtime_ns for path in fund.root.rglob("*") if path.is_file() and path != fund.lock}
    assert after == before


@pytest.mark.usefixtures("first_run")
def test_a_release_can_be_named_once(fund: DataRoot) -> None:
    unnamed = fund.latest.read_text()
    assert type_in("run", "--data", fund.root, "--release", "spring").code == 0
    assert fund.latest.read_text() == "spring\n" != unnamed
    assert "Nothing new" in type_in("run", "--data", fund.root, "--release", "spring").out
    (fund.inbox / "brumerive" / "2026-Q2" / "late.csv").write_text(CLEAN)
    refused = type_in("run", "--data", fund.root, "--release", "spring")
    assert refused.code == 1 and "spring already" in refused.err and "Traceback" not in refused.err
    assert fund.latest.read_text() == "spring\n"


def test_a_run_without_reports_says_where_to_put_them(root: DataRoot) -> None:
    said = type_in("run", "--data", root.root)
    assert said.code == 1
    assert "Nothing has been received yet" in said.err and str(root.inbox) in said.err
    assert not root.latest.exists()


def test_a_register_that_cannot_be_read_stops_the_run_with_its_line(tmp_path: Path) -> None:
    fund = small_fund(tmp_path)
    (fund.reference / "calendar.csv").write_text("period,due_on,release_on\n2026-Q9,2026-01-05,2026-01-10\n")
    said = type_in("run", "--data", fund.root)
    assert said.code == 1
    assert "calendar.csv, line 2, column period" in said.err and "Traceback" not in said.err
    assert not fund.latest.exists()


def test_the_second_writer_is_told_who_is_writing(fund: DataRoot) -> None:
    with writing(fund, "sdg17 run"):
        said = sdg17("run", "--data", fund.root)
    assert said.returncode == 1
    assert "Another process is writing" in said.stderr and "sdg17 run, process " in said.stderr


def test_check_of_a_clean_file_ends_with_0(tmp_path: Path) -> None:
    place = tmp_path / "aube" / "2026-Q1"
    place.mkdir(parents=True)
    (place / "projects.csv").write_text(CLEAN)
    said = type_in("check", place / "projects.csv", "--lang", "en")
    assert (said.code, said.err) == (0, "")
    assert "nothing to correct" in said.out and "Projects 1" in said.out
    assert "Only the fund can check" in said.out


def test_check_of_a_file_that_says_nothing_of_its_sender_says_so(tmp_path: Path) -> None:
    (tmp_path / "projects.csv").write_text(CLEAN)
    said = type_in("check", tmp_path / "projects.csv", "--json")
    assert {found["rule_id"] for found in json.loads(said.out)["findings"]} == {
        "V00.sender-missing",
        "V23.period-missing",
    }


def test_check_of_a_wrong_cell_ends_with_1_and_says_where(tmp_path: Path) -> None:
    (tmp_path / "paid.csv").write_text(WRONG)
    said = type_in("check", tmp_path / "paid.csv", "--lang", "fr")
    assert said.code == 1
    assert "1 à corriger" in said.out and "L2C4" in said.out and "« à confirmer »" in said.out


def test_what_is_said_of_many_cells_is_said_once_with_their_places(tmp_path: Path) -> None:
    rows = [f"P-{n};3;2026-02-01;à confirmer;EUR\n" for n in range(30)]
    (tmp_path / "paid.csv").write_text(WRONG.splitlines(keepends=True)[0] + "".join(rows))
    said = type_in("check", tmp_path / "paid.csv", "--lang", "en")
    assert said.out.count("à confirmer") == 1
    assert "30 to correct" in said.out and "L2C4, L3C4," in said.out and "and 18 more" in said.out


@pytest.mark.parametrize(
    ("name", "content"), [("empty.csv", b""), ("scan.pdf", b"%PDF-1.4"), ("mail.csv", b"Dear all\nsee attached\n")]
)
def test_check_of_an_unreadable_file_ends_with_2_and_one_finding(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    said = type_in("check", tmp_path / name, "--json")
    assert said.code == 2
    assert len(json.loads(said.out)["findings"]) == 1


def test_check_of_no_file_ends_with_2(tmp_path: Path) -> None:
    said = type_in("check", tmp_path / "nothing.xlsx")
    assert said.code == 2 and "There is no file" in said.err


@pytest.mark.usefixtures("first_run")
def test_check_finds_what_the_fund_finds(fund: DataRoot) -> None:
    import duckdb

    columns = list(findings.COLUMNS)
    for path in sorted(fund.inbox.rglob("*.xlsx")):
        said = type_in("check", path, "--data", fund.root, "--json")
        alone = json.loads(said.out)
        assert alone["file"] == str(path) and all(list(found) == columns for found in alone["findings"])
        together = duckdb.execute(
            f"select {', '.join(columns)} from read_parquet(?) where source_file = ? and scope <> 'fund'",
            [str(fund.findings), path.relative_to(fund.inbox).as_posix()],
        ).fetchall()
        mine = [tuple(found.values()) for found in alone["findings"]]
        assert sorted(mine, key=str) == sorted(together, key=str), path
        assert said.code == (1 if any(found[columns.index("severity")] != "info" for found in together) else 0)


@pytest.mark.usefixtures("first_run")
def test_status_says_who_is_late(fund: DataRoot) -> None:
    found = build_account.reporting(fund, date(2026, 12, 31), 3)
    assert found.periods == ("2026-Q3", "2026-Q2", "2026-Q1")
    states = {(of.partner_id, of.period): of.state for of in found.standings}
    assert states["brumerive", "2026-Q3"] == "missing"
    assert states["brumerive", "2026-Q1"] in ("on_time", "late")
    said = type_in("status", "--data", fund.root, "--quarters", "40")
    assert said.code == 0
    assert "2026-Q1  due 2026-04-05, release 2026-04-10: 2 on time" in said.out


def test_status_before_the_first_run_goes_by_the_folders(tmp_path: Path) -> None:
    fund = small_fund(tmp_path)
    said = type_in("status", "--data", fund.root, "--quarters", "40")
    assert said.code == 0 and "2026-Q1" in said.out and "2 missing" in said.out


def test_explain_says_a_rule_in_both_languages(root: DataRoot) -> None:
    english, french = (
        type_in("explain", "V01.not-a-number", "--lang", lang, "--data", root.root) for lang in ("en", "fr")
    )
    assert english.code == french.code == 0
    assert "critical" in english.out and "cannot be read as a number" in english.out and "{" not in english.out
    assert "ne se lit pas comme un nombre" in french.out


@pytest.mark.usefixtures("first_run")
def test_explain_shows_where_the_last_run_found_it(fund: DataRoot) -> None:
    rule = build_account.by_rule(fund)[0]
    said = type_in("explain", rule.rule_id, "--data", fund.root)
    assert f"Found {rule.findings} times" in said.out and ".xlsx" in said.out


def test_explain_of_no_rule_names_those_near_it() -> None:
    said = type_in("explain", "V01.not-number")
    assert said.code == 1 and "V01.not-a-number" in said.err


def test_the_version_and_the_help_are_quick_and_plain() -> None:
    assert type_in("--version").out == f"sdg17 {__version__}\n"
    said = type_in("--help")
    for command in ("check", "demo", "explain", "run", "serve", "status"):
        assert f"\n  {command} " in said.out


def test_an_unknown_command_is_refused_without_a_traceback() -> None:
    said = sdg17("rnu")
    assert said.returncode == 2 and "No such command" in said.stderr and "Traceback" not in said.stderr


def test_demo_writes_a_fund_that_can_be_run(tmp_path: Path) -> None:
    said = type_in("demo", "--partners", "2", "--quarters", "1", "--seed", "3", "--out", tmp_path / "new")
    assert said.code == 0 and f"sdg17 run --data {tmp_path / 'new'}" in said.out.replace("\n", "")
    assert (tmp_path / "new" / "reference" / "partners.csv").is_file()


def test_the_variable_says_where_the_fund_is(tmp_path: Path) -> None:
    said = sdg17("run", SDG17_DATA=str(tmp_path / "elsewhere"))
    assert said.returncode == 1 and str(tmp_path / "elsewhere" / "inbox") in said.stderr
