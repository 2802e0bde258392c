"""The inputs of the benchmarks: a benchmark over wrong inputs, or a wrong truth, would prove nothing."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest
from python_calamine import CalamineWorkbook

from benchmarks import inputs, sheets

TABLE = pa.table(
    {
        "text & <more>": ["a <b> & c", " spaced ", None, "two\nlines"],
        "day": pa.array([date(2026, 1, 2), None, date(1970, 1, 1), date(2000, 2, 29)], pa.date32()),
        "amount": pa.array([Decimal("12.50"), Decimal("-3.00"), None, Decimal("0.00")], pa.decimal128(12, 2)),
        "count": pa.array([1, 2, 3, None], pa.int64()),
    }
)


def test_a_written_workbook_reads_back_with_its_types(tmp_path: Path) -> None:
    sheets.write(tmp_path / "one.xlsx", TABLE, "Données")
    sheet = openpyxl.load_workbook(tmp_path / "one.xlsx")["Données"]
    found = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert found[0] == TABLE.column_names
    assert [row[0] for row in found[1:]] == ["a <b> & c", " spaced ", None, "two\nlines"]
    assert [row[1] and row[1].date() for row in found[1:]] == [
        date(2026, 1, 2), None, date(1970, 1, 1), date(2000, 2, 29),
    ]  # fmt: skip
    assert [row[2] for row in found[1:]] == [12.5, -3, None, 0]
    assert [row[3] for row in found[1:]] == [1, 2, 3, None]


def test_what_is_typed_in_stands_in_the_cell_instead_of_the_value(tmp_path: Path) -> None:
    typed = {"amount": pa.array([None, "n/a", "12,5", None]), "day": pa.array([None, None, None, "31/02/2020"])}
    sheets.write(tmp_path / "one.xlsx", TABLE, "S", typed)
    sheet = openpyxl.load_workbook(tmp_path / "one.xlsx")["S"]
    assert [sheet[cell].value for cell in ("C2", "C3", "C4", "C5", "B5")] == [12.5, "n/a", "12,5", 0, "31/02/2020"]


def test_rows_stand_where_they_are_told_to(tmp_path: Path) -> None:
    sheets.write(tmp_path / "one.xlsx", TABLE.slice(0, 2), "S", rows=[2, 40_000])
    sheet = openpyxl.load_workbook(tmp_path / "one.xlsx")["S"]
    assert (sheet["A2"].value, sheet["A40000"].value, sheet.max_row) == ("a <b> & c", " spaced ", 40_000)


def test_equal_tables_are_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        sheets.write(tmp_path / name, TABLE)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize(
    ("position", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (701, "ZZ"), (702, "AAA")]
)
def test_columns_have_the_letters_of_excel(position: int, letters: str) -> None:
    assert sheets.column_letters(position) == letters


def test_every_planted_fault_stands_in_its_cell_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "ROWS", 500)
    monkeypatch.setattr(inputs, "ROW_ERRORS", 40)
    inputs.rows(tmp_path)
    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as text:
        lines = list(csv.reader(text))
    with (tmp_path / "rows.truth.csv").open(encoding="utf-8", newline="") as text:
        truth = {(int(row["row"]), row["field"]): row["typed"] for row in csv.DictReader(text)}
    assert len(truth) == 40
    faulty = {typed for _, texts in inputs.ROW_FAULTS.values() for typed in texts}
    found = {
        (number, field): cell
        for number, line in enumerate(lines[1:], start=2)
        for field, cell in zip(lines[0], line, strict=True)
        if field in inputs.ROW_FAULTS and cell in faulty
    }
    assert found == truth


def test_the_grants_with_errors_differ_from_the_grants_in_the_planted_cells_only(
    tmp_path: Path, real: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SDG17_REAL", str(real))
    monkeypatch.setattr(inputs, "GRANTS", 1_600)
    monkeypatch.setattr(inputs, "PLANTED", 80)
    inputs.grants(tmp_path)
    inputs.grants_with_errors(tmp_path)
    right, wrong = (
        CalamineWorkbook.from_path(str(tmp_path / name)).get_sheet_by_name("Grants").to_python()
        for name in ("grants.xlsx", "grants_with_errors.xlsx")
    )
    assert len({row[0] for row in right}) == 1_601, "every grant has an identifier of its own"
    differing = {
        f"{sheets.column_letters(column)}{row}": cell
        for row, (one, other) in enumerate(zip(right, wrong, strict=True), start=1)
        for column, (before, cell) in enumerate(zip(one, other, strict=True))
        if before != cell
    }
    with (tmp_path / "grants_with_errors.truth.csv").open(encoding="utf-8", newline="") as text:
        assert {row["cell"]: row["typed"] for row in csv.DictReader(text)} == differing
    assert len(differing) == 80


def test_activities_keep_one_identifier_each(tmp_path: Path, real: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from xml.etree import ElementTree

    monkeypatch.setenv("SDG17_REAL", str(real))
    monkeypatch.setattr(inputs, "ACTIVITY_COPIES", 2)
    inputs.activities(tmp_path)
    root = ElementTree.parse(tmp_path / "activities.xml").getroot()
    identifiers = [activity.findtext("iati-identifier") for activity in root]
    assert len(identifiers) == len(set(identifiers)) == 2 * 445
