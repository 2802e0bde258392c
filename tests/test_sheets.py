"""Sheets as people make them: several tables, headers over rows, merged and hidden cells, totals below.

Belongs here: where tables are and what belongs to their rows. Does not belong here: types of cells (test_workbook),
files as wholes (test_extract, test_containers).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from made_sheets import HEADER, LINKS, cells, rules, sheet, text

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


def test_headers_that_are_all_merged_down_reach_as_far_as_they_are_merged(tmp_path: Path) -> None:
    """The second row holds nothing but a word that nobody knows, and is no row of the table."""

    def merge(book: Any, written: Any) -> None:
        for column, header in zip("ABCD", HEADER, strict=True):
            written.merge_range(f"{column}1:{column}2", header, book.add_format())

    rows: list[list[Any]] = [[], ["", "", "", "", "Zone interne"], ["P-1", "2", 10, "a", "vu"]]
    found = sheet(tmp_path, rows, merge)
    (table,) = found.tables
    assert table.data["row_cell"].to_pylist() == ["A3"]
    assert rules(found) == [("read.unknown-column", "E2")]


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


def test_a_group_alone_does_not_name_the_column_below_it(tmp_path: Path) -> None:
    """`Quoi` is in no header of a budget; over `Du` it is not the `À quoi` of an engagement either."""
    rows: list[list[Any]] = [
        ["Quoi", "", "Ligne", "Projet"], ["Du", "Prévu", "", ""], ["2026-01-05", 10, "60", "P-1"], ["2026-01-05", 5, "61", "P-1"],
    ]  # fmt: skip
    (table,) = sheet(tmp_path, rows).tables
    assert [c.field for c in table.columns] == ["period_start", "planned", "line_code", "project_id"]
    # `To what` is a header of engagements, and `To` is one of this table.
    rows[0], rows[1] = ["What", "", "Line", "Project identifier"], ["To", "Planned", "", ""]
    (table,) = sheet(tmp_path, rows).tables
    assert [c.field for c in table.columns] == ["period_end", "planned", "line_code", "project_id"]


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


def test_a_cell_of_the_table_above_is_not_what_the_report_says_of_itself(tmp_path: Path) -> None:
    """`Période` is a basis of measure here, and a label above a table elsewhere."""
    rows: list[list[Any]] = [
        ["Trimestre", "2026-T1"], [],
        ["Base de mesure", "Valeur de départ", "Code de l’indicateur", "Projet", "Valeur"], ["Période", 0, "BEN", "P-1", 12], [],
        LINKS, ["P-1", "17.17", 100],
    ]  # fmt: skip
    found = sheet(tmp_path, rows)
    assert [t.kind for t in found.tables] == ["observations", "sdg_links"]
    assert (found.period, found.findings) == ("2026-Q1", ())


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


def test_a_blank_column_does_not_part_a_kind_that_asks_for_no_column(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["Du", "Au", "Réalisé", "", "Version du budget", "Prévu", "Ligne", "Projet"],
        ["2026-01-05", "2026-03-31", 10, "", "Initial", 12, "60", "P-1"], ["2026-01-05", "2026-03-31", 5, "", "Initial", 6, "61", "P-1"],
    ]  # fmt: skip
    assert [(t.kind, t.rows) for t in sheet(tmp_path, rows).tables] == [("budgets", 2)]


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
