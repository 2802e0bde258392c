"""Fifty odd workbooks with mistakes in known cells: all of them are found, each where it stands, and nothing else is.

Belongs here: precision and recall of reading and judging together, as the fund does it. Does not belong here: what a rule says
(test_examples), each oddity of a sheet by itself (test_sheets).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines import reference
from pipelines.attribution import Source
from pipelines.contract import registers, reports
from pipelines.intake.extract import extract
from pipelines.judging import Fund, Judgement, judge_sources
from pipelines.paths import CHECKOUT, DataRoot
from planted import Workbook, workbooks
from planted_rows import MISTAKES

COUNT, SEED = 50, 17
TOTALS = {"read.total-row", "read.total-not-checked", "V11.total-differs"}
FORM = TOTALS | {"V25.hidden-rows", "V25.hidden-columns", "read.unknown-column", "read.note-below"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workbook, ...]:
    return tuple(workbooks(tmp_path_factory.mktemp("planted"), COUNT, SEED))


@pytest.fixture(scope="module")
def judged(made: tuple[Workbook, ...]) -> Judgement:
    root = DataRoot(made[0].path.parents[2] / "data")
    root.root.mkdir()
    (root.root / "reference").symlink_to(CHECKOUT / "data" / "reference")
    reference.registers(root)
    given = {name: pq.read_table(root.table("reference", name)) for name in registers() if name != "partners"}
    sources = [
        Source(f"S-{n}", book.file, hashlib.sha256(book.path.read_bytes()).hexdigest(), book.file.split("/")[0],
               "2026-Q1", n, extract(book.path, book.file))
        for n, book in enumerate(made)
    ]  # fmt: skip
    return judge_sources(sources, given, fund=Fund({s.submission_id: date(2026, 4, 2) for s in sources}))


def test_the_workbooks_are_odd_and_the_same_on_every_run(made: tuple[Workbook, ...], tmp_path: Path) -> None:
    again = tuple(workbooks(tmp_path, COUNT, SEED))
    assert [(b.file, b.planted, b.notices, b.rows) for b in again] == [
        (b.file, b.planted, b.notices, b.rows) for b in made
    ]
    assert {kind for book in made for _, kind in book.rows} == set(reports())
    assert {p.rule for book in made for p in book.planted} == {m.rule for m in MISTAKES}
    seen = Counter(n.rule for book in made for n in book.notices)
    assert min(seen[rule] for rule in FORM - TOTALS | {"total"}) >= 5, seen
    assert sum(len({sheet for sheet, _ in book.rows}) > 1 for book in made) > 20
    assert sum(len(book.rows) > len({sheet for sheet, _ in book.rows}) for book in made) > 10


def test_every_planted_mistake_is_found_in_its_cell_and_nothing_else_is(
    made: tuple[Workbook, ...], judged: Judgement
) -> None:
    planted = Counter((p.file, p.sheet, p.cell, p.rule) for book in made for p in book.planted)
    found = Counter(
        (f["source_file"], f["sheet"], f["cell"], f["rule_id"])
        for f in judged.findings.to_pylist()
        if f["severity"] in ("critical", "warning") and f["scope"] in ("cell", "row")
    )
    missed, too_many = planted - found, found - planted
    assert (sorted(missed), sorted(too_many, key=str)) == ([], [])
    assert len(planted) > 150


def test_the_form_of_the_sheets_is_told_and_no_other(made: tuple[Workbook, ...], judged: Judgement) -> None:
    told = {
        (f["source_file"], f["sheet"], "total" if f["rule_id"] in TOTALS else f["rule_id"])
        for f in judged.findings.to_pylist()
        if f["rule_id"] in FORM
    }
    assert told == {(n.file, n.sheet, n.rule) for book in made for n in book.notices}


def test_no_row_is_lost_and_no_row_is_made(made: tuple[Workbook, ...], judged: Judgement) -> None:
    read: Counter[tuple[str, str, str]] = Counter()
    for count in judged.counts.to_pylist():
        read[count["source_file"], count["source_sheet"], count["kind"]] += count["read"]
    assert read == Counter({(b.file, sheet, kind): rows for b in made for (sheet, kind), rows in b.rows.items()})


def test_a_mistake_refuses_a_row_only_where_it_takes_its_point_away(
    made: tuple[Workbook, ...], judged: Judgement
) -> None:
    lost = Counter((b.file, p.sheet) for b in made for p in b.planted if not p.kept)
    refused: Counter[tuple[str, str]] = Counter()
    for count in judged.counts.to_pylist():
        refused[count["source_file"], count["source_sheet"]] += count["refused"]
        assert count["superseded"] == count["duplicate"] == 0
    assert +refused == lost
