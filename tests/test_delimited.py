"""Delimited text: encodings, delimiters, quotes and exact lines.

Belongs here: what is special to text. Does not belong here: SCDL (test_scdl), files that are no table (test_extract).
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipelines.intake.delimited import read
from pipelines.intake.model import Extract

HEADER = "Identifiant du projet;Type d’opération;Montant;Objet"


def extract(tmp_path: Path, content: str | bytes) -> Extract:
    path = tmp_path / "report"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(path)


def rules(found: Extract) -> list[str]:
    return [finding.rule_id for finding in found.findings]


@pytest.mark.parametrize(
    ("encoding", "recorded", "told"),
    [
        ("utf-8", "utf-8", []),
        ("utf-8-sig", "utf-8-sig", []),
        ("cp1252", "cp1252", ["V25.encoding"]),
        ("utf-16", "utf-16", ["V25.encoding"]),
        ("utf-16-le", "utf-16-le", ["V25.encoding"]),
        ("utf-16-be", "utf-16-be", ["V25.encoding"]),
    ],
)
def test_the_encoding_is_found_and_told(tmp_path: Path, encoding: str, recorded: str, told: list[str]) -> None:
    found = extract(tmp_path, f"{HEADER}\nP-1;2;12,50;L’été à l’œuvre €\n".encode(encoding))
    assert (found.format, found.encoding, found.language) == ("csv", recorded, "fr")
    assert found.tables[0].data["description"].to_pylist() == ["L’été à l’œuvre €"]
    assert rules(found) == told


def test_bytes_without_a_character_in_windows_are_kept(tmp_path: Path) -> None:
    found = extract(tmp_path, HEADER.encode("cp1252") + b"\nP-1;2;5;a\x81b\xe9\n")
    assert found.tables[0].data["description"].to_pylist() == ["a\x81bé"]


def test_text_encoded_twice_is_repaired_and_honest_text_left_alone(tmp_path: Path) -> None:
    twice = f"{HEADER}\nP-1;2;5;Aide aux bénévoles de l’été à 50 €\n".encode("utf-8-sig").decode("cp1252", "replace")
    assert twice.startswith("ï»¿")
    found = extract(tmp_path, twice)
    assert found.tables[0].data["description"].to_pylist() == ["Aide aux bénévoles de l’été à 50 €"]
    assert rules(found) == ["V25.repaired"]
    honest = "«LIBERTÉ, ÉGALITÉ» ÂGE «ÇÀ» Ångström n° 5"
    found = extract(tmp_path, f"{HEADER}\nP-1;2;5;{honest}\n")
    assert found.tables[0].data["description"].to_pylist() == [honest]
    assert rules(found) == []


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_the_delimiter_is_found_and_recorded(tmp_path: Path, delimiter: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerows([HEADER.split(";"), ["P-1", "2", "1 234,50", "a;b,c|d\te"], ["P-2", "3", "7", ""]])
    found = extract(tmp_path, text.getvalue())
    assert (found.delimiter, rules(found)) == (delimiter, [])
    data = found.tables[0].data
    assert data["amount"].to_pylist() == ["1 234,50", "7"]
    assert data["description"].to_pylist() == ["a;b,c|d\te", None]
    assert data["amount__cell"].to_pylist() == ["L2C3", "L3C3"]
    assert set(data["amount__type"].to_pylist()) == {"s"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_physical_lines(tmp_path: Path, end: str) -> None:
    lines = [
        "Export du 3 juillet",
        '"Deux lignes',
        'de titre"',
        "",
        HEADER,
        'P-1;2;1;"un',
        "deux",
        'trois"',
        "P-2;2;2;x",
        ";;;",
        "",
        'P-3;2;3;"y',
        'z"',
        "P-4;2;4;w",
    ]
    found = extract(tmp_path, end.join(lines) + end)
    data = found.tables[0].data
    assert data["row_number"].to_pylist() == [6, 9, 12, 14]
    assert data["row_cell"].to_pylist() == ["L6", "L9", "L12", "L14"]
    assert data["project_id__cell"].to_pylist() == ["L6C1", "L9C1", "L12C1", "L14C1"]
    assert data["description"].to_pylist()[0] == end.join(["un", "deux", "trois"])
    assert found.tables[0].rows == 4


CELL = st.text(alphabet='aé1;," \n\t', max_size=6)


@given(rows=st.lists(st.tuples(CELL, CELL, CELL, CELL), min_size=1, max_size=12), ragged=st.booleans())
def test_every_cell_and_line_is_that_of_the_csv_module(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], ragged: bool
) -> None:
    """The way in whole columns and the careful way (which `ragged` forces) give the same."""
    rows = [("P", *row[1:]) for row in rows]
    # A quoted cell that holds whole rows is taken for a quote that was never closed, on purpose.
    assume(not any("\n" in cell and ";" in cell for row in rows for cell in row))
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerows([HEADER.split(";"), *rows, *([("P", "short")] if ragged else [])])
    found = extract(tmp_path_factory.mktemp("csv"), text.getvalue())
    reader = csv.reader(io.StringIO(text.getvalue(), newline=""), delimiter=";")
    expected, first = [], 1
    for row in reader:
        expected.append((first, [cell if cell.strip() else None for cell in row]))
        first = reader.line_num + 1
    data = found.tables[0].data
    assert data["row_number"].to_pylist() == [line for line, _ in expected[1:]]
    for position, name in enumerate(("project_id", "transaction_type_code", "amount", "description")):
        assert data[name].to_pylist() == [(row + [None] * 4)[position] for _, row in expected[1:]]
    assert rules(found) == (["read.ragged"] if ragged else [])


def test_ragged_rows_lose_no_cell(tmp_path: Path) -> None:
    found = extract(tmp_path, f"{HEADER}\nP-1;2;1;a;more;;yet\nP-2;2\nP-3;2;3;c;;\n")
    table = found.tables[0]
    assert table.rows == 3
    assert table.data["extra"].to_pylist() == ['{"[5]": "more", "[7]": "yet"}', None, None]
    ragged = next(f for f in found.findings if f.rule_id == "read.ragged")
    assert (ragged.line, ragged.args["rows"], ragged.args["short"], ragged.args["long"]) == (2, "2", "1", "1")


def test_a_quote_that_is_never_closed_spoils_its_own_line_only(tmp_path: Path) -> None:
    body = ['P-1;2;1;"Les amis', "P-2;2;2;b", 'P-3;2;3;"fermé"', 'P-4;2;4;"ouvert', "P-5;2;5;e"]
    found = extract(tmp_path, "\n".join([HEADER, *body]) + "\n")
    data = found.tables[0].data
    assert data["amount"].to_pylist() == ["1", "2", "3", "4", "5"]
    assert data["row_number"].to_pylist() == [2, 3, 4, 5, 6]
    assert data["description"].to_pylist()[0] == '"Les amis'
    assert [(f.rule_id, f.line, f.args["rows"]) for f in found.findings] == [("read.quote", 2, "2")]


def test_two_columns_with_one_header_are_one_finding(tmp_path: Path) -> None:
    found = extract(tmp_path, f"{HEADER};montant\nP-1;2;10;a;99\n")
    assert [(f.rule_id, f.cell, f.line, f.value) for f in found.findings] == [
        ("read.same-header", "L1C5", 1, "montant")
    ]
    assert found.tables[0].data["amount"].to_pylist() == ["10"]
    assert found.tables[0].data["extra"].to_pylist() == ['{"montant": "99"}']


def test_unknown_columns_are_kept_and_told_with_what_was_meant(tmp_path: Path) -> None:
    found = extract(tmp_path, f'{HEADER};Devize;Météo\nP-1;2;10;a;EUR;"beau ""soleil"" \\ {"{"}\n\t"\n')
    assert [(f.rule_id, f.value, f.suggestion) for f in found.findings] == [
        ("read.unknown-column-near", "Devize", "Devise"),
        ("read.unknown-column", "Météo", None),
    ]
    import json

    extra = json.loads(found.tables[0].data["extra"][0].as_py())
    assert extra == {"Devize": "EUR", "Météo": 'beau "soleil" \\ {\n\t'}
    assert [(c.field, c.label) for c in found.tables[0].columns] == [
        ("project_id", "1"),
        ("transaction_type_code", "2"),
        ("amount", "3"),
        ("description", "4"),
        (None, "5"),
        (None, "6"),
    ]


def test_a_required_column_that_is_not_there_is_one_finding(tmp_path: Path) -> None:
    found = extract(tmp_path, "Project identifier;Transaction type;Currency;Transaction date\nP-1;2;EUR;2026-01-01\n")
    assert [(f.rule_id, f.field, f.expected) for f in found.findings] == [("read.column-missing", "amount", "Amount")]
    assert found.language == "en"


def test_the_lines_above_the_header_may_say_who_and_when(tmp_path: Path) -> None:
    above = "SIREN :;732829320\nOrganisme : Les Trois-Rives;\nPériode;2e trimestre 2026\n"
    found = extract(tmp_path, f"{above}{HEADER}\nP-1;2;5;a\n")
    assert (found.sender_id, found.sender_name, found.period) == ("732829320", "Les Trois-Rives", "2026-Q2")
    assert found.sender_cell == "L1C2"


def test_headers_alone_are_told(tmp_path: Path) -> None:
    found = extract(tmp_path, f"{HEADER}\n;;;\n")
    assert rules(found) == ["read.no-rows"]
    assert found.tables[0].rows == 0
