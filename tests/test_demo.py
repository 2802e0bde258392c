"""The fictional fund: repeatable to the byte, right where it is not meant to be wrong, and wrong where it says so."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zipfile
from collections import defaultdict
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest

from pipelines import findings, reference
from pipelines.attribution import Source
from pipelines.contract import code_list, registers, reports
from pipelines.demo import Summary, generate
from pipelines.demo_mistakes import CATALOGUE
from pipelines.demo_reports import Planted
from pipelines.demo_tables import tables
from pipelines.demo_world import WAVES, imagine
from pipelines.errors import ProjectError
from pipelines.intake.extract import extract
from pipelines.judging import Fund, Judgement, judge_sources
from pipelines.paths import CHECKOUT, DataRoot

OWN_REGISTERS = ("partners", "organisations", "organisation_alias", "endowments", "calendar")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    """The demo that is versioned with the project, written anew."""
    return generate(8, 6, 17, tmp_path_factory.mktemp("small"))


def test_the_same_seed_gives_the_same_bytes(small: Summary, tmp_path: Path) -> None:
    again = generate(8, 6, 17, tmp_path)
    assert _bytes(tmp_path) == _bytes(small.out)
    assert again.planted == small.planted


def test_no_file_tells_when_it_was_written(small: Summary) -> None:
    for path in small.out.rglob("*.xlsx"):
        with zipfile.ZipFile(path) as book:
            assert {member.date_time for member in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            assert b"2026-07-01T00:00:00Z" in book.read("docProps/core.xml")


def test_another_seed_gives_another_fund(small: Summary, tmp_path: Path) -> None:
    generate(8, 4, 18, tmp_path)
    assert _bytes(tmp_path / "inbox") != _bytes(small.out / "inbox")


def test_the_versioned_demo_is_what_the_code_writes(small: Summary) -> None:
    """Members of a workbook are compared unpacked: how they are packed is up to the machine's zlib."""
    versioned = CHECKOUT / "data"
    assert _contents(versioned / "inbox") == _contents(small.out / "inbox")
    for name in OWN_REGISTERS:
        path = Path("reference") / f"{name}.csv"
        assert (versioned / path).read_bytes() == (small.out / path).read_bytes()


def test_the_versioned_demo_is_small() -> None:
    sizes = [p.stat().st_size for p in (CHECKOUT / "data" / "inbox").rglob("*") if p.is_file()]
    assert 50 <= len(sizes) <= 70
    assert sum(sizes) < 900_000


def test_a_demo_never_mixes_with_reports_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "report.csv").write_text("mine")
    with pytest.raises(ProjectError, match="holds files already"):
        generate(8, 6, 17, tmp_path)
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["report.csv"]


@pytest.mark.parametrize(("partners", "quarters"), [(1, 4), (8, 0)])
def test_a_fund_needs_partners_and_quarters(partners: int, quarters: int, tmp_path: Path) -> None:
    with pytest.raises(ProjectError):
        generate(partners, quarters, 17, tmp_path)


@pytest.mark.parametrize(("partners", "quarters"), [(2, 1), (9, 7), (60, 2)])
def test_funds_of_any_size_are_written(partners: int, quarters: int, tmp_path: Path) -> None:
    told = generate(partners, quarters, 3, tmp_path)
    assert {s.file for s in told.sent} == {
        p.relative_to(tmp_path / "inbox").as_posix() for p in (tmp_path / "inbox").rglob("*") if p.is_file()
    } - {"receipts.csv"}
    assert told.quarters[-1] == "2026-Q2"
    assert len(told.quarters) == quarters


def test_every_file_has_a_receipt_and_lateness_is_in_the_receipts(small: Summary) -> None:
    root = DataRoot(small.out)
    with root.receipts.open(encoding="utf-8", newline="") as text:
        received = {row["file"]: row["received_at"] for row in csv.DictReader(text)}
    assert set(received) == {s.file for s in small.sent}
    with (root.reference / "calendar.csv").open(encoding="utf-8", newline="") as text:
        due = {row["period"]: row["due_on"] for row in csv.DictReader(text)}
    first: dict[tuple[str, str], str] = {}
    for one in small.sent:
        key = one.partner_id, one.period
        first[key] = min(received[one.file][:10], first.get(key, "9999"))
    assert {key for key, day in first.items() if day > due[key[1]]} == set(small.late) != set()
    assert set(small.missing).isdisjoint(first)
    assert len(small.missing) == 1
    assert [len([s for s in small.sent if (s.partner_id, s.period) == key]) for key in small.restated] == [2]


def test_the_share_of_mistakes_is_as_stated(small: Summary, tmp_path: Path) -> None:
    rows = sum(table.num_rows for table in tables(imagine(8, 6, 17)).values())
    assert sum(p.field != "" for p in small.planted) == round(0.02 * rows)
    assert {p.rule_id for p in generate(8, 6, 17, tmp_path, mistakes=0).planted} == {"V25.encoding"}


def test_the_small_demo_has_every_mistake(small: Summary) -> None:
    assert {p.rule_id for p in small.planted} == {m.rule_id for m in CATALOGUE} | {"V25.encoding"}


def test_mistakes_stand_where_the_summary_says(tmp_path: Path) -> None:
    told = generate(60, 4, 17, tmp_path, mistakes=0.05)
    assert {Path(p.file).suffix for p in told.planted} == {".xlsx", ".csv", ".xml"}
    for planted in told.planted:
        assert not planted.field or _typed_at(tmp_path / "inbox", planted) == planted.typed


def test_the_pipeline_finds_every_mistake_at_its_cell_and_no_other(small: Summary) -> None:
    """What is typed kindly is understood, what is typed wrong is found where it stands, and all else is clean."""
    judged = _judged(small.out)
    known = set(findings.catalogue())
    planted = {(p.file, p.sheet, p.cell, p.rule_id) for p in small.planted if p.rule_id in known}
    found = {
        (f["source_file"], f["sheet"] or "", f["cell"] or "", f["rule_id"])
        for f in judged.findings.to_pylist()
        # Of what is only noted, what was planted; late reports are late by the receipts, and told below.
        if (f["severity"] != "info" or f["rule_id"] in {p.rule_id for p in small.planted})
        and f["rule_id"] != "V23.late-report"
    }
    assert found == planted
    assert {p.rule_id for p in small.planted} - known <= {None}


def test_late_reports_are_the_only_other_thing_that_is_found(small: Summary) -> None:
    late = [f for f in _judged(small.out).findings.to_pylist() if f["rule_id"] == "V23.late-report"]
    assert sorted((f["partner_id"], f["period"]) for f in late) == list(small.late)


def test_the_small_demo_covers_every_kind(small: Summary) -> None:
    """Workbooks alone bring every kind; publications bring those that their format has."""
    accepted = {kind: rows.num_rows for kind, rows in _judged(small.out).accepted.items()}
    assert set(accepted) == set(reports()) == set(small.rows)
    assert min(accepted.values()) > 10
    counts = _judged(small.out).counts.to_pylist()
    published = {c["kind"] for c in counts if c["source_file"].endswith(".xml") and c["accepted"]}
    assert published == {"projects", "sdg_links", "transactions", "alliances", "budgets", "observations"}


def test_one_baseline_is_zero_and_all_are_what_the_engagements_say(small: Summary) -> None:
    judged = _judged(small.out)
    stated = {(r["project_id"], r["lever"]): r["engagement_count"] for r in judged.accepted["baselines"].to_pylist()}
    there: dict[tuple[str, str], int] = defaultdict(int)
    for row in judged.accepted["engagements"].to_pylist():
        there[row["project_id"], row["lever"]] += bool(row["is_baseline"])
    assert [key[1] for key, count in stated.items() if count == 0] == ["financial"]
    assert {key: there[key] for key in stated} == stated
    new = [r for r in judged.accepted["engagements"].to_pylist() if not r["is_baseline"]]
    [nought] = [key for key, count in stated.items() if count == 0]
    assert any((r["project_id"], r["lever"]) == nought for r in new)


def test_waves_are_those_of_the_register() -> None:
    rows = _register(CHECKOUT / "data", "waves")
    assert [(r["wave_id"], r["committee_on"]) for r in rows] == [(w, f"{day}") for w, day in WAVES]


def test_all_rows_of_the_demo_are_accounted_for(small: Summary) -> None:
    judged = _judged(small.out)
    counts = judged.counts.to_pylist()
    for kind, rows in small.rows.items():
        own = [c for c in counts if c["kind"] == kind and not c["source_file"].endswith(".xml")]
        assert sum(c["read"] for c in own) == rows
    unread = [
        p for p in small.planted if p.rule_id in ("V01.not-a-number", "V01.ambiguous") and p.kind == "transactions"
    ]
    assert sum(c["refused"] for c in counts if c["kind"] == "transactions") == len(unread) > 0
    assert sum(c["superseded"] for c in counts) > 0
    assert sum(c["duplicate"] for c in counts) > 0


def test_registers_have_the_columns_of_their_contracts(small: Summary) -> None:
    for name in (*OWN_REGISTERS, "sdg_targets", "territories", "fixed_parities"):
        rows = _register(small.out, name)
        assert rows, name
        assert list(rows[0]) == [f for f in registers()[name].fields if f in rows[0]]
        for field in registers()[name].fields.values():
            if field.required:
                assert all(row[field.name] for row in rows), (name, field.name)
            if field.codes:
                known = {c.code for c in code_list(field.codes).codes} | {""}
                assert {row.get(field.name, "") for row in rows} <= known, (name, field.name)


def test_every_goal_and_target_has_a_label_in_both_languages() -> None:
    rows = _register(CHECKOUT / "data", "sdg_targets")
    goals = [r for r in rows if "." not in r["target_code"]]
    assert [r["target_code"] for r in goals] == [str(n) for n in range(1, 18)]
    assert len(rows) - len(goals) == 169
    assert all(r["goal_code"] == r["target_code"].split(".")[0] for r in rows)
    for language in ("label_en", "label_fr"):
        labels = [r[language] for r in rows]
        assert len(set(labels)) == len(labels)
        assert all(2 < len(label.split()) < 10 for label in labels)
    seventeen = {r["target_code"]: r["scope"] for r in rows if r["target_code"].startswith("17.")}
    assert "".join(seventeen[f"17.{n}"] for n in range(1, 20)) == "MDDDDMDDDUDDUUMMUDM"


def test_every_territory_has_a_parent_that_is_there() -> None:
    rows = _register(CHECKOUT / "data", "territories")
    codes = {r["territory_code"] for r in rows}
    assert {r["parent_code"] for r in rows} - codes == {""}
    assert [r["territory_code"] for r in rows if not r["parent_code"]] == ["WORLD"]
    assert sum(r["level"] == "region" for r in rows) == 18


def test_two_sources_of_the_endowment_disagree(small: Summary) -> None:
    rows = _register(small.out, "endowments")
    assert len({r["source"] for r in rows}) == 2
    assert len({r["amount"] for r in rows}) == 2


@cache
def _judged(out: Path) -> Judgement:
    """Reads and judges a whole demo, as the fund would on the day after its last receipt."""
    root = DataRoot(out)
    reference.registers(root)
    registers_read = {name: pq.read_table(root.table("reference", name)) for name in registers()}
    with root.receipts.open(encoding="utf-8", newline="") as text:
        received = sorted((row["received_at"], row["file"]) for row in csv.DictReader(text))
    sources, came = [], {}
    for order, (at, file) in enumerate(received):
        path = root.inbox / file
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        partner, period, _ = file.split("/")
        sources.append(Source(f"S-{order}", file, digest, partner, period, order, extract(path, file)))
        came[f"S-{order}"] = datetime.fromisoformat(at).astimezone(ZoneInfo("Europe/Paris")).date()
    return judge_sources(sources, registers_read, fund=Fund(came))


def _register(data: Path, name: str) -> list[dict[str, str]]:
    [path] = (data / "reference").glob(f"{name}.csv*")
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _bytes(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def _contents(folder: Path) -> dict[str, bytes]:
    contents: dict[str, bytes] = {}
    for name, raw in _bytes(folder).items():
        if name.endswith(".xlsx"):
            with zipfile.ZipFile(io.BytesIO(raw)) as book:
                contents |= {f"{name}!{member}": book.read(member) for member in book.namelist()}
        else:
            contents[name] = raw
    return contents


def _typed_at(inbox: Path, planted: Planted) -> str | None:
    path = inbox / planted.file
    if path.suffix == ".xlsx":
        import openpyxl

        value = openpyxl.load_workbook(path)[planted.sheet][planted.cell].value
        return None if value is None else str(value)
    line = path.read_bytes().splitlines()[int(planted.cell.split()[0].split("C")[0][1:]) - 1]
    if path.suffix == ".csv":
        head = path.read_bytes().splitlines()[0].decode("cp1252")
        text = line.decode("cp1252" if b"\xe9" in path.read_bytes() else "utf-8")
        cells = next(csv.reader([text], delimiter=max(";,", key=head.count)))
        return cells[int(planted.cell.split("C")[1]) - 1] or None
    assert planted.typed is not None
    return planted.typed if planted.typed in line.decode() else line.decode()
