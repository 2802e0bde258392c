"""Workbooks: typed cells, exact addresses, the sheets of our template, and sheets that are not as they seem.

Belongs here: what is special to workbooks. Does not belong here: files that are none (test_extract).
"""

from __future__ import annotations

import datetime as dt
import resource
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table as OdsTable
from odf.table import TableCell, TableRow
from odf.text import P

from pipelines.intake.model import Extract
from pipelines.intake.workbook import read

HEADER = ["Identifiant du projet", "Type d’opération", "Montant", "Date de l’opération", "Objet"]


def workbook(tmp_path: Path, fill: Callable[[xlsxwriter.Workbook], None]) -> Path:
    path = tmp_path / "report"
    with xlsxwriter.Workbook(path, {"strings_to_urls": False}) as book:
        fill(book)
    return path


def sheet(tmp_path: Path, rows: list[list[Any]], name: str = "Feuil1") -> Extract:
    def fill(book: xlsxwriter.Workbook) -> None:
        written = book.add_worksheet(name)
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for i, row in enumerate(rows):
            for j, value in enumerate(row):
                if isinstance(value, dt.date | dt.datetime):
                    written.write_datetime(i, j, value, day)
                else:
                    written.write(i, j, value)

    return read(workbook(tmp_path, fill), "xlsx")


def rules(found: Extract) -> list[str]:
    return [finding.rule_id for finding in found.findings]


def test_cells_are_canonical_text_with_a_letter_of_what_they_were(tmp_path: Path) -> None:
    amounts: list[Any] = [
        12500,
        1234.5,
        0.1 + 0.2,
        32365.280000000002,
        1e15,
        0.00001,
        -3,
        "1 234,50 €",
        True,
        22460001500511.0,
    ]
    found = sheet(tmp_path, [HEADER, *[["P", "2", amount, "x", None] for amount in amounts]])
    data = found.tables[0].data
    assert data["amount"].to_pylist() == [
        "12500", "1234.5", "0.3", "32365.28", "1000000000000000", "0.00001", "-3", "1 234,50 €", "true", "22460001500511",
    ]  # fmt: skip
    assert "".join(data["amount__type"].to_pylist()) == "nnnnnnnsbn"
    assert set(data["project_id__type"].to_pylist()) == {"s"}


def test_days_are_iso_whatever_their_format_and_epoch(tmp_path: Path) -> None:
    for epoch in (False, True):
        path = tmp_path / f"report{epoch}"
        with xlsxwriter.Workbook(path, {"date_1904": epoch}) as book:
            written = book.add_worksheet()
            written.write_row(0, 0, HEADER)
            written.write_row(1, 0, ["P", "2", 5])
            moment = dt.datetime(2026, 3, 4, 17, 30)  # noqa: DTZ001 - a sheet knows no zone
            written.write_datetime(1, 3, moment, book.add_format({"num_format": "d mmm yy hh:mm"}))
        data = read(path, "xlsx").tables[0].data
        assert (data["transaction_date"][0].as_py(), data["transaction_date__type"][0].as_py()) == ("2026-03-04", "d")


def test_error_cells_are_errors_and_not_blank(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        written = book.add_worksheet()
        written.write_row("C5", HEADER)
        written.write_row("C6", ["P-1", "2"])
        written.write_formula("E6", "=1/0", None, "#DIV/0!")
        written.write_row("C7", ["P-2", "2", "#N/A"])

    data = read(workbook(tmp_path, fill), "xlsx").tables[0].data
    assert data["amount"].to_pylist() == ["#DIV/0!", "#N/A"]
    assert data["amount__type"].to_pylist() == ["e", "e"]
    assert data["amount__cell"].to_pylist() == ["E6", "E7"]


def test_addresses_hold_where_the_used_area_starts_elsewhere(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        written = book.add_worksheet("Divers")
        written.write("AA7", "Relevé des opérations")
        written.write_row("AA9", HEADER)
        written.write_row("AA11", ["P-1", "2", 5])
        written.write_row("AA14", ["P-2", "3", 7])

    table = read(workbook(tmp_path, fill), "xlsx").tables[0]
    assert table.sheet == "Divers"
    assert table.data["row_number"].to_pylist() == [11, 14]
    assert table.data["row_cell"].to_pylist() == ["A11", "A14"]
    assert table.data["project_id__cell"].to_pylist() == ["AA11", "AA14"]
    assert table.data["amount__cell"].to_pylist() == ["AC11", "AC14"]
    assert [(c.label, c.field) for c in table.columns if c.field] == [
        ("AA", "project_id"), ("AB", "transaction_type_code"), ("AC", "amount"), ("AD", "transaction_date"), ("AE", "description"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sheet_name", "labels", "language"),
    [
        ("Identité", ("Identifiant du partenaire", "Nom de l’organisation", "Période"), "fr"),
        ("Identity", ("Partner identifier", "Organisation name", "Period"), "en"),
    ],
)
def test_our_template_says_who_reports_and_has_a_sheet_per_kind(
    tmp_path: Path, sheet_name: str, labels: tuple[str, str, str], language: str
) -> None:
    french = language == "fr"

    def fill(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet("Lisez-moi" if french else "Read me").write("A1", "Merci de remplir chaque feuille.")
        identity = book.add_worksheet(sheet_name)
        for row, pair in enumerate(zip(labels, (732829320, "Coopérative", "2026-T2"), strict=True)):
            identity.write_row(row + 1, 1, pair)
        projects = book.add_worksheet("Projets" if french else "Projects")
        titles = ["Identifiant du projet", "Intitulé du projet"] if french else ["Project identifier", "Project title"]
        projects.write_row(0, 0, titles)
        projects.write_row(1, 0, ["P-1", "Ateliers"])
        links = book.add_worksheet("Cibles des ODD" if french else "SDG targets")
        links.write_row(
            0, 0, [titles[0], "Cible ODD" if french else "SDG target", "Poids (%)" if french else "Weight (%)"]
        )
        links.write_row(1, 0, ["P-1", "17.17", 50])
        book.add_worksheet("Alliances").write_row(
            0, 0, [titles[0], "alliance_id", "Nom de l’alliance", "Partie", "Rôle"]
        )
        codes = book.add_worksheet("Listes cachées")
        codes.write_row(0, 0, ["code", "libellé"])
        codes.hide()

    found = read(workbook(tmp_path, fill), "xlsx")
    assert (found.layout, found.language) == ("template", language)
    assert (found.sender_id, found.sender_name, found.sender_cell) == ("732829320", "Coopérative", "C2")
    assert found.period == "2026-Q2"
    assert [(t.kind, t.rows) for t in found.tables] == [("projects", 1), ("sdg_links", 1), ("alliances", 0)]
    assert rules(found) == []


def test_a_period_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet("Identité").write_row(4, 0, ["Période", "printemps"])
        book.add_worksheet("Opérations").write_row(0, 0, HEADER)
        book.get_worksheet_by_name("Opérations").write_row(1, 0, ["P", "2", 1])

    found = read(workbook(tmp_path, fill), "xlsx")
    assert [(f.rule_id, f.sheet, f.cell, f.value) for f in found.findings] == [
        ("read.period", "Identité", "B5", "printemps")
    ]
    assert found.period is None


def test_two_columns_with_one_header_are_one_finding(tmp_path: Path) -> None:
    found = sheet(tmp_path, [[*HEADER, "Montant"], ["P", "2", 10, None, "x", 99]])
    assert [(f.rule_id, f.sheet, f.cell) for f in found.findings] == [("read.same-header", "Feuil1", "F1")]
    assert found.tables[0].data["extra"].to_pylist() == ['{"Montant": "99"}']
    assert found.tables[0].data["amount"].to_pylist() == ["10"]


def test_a_sheet_of_notes_is_told_and_harms_nothing(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet("Opérations").write_row(0, 0, HEADER)
        book.get_worksheet_by_name("Opérations").write_row(1, 0, ["P", "2", 1])
        book.add_worksheet("Brouillon").write_row(3, 2, ["à voir", "avec Paul"])
        book.add_worksheet("Vide")

    found = read(workbook(tmp_path, fill), "xlsx")
    assert [(f.rule_id, f.sheet, f.value) for f in found.findings] == [
        ("read.sheet-not-read", "Brouillon", "à voir | avec Paul")
    ]


def test_hidden_sheets_are_read_and_told(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet("Accueil")
        hidden = book.add_worksheet("Opérations")
        hidden.write_row(0, 0, HEADER)
        hidden.write_row(1, 0, ["P", "2", 1])
        hidden.hide()

    found = read(workbook(tmp_path, fill), "xlsx")
    assert [t.rows for t in found.tables] == [1]
    assert rules(found) == ["V25.hidden-sheet"]


def test_formulas_saved_without_a_result_are_told(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active.append(["P", "2", "=1+1", None, '=""'])
    book.save(tmp_path / "report.xlsx")
    found = read(tmp_path / "report.xlsx", "xlsx")
    assert [(f.rule_id, f.cell, f.args["cells"]) for f in found.findings] == [("V25.formula-without-value", "C2", "2")]
    assert found.tables[0].data["amount"].to_pylist() == [None]


def test_a_sheet_that_claims_a_million_rows_costs_little(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        written = book.add_worksheet("Opérations")
        written.write_row(0, 0, HEADER)
        written.write_row(1, 0, ["P-1", "2", 5])
        written.write_row(999_999, 0, ["P-2", "2"])
        written.write_formula(999_999, 2, "=1/0", None, "#DIV/0!")

    path = workbook(tmp_path, fill)
    assert path.stat().st_size < 10_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    data = read(path, "xlsx").tables[0].data
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000
    assert data["row_number"].to_pylist() == [2, 1_000_000]
    assert data["amount"].to_pylist() == ["5", "#DIV/0!"]
    assert data["amount__cell"].to_pylist() == ["C2", "C1000000"]


def test_cells_scattered_over_the_whole_sheet_are_one_finding(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        written = book.add_worksheet("Opérations")
        for i in range(300):
            written.write(i * 3_000, i * 50, "x")

    found = read(workbook(tmp_path, fill), "xlsx")
    assert (found.format, rules(found)) == ("unreadable", ["read.too-large"])


def test_a_wide_and_dense_sheet_is_read_as_it_is(tmp_path: Path) -> None:
    found = sheet(tmp_path, [[*HEADER, *[f"c{i}" for i in range(80)]], *[["P", "2", 1, None, None, *range(80)]] * 300])
    assert found.tables[0].rows == 300
    assert found.tables[0].data["row_number"].to_pylist() == list(range(2, 302))


def test_a_workbook_of_blank_rows_is_one_finding(tmp_path: Path) -> None:
    for rows in ([], [["", "  ", "\u00a0"]] * 3):
        found = sheet(tmp_path, rows)
        assert rules(found) == ["read.blank"]


def test_open_document_sheets_are_read_alike(tmp_path: Path) -> None:
    def cell(text: Any = None, **kind: Any) -> TableCell:
        made = TableCell(**kind) if kind else TableCell(valuetype="string")
        if text is not None:
            made.addElement(P(text=text))
        return made

    table = OdsTable(name="Opérations")
    lines = [
        (1, [cell("Relevé")]),
        (3, [TableCell()]),
        (1, [TableCell(), *map(cell, HEADER)]),
        (1, [TableCell(), cell("P-1"), cell(valuetype="float", value="2"), cell(valuetype="currency", currency="EUR", value="1234.5"),
             cell(valuetype="date", datevalue="2026-02-03"), cell("#DIV/0!")]),
        (1_048_000, [TableCell(numbercolumnsrepeated=1000)]),
    ]  # fmt: skip
    for repeated, cells in lines:
        row = TableRow(numberrowsrepeated=repeated)
        for made in cells:
            row.addElement(made)
        table.addElement(row)
    document = OpenDocumentSpreadsheet()
    document.spreadsheet.addElement(table)
    document.save(tmp_path / "report.ods")
    found = read(tmp_path / "report.ods", "ods")
    assert found.tables[0].data.to_pylist() == [
        {
            "row_number": 6, "row_cell": "A6", "extra": None,
            "transaction_type_code": "2", "transaction_type_code__cell": "C6", "transaction_type_code__type": "n",
            "transaction_date": "2026-02-03", "transaction_date__cell": "E6", "transaction_date__type": "d",
            "amount": "1234.5", "amount__cell": "D6", "amount__type": "n",
            "description": "#DIV/0!", "description__cell": "F6", "description__type": "e",
            "project_id": "P-1", "project_id__cell": "B6", "project_id__type": "s",
        }
    ]  # fmt: skip


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/_rels/workbook.xml.rels"])
@pytest.mark.parametrize("harm", ["cut", "gone", "doctype"])
def test_a_workbook_damaged_inside_is_one_finding_or_none(tmp_path: Path, part: str, harm: str) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet("Opérations").write_row(0, 0, HEADER)

    path, broken = workbook(tmp_path, fill), tmp_path / "broken"
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(broken, "w") as copy:
        for name in whole.namelist():
            raw = whole.read(name)
            if name == part and harm == "gone":
                continue
            if name == part:
                raw = raw[: len(raw) // 2] if harm == "cut" else b'<!DOCTYPE x [<!ENTITY a "b">]>' + raw
            copy.writestr(name, raw)
    found = read(broken, "xlsx")
    assert len(found.findings) == 1, found.findings
