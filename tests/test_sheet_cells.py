"""Cells as people make them: merged, hidden, formatted, in workbooks of every form.

Belongs here: what a cell shows beside what it keeps. Does not belong here: where tables are (test_sheets).
"""

from __future__ import annotations

import datetime as dt
import struct
from pathlib import Path
from typing import Any

import xlsxwriter
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import CoveredTableCell, TableCell, TableColumn, TableRow
from odf.table import Table as OdsTable
from odf.text import P

from made_sheets import HEADER, LINKS, cells, rules, sheet
from pipelines.intake import workbook

# --- merged and hidden cells --------------------------------------------------------------------------------------


def test_merged_words_hold_for_each_row_and_merged_amounts_for_the_first(tmp_path: Path) -> None:
    def merge(book: Any, written: Any) -> None:
        written.merge_range("A2:A4", "P-1", book.add_format())
        written.merge_range("C2:C3", 100, book.add_format())
        written.merge_range("A5:B5", "P-2", book.add_format())

    rows: list[list[Any]] = [HEADER, ["", "2", "", "a"], ["", "3", "", "b"], ["", "4", 7, "c"], ["", "", 8, "d"]]
    found = sheet(tmp_path, rows, merge)
    (table,) = found.tables
    assert cells(table, "project_id") == [("A2", "P-1"), ("A2", "P-1"), ("A2", "P-1"), ("A5", "P-2")]
    assert cells(table, "amount") == [("C2", "100"), ("C3", None), ("C4", "7"), ("C5", "8")]
    assert [(f.rule_id, f.cell, f.value) for f in found.findings] == [
        ("read.merged-cells", "A2", "A2:A4, A5:B5"), ("read.merged-amounts", "C2", "C2:C3"),
    ]  # fmt: skip


def test_hidden_rows_and_columns_are_read_and_named(tmp_path: Path) -> None:
    def hide(_: Any, written: Any) -> None:
        written.set_row(2, None, None, {"hidden": True})
        written.set_row(3, None, None, {"hidden": True})
        written.set_row(40, None, None, {"hidden": True})
        written.set_column("C:D", None, None, {"hidden": True})
        written.set_column("H:XFD", None, None, {"hidden": True})

    rows: list[list[Any]] = [HEADER, *[[f"P-{i}", "2", i, "a"] for i in range(4)]]
    found = sheet(tmp_path, rows, hide)
    assert found.tables[0].data["amount"].to_pylist() == ["0", "1", "2", "3"]
    assert [(f.rule_id, f.cell, f.value, f.args) for f in found.findings] == [
        ("V25.hidden-rows", "A3", "3–4", {"rows": "2"}), ("V25.hidden-columns", "C1", "C–D", {"columns": "2"}),
    ]  # fmt: skip


# --- what a cell shows and what it keeps ------------------------------------------------------------------------


def test_a_percentage_is_what_the_cell_shows(tmp_path: Path) -> None:
    def fill(book: Any, written: Any) -> None:
        written.write(1, 2, 0.5, book.add_format({"num_format": "0%"}))
        written.write(2, 2, 0.125, book.add_format({"num_format": "0.0\\ %"}))
        written.write(3, 2, 1 / 3, book.add_format({"num_format": "0.00%"}))
        written.write(4, 2, 25)
        written.write(5, 2, "10 %")

    rows: list[list[Any]] = [LINKS, *[["P-1", f"17.{i}"] for i in range(1, 6)]]
    (table,) = sheet(tmp_path, rows, fill).tables
    assert table.data["weight_pct"].to_pylist() == ["50", "12.5", "33.3333333333333", "25", "10 %"]
    assert table.data["weight_pct__type"].to_pylist() == ["n", "n", "n", "n", "s"]


def test_bare_days_are_counted_from_the_epoch_of_their_workbook(tmp_path: Path) -> None:
    header = [*HEADER, "Date de l’opération"]
    for from_1904 in (False, True):

        def fill(book: Any, written: Any) -> None:
            written.write_datetime(1, 4, dt.date(2026, 3, 4), book.add_format({"num_format": "dd/mm/yyyy"}))

        day = (dt.date(2026, 3, 5) - (dt.date(1904, 1, 1) if from_1904 else dt.date(1899, 12, 30))).days
        rows: list[list[Any]] = [header, ["P-1", "2", 1, "a"], ["P-2", "2", 1, "b", day]]
        found = sheet(tmp_path, rows, fill, date_1904=from_1904)
        assert cells(found.tables[0], "transaction_date") == [("E2", "2026-03-04"), ("E3", "46086")]
        assert rules(found) == ([("V25.days-of-1904", "E3")] if from_1904 else [])


def test_numbers_kept_as_text_among_numbers_are_told_once(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        HEADER,
        *[[f"P-{i}", "2", i, "a"] for i in range(5)],
        ["P-6", "2", "1234", "x"],
        ["P-7", "2", "12 k€", "x"],
    ]
    found = sheet(tmp_path, rows)
    assert [(f.rule_id, f.cell, f.value, f.args) for f in found.findings] == [
        ("V25.number-as-text", "C7", "1234", {"cells": "1"})
    ]


def test_a_renamed_sheet_of_the_template_is_told(tmp_path: Path) -> None:
    path = tmp_path / "report"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Cibles des ODD").write_row(0, 0, LINKS)
        book.get_worksheet_by_name("Cibles des ODD").write_row(1, 0, ["P-1", "17.17", 100])
        book.add_worksheet("Feuil2").write_row(0, 0, HEADER)
        book.get_worksheet_by_name("Feuil2").write_row(1, 0, ["P-1", "2", 100, "x"])
    found = workbook.read(path, "xlsx")
    assert [(f.rule_id, f.sheet, f.expected) for f in found.findings] == [
        ("V25.renamed-sheet", "Feuil2", "transactions")
    ]


# --- the same in the other formats of workbooks -------------------------------------------------------------------


def test_an_open_document_tells_what_is_hidden_merged_and_a_percentage(tmp_path: Path) -> None:
    def cell(text: Any = None, **kind: Any) -> TableCell:
        made = TableCell(**kind) if kind else TableCell(valuetype="string")
        if text is not None:
            made.addElement(P(text=text))
        return made

    table = OdsTable(name="Cibles")
    merged = cell("P-1", valuetype="string", numberrowsspanned=2, numbercolumnsspanned=1)
    table.addElement(TableColumn(numbercolumnsrepeated=2))
    table.addElement(TableColumn(visibility="collapse"))
    lines: list[tuple[dict[str, Any], list[Any]]] = [
        ({}, [cell(x) for x in LINKS]),
        ({}, [merged, cell("17.17"), cell(valuetype="percentage", value="0.6")]),
        ({"visibility": "filter"}, [CoveredTableCell(), cell("17.16"), cell(valuetype="float", value="40")]),
        ({"numberrowsrepeated": 1_048_573, "visibility": "collapse"}, [TableCell(numbercolumnsrepeated=3)]),
    ]  # fmt: skip
    for about, made in lines:
        row = TableRow(**about)
        for each in made:
            row.addElement(each)
        table.addElement(row)
    document = OpenDocumentSpreadsheet()
    document.spreadsheet.addElement(table)
    document.save(tmp_path / "report.ods")
    found = workbook.read(tmp_path / "report.ods", "ods")
    assert cells(found.tables[0], "project_id") == [("A2", "P-1"), ("A2", "P-1")]
    assert cells(found.tables[0], "weight_pct") == [("C2", "60"), ("C3", "40")]
    assert sorted((f.rule_id, f.cell, f.value) for f in found.findings) == [
        ("V25.hidden-columns", "C1", "C"), ("V25.hidden-rows", "A3", "3"), ("read.merged-cells", "A2", "A2:A3"),
    ]  # fmt: skip


def test_an_old_workbook_tells_what_is_hidden(tmp_path: Path, real: Path) -> None:
    """The real one hides nothing: the bits that hide its rows 11 and 12, and its first columns, are set by hand."""
    raw = bytearray(next((real / "scdl").glob("DEP_Deux*.xls")).read_bytes())
    for row in (10, 11):
        at = raw.index(struct.pack("<HHH", 0x208, 16, row))
        raw[at + 4 + 12] |= 0x20
    at = raw.index(struct.pack("<HH", 0x7D, 12))
    first, last = struct.unpack_from("<2H", raw, at + 4)
    raw[at + 4 + 8] |= 1
    (tmp_path / "report.xls").write_bytes(raw)
    found = workbook.read(tmp_path / "report.xls", "xls")
    assert found.tables[0].rows == 467
    hidden = {f.rule_id: f for f in found.findings if f.rule_id.startswith("V25.hidden")}
    assert hidden["V25.hidden-rows"].value == "11–12"
    assert hidden["V25.hidden-columns"].args == {"columns": str(last - first + 1)}
