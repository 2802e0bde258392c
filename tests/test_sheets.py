"""Sheets as people make them: several tables, headers over rows, merged and hidden cells, totals below.

Belongs here: where tables are and what belongs to their rows. Does not belong here: types of cells (test_workbook),
files as wholes (test_extract, test_containers).
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import CoveredTableCell, TableCell, TableColumn, TableRow
from odf.table import Table as OdsTable
from odf.text import P

from pipelines.intake import delimited, workbook
from pipelines.intake.model import Extract, Table

HEADER = ["Identifiant du projet", "Type d’opération", "Montant", "Objet"]
LINKS = ["Identifiant du projet", "Cible ODD", "Poids (%)"]


def sheet(
    tmp_path: Path, rows: list[list[Any]], then: Callable[[Any, Any], None] | None = None, **options: Any
) -> Extract:
    path = tmp_path / "report"
    with xlsxwriter.Workbook(path, options) as book:
        written = book.add_worksheet("Saisie")
        for i, row in enumerate(rows):
            written.write_row(i, 0, row)
        if then:
            then(book, written)
    return workbook.read(path, "xlsx")


def text(tmp_path: Path, rows: list[list[Any]]) -> Extract:
    width = max(map(len, rows))
    lines = [";".join([*map(str, row), *[""] * (width - len(row))]) for row in rows]
    path = tmp_path / "report.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return delimited.read(path)


def rules(found: Extract) -> list[tuple[str, str | None]]:
    return [(f.rule_id, f.cell) for f in found.findings]


def cells(table: Table, name: str) -> list[tuple[str, str | None]]:
    data = table.data
    return list(zip(data[f"{name}__cell"].to_pylist(), data[name].to_pylist(), strict=True))


# --- headers over several rows ------------------------------------------------------------------------------------


def test_groups_above_the_headers_are_headings_or_parts_of_them(tmp_path: Path) -> None:
    rows = [
        ["Budget du projet"],
        ["Projet", "", "Montant", "", "Suivi"],
        ["Identifiant", "Compte", "prévu", "réalisé", "Explication"],
        ["P-1", "60", 100, 90, "x"],
        ["P-1", "61", 50, 60, "y"],
    ]
    for found in (sheet(tmp_path, rows), text(tmp_path, rows)):
        (table,) = found.tables
        assert table.kind == "budgets"
        assert [(c.field, c.header) for c in table.columns] == [
            ("project_id", "Identifiant Projet"), ("line_code", "Compte"), ("planned", "Montant prévu"),
            ("actual", "Montant réalisé"), ("explanation", "Explication"),
        ]  # fmt: skip
        assert table.rows == 2
    assert cells(sheet(tmp_path, rows).tables[0], "planned") == [("C4", "100"), ("C5", "50")]


def test_a_header_merged_down_two_rows_has_its_address(tmp_path: Path) -> None:
    def merge(book: Any, written: Any) -> None:
        plain = book.add_format()
        written.merge_range("A1:A2", "Identifiant du projet", plain)
        written.merge_range("B1:B2", "Compte", plain)
        written.merge_range("C1:D1", "Montant", plain)
        written.merge_range("E1:F1", "Divers", plain)

    rows: list[list[Any]] = [[], ["", "", "prévu", "réalisé", "zone", "rang"], ["P-1", "60", 10, 5, "a", "b"]]
    found = sheet(tmp_path, rows, merge)
    (table,) = found.tables
    assert [c.field for c in table.columns] == ["project_id", "line_code", "planned", "actual", None, None]
    # `Divers` groups two columns that nobody knows: both are told by their own cell, under the whole header.
    assert [(f.rule_id, f.cell, f.value) for f in found.findings] == [
        ("read.unknown-column", "E2", "Divers zone"), ("read.unknown-column", "F2", "Divers rang"),
    ]  # fmt: skip


def test_a_row_of_data_below_a_header_stays_a_row(tmp_path: Path) -> None:
    rows = [HEADER, ["P-1", "Décaissement", "douze", "Objet"], ["P-2", "Décaissement", "treize", "Montant"]]
    for found in (sheet(tmp_path, rows), text(tmp_path, rows)):
        assert found.tables[0].data["project_id"].to_pylist() == ["P-1", "P-2"]


def test_three_rows_of_headers(tmp_path: Path) -> None:
    rows = [
        ["Suivi", "", "Financement", ""],
        ["Projet", "", "Montant", ""],
        ["code", "Compte", "prévu", "réalisé"],
        ["P-1", "60", 1, 2],
    ]
    (table,) = sheet(tmp_path, rows).tables
    assert {c.field for c in table.columns} >= {"line_code", "planned", "actual"}
    assert cells(table, "actual") == [("D4", "2")]


# --- several tables on one sheet ----------------------------------------------------------------------------------


def test_tables_under_each_other_are_two_tables(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["Relevé du trimestre"], [],
        HEADER, ["P-1", "2", 10, "a"], [], ["P-2", "3", 20, "b"], [],
        ["Rattachement aux cibles"], [],
        LINKS, ["P-1", "17.17", 60], ["P-1", "17.16", 40], [], [],
        ["Fait à Lyon, le 3 avril 2026, par la direction"],
    ]  # fmt: skip
    for found in (sheet(tmp_path, rows), text(tmp_path, rows)):
        assert [(t.kind, t.rows) for t in found.tables] == [("transactions", 2), ("sdg_links", 2)]
        assert [f.rule_id for f in found.findings] == ["read.note-below"]
        assert "Lyon" in str(found.findings[0].value)
    first, second = sheet(tmp_path, rows).tables
    assert cells(first, "amount") == [("C4", "10"), ("C6", "20")]
    assert cells(second, "weight_pct") == [("C11", "60"), ("C12", "40")]
    assert found.findings[0].cell == "L15C1"


def test_the_larger_table_below_does_not_hide_the_one_above(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        LINKS, ["P-1", "17.17", 100], [],
        [*HEADER, "Date de l’opération", "Devise", "Financeur", "Bénéficiaire"], ["P-1", "2", 10, "a", "", "EUR", "F", "B"],
    ]  # fmt: skip
    found = sheet(tmp_path, rows)
    assert [(t.kind, t.rows) for t in found.tables] == [("sdg_links", 1), ("transactions", 1)]


def test_tables_beside_each_other_are_two_tables_with_their_own_addresses(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        [*HEADER, "", *LINKS],
        ["P-1", "2", 10, "a", "", "P-1", "17.17", 100],
        ["P-2", "2", 20, "b"],
        ["P-3", "2", 30, "c"],
    ]
    found = sheet(tmp_path, rows)
    one, two = found.tables
    assert (one.kind, one.rows, two.kind, two.rows) == ("transactions", 3, "sdg_links", 1)
    assert cells(two, "target_code") == [("G2", "17.17")]
    assert [(c.label, c.position) for c in two.columns] == [("F", 5), ("G", 6), ("H", 7)]
    assert two.data["row_cell"].to_pylist() == ["A2"]
    assert found.findings == ()


def test_blank_rows_and_columns_within_a_table_do_not_part_it(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["Identifiant du projet", "", "Type d’opération", "Montant", "", "Objet", "", "Remarque interne"],
        ["P-1", "", "2", 10, "", "a"], [], [], ["P-2", "", "2", 20, "", "b", "", "à vérifier"],
    ]  # fmt: skip
    found = sheet(tmp_path, rows)
    assert [(t.kind, t.rows) for t in found.tables] == [("transactions", 2)]
    assert rules(found) == [("read.unknown-column", "H1")]
    assert found.tables[0].data["extra"].to_pylist() == [None, '{"Remarque interne": "à vérifier"}']


def test_the_same_headers_on_every_page_are_one_table(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        HEADER, ["P-1", "2", 10, "a"], HEADER, ["P-2", "2", 20, "b"], [],
        ["Page 2 du relevé"], HEADER, ["P-3", "2", 30, "c"],
    ]  # fmt: skip
    found = sheet(tmp_path, rows)
    assert [(t.kind, t.rows) for t in found.tables] == [("transactions", 3)]
    assert cells(found.tables[0], "project_id") == [("A2", "P-1"), ("A4", "P-2"), ("A8", "P-3")]
    assert rules(found) == [("read.header-again", "A3")]


def test_a_sheet_of_another_layout_says_so(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        LINKS, ["P-1", "17.17", 100], [],
        ["nomAttribuant", "nomBeneficiaire", "montant", "objet"], ["Ville", "Les Amis", 12, "Fête"],
    ]  # fmt: skip
    found = sheet(tmp_path, rows)
    assert found.layout == "template"
    assert [(t.kind, t.layout) for t in found.tables] == [
        ("sdg_links", None),
        ("transactions", "scdl"),
        ("projects", "scdl"),
    ]


# --- totals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["Total", "TOTAL", "Total général :", "Somme", "total des opérations 2026", "Totaux"])
def test_a_total_that_is_right_is_no_row(tmp_path: Path, label: str) -> None:
    rows: list[list[Any]] = [HEADER, ["P-1", "2", 10.5, "a"], ["P-2", "2", 20, "b"], [label, "", 30.5]]
    for found in (sheet(tmp_path, rows), text(tmp_path, rows)):
        assert found.tables[0].rows == 2
        assert [(f.rule_id, f.cell, f.value) for f in found.findings] == [
            ("read.total-row", "A4" if found.format == "xlsx" else "L4C1", label)
        ]


def test_a_total_that_is_wrong_is_told_with_what_was_expected(tmp_path: Path) -> None:
    rows: list[list[Any]] = [HEADER, ["P-1", "2", "1 000,50", "a"], ["P-2", "2", 20, "b"], [], ["", "TOTAL", 1020]]
    found = sheet(tmp_path, rows)
    (finding,) = [f for f in found.findings if f.rule_id.startswith("V11")]
    assert (finding.cell, finding.value, finding.expected, finding.args["difference"]) == (
        "C5",
        "1020",
        "1020.5",
        "-0.5",
    )
    assert found.tables[0].rows == 2


def test_sums_of_parts_and_of_the_whole(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        HEADER,
        ["P-1", "2", 10, "a"], ["P-1", "2", 20, "b"], ["Sous-total P-1", "", 30],
        ["P-2", "2", 5, "c"], ["P-2", "2", 6, "d"], ["Sous-total P-2", "", 12],
        ["Total", "", 41],
    ]  # fmt: skip
    found = sheet(tmp_path, rows)
    assert found.tables[0].data["amount"].to_pylist() == ["10", "20", "5", "6"]
    assert [(f.rule_id, f.cell, f.expected) for f in found.findings] == [
        ("read.total-row", "A4", None), ("V11.total-differs", "C7", "11"), ("read.total-row", "A8", None),
    ]  # fmt: skip


def test_a_bare_sum_in_the_last_row_is_a_total_and_another_number_is_not(tmp_path: Path) -> None:
    for last, rows_read in ((30, 2), (31, 3)):
        rows: list[list[Any]] = [HEADER, ["P-1", "2", 10, "a"], ["P-2", "2", 20, "b"], ["", "", last]]
        assert sheet(tmp_path, rows).tables[0].rows == rows_read


def test_a_total_that_cannot_be_checked_is_no_row_either(tmp_path: Path) -> None:
    rows: list[list[Any]] = [HEADER, ["P-1", "2", "1.234", "a"], ["P-2", "2", "20", "b"], ["Total", "", "1254"]]
    found = text(tmp_path, rows)
    assert found.tables[0].rows == 2
    assert rules(found) == [("read.total-not-checked", "L4C1")]


def test_a_company_named_total_is_no_total(tmp_path: Path) -> None:
    header = ["Financeur", "Montant acquis", "Identifiant du projet", "Attendu le"]
    rows: list[list[Any]] = [
        header,
        ["Total", 500, "P-1", "2026-01-01"],
        ["Total", 700],
        ["TotalEnergies", 800],
        ["Fondation X", 100, "P-1"],
    ]
    found = sheet(tmp_path, rows)
    assert found.tables[0].data["provider_name"].to_pylist() == ["Total", "Total", "TotalEnergies", "Fondation X"]
    assert found.findings == ()


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
