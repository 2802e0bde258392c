"""The stages as a whole: the lock, the stamps, and the same inputs giving the same release.

Belongs here: `pipelines/build*.py`, `lock.py`, `stamps.py`. Does not belong here: kills (test_kill.py), the figures of a
release, and Dagster (test_assets.py).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from funds import small_fund, tiny_fund
from pipelines import build, build_account, contract, stamps
from pipelines.build import Step
from pipelines.errors import BusyError, ProjectError
from pipelines.intake import ledger
from pipelines.lock import writing
from pipelines.paths import CHECKOUT, DataRoot


@pytest.fixture(scope="module")
def steps() -> list[Step]:
    return []


@pytest.fixture(scope="module")
def fund(tmp_path_factory: pytest.TempPathFactory, steps: list[Step]) -> DataRoot:
    fund = small_fund(tmp_path_factory.mktemp("fund"))
    build.refresh(fund, progress=steps.append)
    return fund


@pytest.mark.usefixtures("fund")
def test_each_stage_is_told_when_it_begins_and_what_it_did(steps: list[Step]) -> None:
    assert [step.stage for step in steps] == [stage for stage in build.STAGES for _ in range(2)]
    assert all(step.quantities is None for step in steps[::2])
    assert all(step.quantities and step.seconds > 0 for step in steps[1::2])


def test_every_row_is_accounted_for_at_each_stage(fund: DataRoot) -> None:
    kinds = build_account.by_kind(fund)
    files = build_account.by_file(fund)
    assert [tally.name for tally in kinds] == list(contract.reports())
    assert all(tally.adds_up for tally in (*kinds, *files))
    assert build_account.total(kinds).numbers["read"] == build_account.total(files).numbers["read"] > 0
    for tally in kinds:
        for fate in ("accepted", "refused"):
            (rows,) = duckdb.execute(
                "select count(*) from read_parquet(?)", [str(fund.table(fate, tally.name))]
            ).fetchall()
            assert rows == (tally.numbers[fate],), (tally.name, fate)


def test_the_ledger_says_what_became_of_each_report_once(fund: DataRoot) -> None:
    def judged() -> dict[str, dict[str, object]]:
        return {event["submission_id"]: event for event in ledger.events(fund) if event["event"] == "judged"}

    once = judged()
    assert set(once) == {s.submission_id for s in ledger.submissions(fund)}
    read = sum(int(str(event["read"])) for event in once.values())
    assert read == build_account.total(build_account.by_file(fund)).numbers["read"]
    lines = fund.ledger.read_bytes()
    build.judge(fund)
    assert fund.ledger.read_bytes() == lines


def test_the_same_inputs_publish_nothing_new(fund: DataRoot) -> None:
    again = build.refresh(fund)
    assert not again.is_new
    assert build.published_already(fund) == again.name
    assert build.published_already(fund, "another-name") is None


def test_a_report_that_cannot_be_read_touches_no_other(tmp_path: Path) -> None:
    other = tiny_fund(tmp_path)
    build.refresh(other)
    without = build_account.by_file(other)
    (other.inbox / "aube" / "2026-Q1" / "scan.pdf").write_bytes(b"%PDF-1.4 no table at all")
    build.refresh(other)
    found = {tally.name: tally for tally in build_account.by_file(other)}
    scan = found.pop("aube/2026-Q1/scan.pdf")
    assert (scan.numbers["read"], scan.numbers["critical"]) == (0, 1)
    assert tuple(found.values()) == without


def test_submissions_are_attributed_as_their_rows_are(root: DataRoot) -> None:
    (root.inbox / "paid.csv").write_text(
        "Partner;Reported quarter;Project identifier;Transaction type;Transaction date;Amount;Currency\n"
        "Les Relais;2026-Q1;P-1;3;2026-02-01;10;EUR\nLes Relais;2026-Q1;P-1;3;2026-02-02;20;EUR\n"
    )
    (root.reference / "partners.csv").write_text("partner_id,name,language\nrelais,Les Relais,fr\n")
    build.refresh(root)
    (found,) = duckdb.execute(
        "select partner_id, period, position from read_parquet(?)", [str(root.submissions)]
    ).fetchall()
    assert found == ("relais", "2026-Q1", 0)


def test_a_second_process_is_told_who_writes(root: DataRoot) -> None:
    ask = (
        "import sys; from pathlib import Path; from pipelines.lock import writing; from pipelines.paths import DataRoot\n"
        "with writing(DataRoot(Path(sys.argv[1])), 'a notebook'): print('writing', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", ask, str(root.root)],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == "writing\n"
        with pytest.raises(BusyError, match=rf"a notebook, process {other.pid}, since \d{{4}}-"), writing(root, "me"):
            pass
        other.kill()
    with writing(root, "me"), writing(root, "me again"):
        assert json.loads(root.lock.read_text())["what"] == "me"


def test_a_stage_that_failed_has_no_stamp(root: DataRoot) -> None:
    with stamps.stamped(root, "judge", "one"):
        pass
    assert stamps.agreed(root, ["judge"]) == "one"
    with pytest.raises(ZeroDivisionError), stamps.stamped(root, "judge", "two"):
        raise ZeroDivisionError
    with pytest.raises(ProjectError, match="Not built yet: judge"):
        stamps.agreed(root, ["judge"])


def test_tables_of_two_builds_are_never_mixed(root: DataRoot) -> None:
    for name, inputs in (("judge", "one"), ("reference", "two")):
        with stamps.stamped(root, name, inputs):
            pass
    with pytest.raises(ProjectError, match="different inputs: judge, reference"):
        stamps.agreed(root, ["judge", "reference"])


def test_nothing_is_published_of_inputs_that_have_changed_meanwhile(tmp_path: Path) -> None:
    other = tiny_fund(tmp_path)

    def changing(step: Step) -> None:
        if step == Step("core"):
            (other.reference / "endowments.csv").write_text("fund_id,valid_from,amount,currency,source\n")

    with pytest.raises(ProjectError, match="other inputs than there are now"):
        build.refresh(other, progress=changing)
    assert not other.latest.exists()
    assert build.refresh(other).is_new
