"""Archives: every member is read for what it is, says where it lay, and cannot fill the machine.

Belongs here: gzip and zip, the ceilings, and the words of a partner that reach any reader. Does not belong here: what
one format is like inside.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from pipelines.errors import ContractError
from pipelines.intake import ceilings, header_maps
from pipelines.intake.cache import load_or_extract
from pipelines.intake.extract import extract
from pipelines.intake.model import Extract
from pipelines.paths import DataRoot

TEXT = "Identifiant du projet;Type d’opération;Montant\nP-1;2;12,50\n".encode()
XML = (
    b'<?xml version="1.0"?>\n<iati-activities version="2.03">\n<iati-activity><iati-identifier>X-1</iati-identifier>'
    b'<reporting-org ref="X"/><title><narrative>t</narrative></title></iati-activity>\n</iati-activities>'
)


def book(sender: str = "", period: str = "", sheet: str = "Feuil1") -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as workbook:
        if sender:
            workbook.add_worksheet("Identité").write_row(0, 0, ["SIREN", sender])
            workbook.get_worksheet_by_name("Identité").write_row(1, 0, ["Période", period])
        written = workbook.add_worksheet(sheet)
        written.write_row(0, 0, ["Identifiant du projet", "Type d’opération", "Montant"])
        written.write_row(1, 0, ["P-1", "2", 12.5])
    return made.getvalue()


def packed(members: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in members.items():
            package.writestr(name, content)
    return made.getvalue()


def read(tmp_path: Path, content: bytes, name: str) -> Extract:
    path = tmp_path / "received"
    path.write_bytes(content)
    return extract(path, name)


@pytest.mark.parametrize(
    ("content", "name", "form"),
    [(TEXT, "a.csv.gz", "csv"), (book(), "a.xlsx.gz", "xlsx"), (XML, "a.xml.gz", "iati"), (TEXT, "a", "csv")],
)
def test_a_gzipped_file_is_read_as_what_it_holds(tmp_path: Path, content: bytes, name: str, form: str) -> None:
    plain, found = read(tmp_path, content, name.removesuffix(".gz")), read(tmp_path, gzip.compress(content), name)
    assert (found.format, found.packing) == (form, "gzip")
    assert [(t.kind, t.sheet, t.rows) for t in found.tables] == [(t.kind, t.sheet, t.rows) for t in plain.tables]
    assert all(a.data.equals(b.data) for a, b in zip(plain.tables, found.tables, strict=True))
    assert found.findings == plain.findings


def test_a_gzipped_file_under_a_plain_name_is_told(tmp_path: Path) -> None:
    found = read(tmp_path, gzip.compress(TEXT), "rapport.csv")
    assert [(f.rule_id, f.value, f.expected) for f in found.findings] == [("read.extension", "csv", "gzip")]


def test_every_member_of_a_zip_is_read_and_says_where_it_lay(tmp_path: Path) -> None:
    inner = packed({"b.csv": TEXT.replace(b"P-1", b"P-4")})
    content = packed({
        "2026/T2/rapport.xlsx": book(),
        "notes.csv": TEXT.replace(b"P-1", b"P-2"),
        "données.csv.gz": gzip.compress(TEXT.replace(b"P-1", b"P-3")),
        "encore.zip": inner,
        "lettre.pdf": b"%PDF-1.7\n",
        "__MACOSX/._rapport.xlsx": b"x",
        ".DS_Store": b"x",
        "vide/": b"",
    })  # fmt: skip
    found = read(tmp_path, content, "envoi.zip")
    assert (found.format, found.layout) == ("zip", "template")
    assert [(t.sheet, t.data["project_id"].to_pylist(), t.data["amount__cell"][0].as_py()) for t in found.tables] == [
        ("2026/T2/rapport.xlsx › Feuil1", ["P-1"], "C2"),
        ("données.csv.gz", ["P-3"], "L2C3"),
        ("encore.zip › b.csv", ["P-4"], "L2C3"),
        ("notes.csv", ["P-2"], "L2C3"),
    ]
    assert [(f.rule_id, f.sheet) for f in found.findings] == [("read.member-not-read", "lettre.pdf")]


def test_the_same_file_twice_in_a_zip_is_read_once(tmp_path: Path) -> None:
    found = read(tmp_path, packed({"a.csv": TEXT, "copie de a.csv": TEXT}), "envoi.zip")
    assert [t.sheet for t in found.tables] == ["a.csv"]
    assert [(f.rule_id, f.sheet, f.value) for f in found.findings] == [("read.member-again", "copie de a.csv", "a.csv")]


def test_what_is_wrong_with_one_member_is_said_of_it_and_harms_no_other(tmp_path: Path) -> None:
    content = packed({"a.csv": TEXT, "b.xlsx": book()[:-300], "c.csv": TEXT.replace(b";Montant", b";Montant;Devsie")})
    found = read(tmp_path, content, "envoi.zip")
    assert [t.sheet for t in found.tables] == ["a.csv", "c.csv"]
    assert [(f.rule_id, f.sheet) for f in found.findings][:2] == [
        ("read.damaged", "b.xlsx"), ("read.unknown-column-near", "c.csv"),
    ]  # fmt: skip


def test_members_of_several_senders_keep_theirs_row_by_row(tmp_path: Path) -> None:
    one, two = book("732829320", "2026-T2"), book("356000000", "2026-T1")
    found = read(tmp_path, packed({"a.xlsx": one, "b.xlsx": two}), "envoi.zip")
    assert (found.sender_id, found.period) == (None, None)
    assert [t.data["partner_id"].to_pylist() for t in found.tables] == [["732829320"], ["356000000"]]
    assert [t.data["report_period"].to_pylist() for t in found.tables] == [["2026-Q2"], ["2026-Q1"]]
    same = read(tmp_path, packed({"a.xlsx": one, "b.xlsx": book("732829320", "2026-T2", "Autre")}), "envoi.zip")
    assert (same.sender_id, same.period) == ("732829320", "2026-Q2")
    assert "partner_id" not in same.tables[0].data.column_names


def test_members_of_several_layouts_say_theirs(tmp_path: Path) -> None:
    scdl = b"nomAttribuant,nomBeneficiaire,montant\nVille,Les Amis,12\n"
    found = read(tmp_path, packed({"a.csv": TEXT, "b.csv": scdl}), "envoi.zip")
    assert [(t.sheet, t.layout) for t in found.tables] == [("a.csv", "template"), ("b.csv", "scdl"), ("b.csv", "scdl")]


def test_names_of_members_are_shown_as_their_sender_sees_them(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        info = zipfile.ZipInfo("donnXes.csv")
        package.writestr(info, TEXT)
    # Windows writes names in the code page of its console: é is 0x82 there.
    found = read(tmp_path, made.getvalue().replace(b"donnXes", b"donn\x82es"), "envoi.zip")
    assert [t.sheet for t in found.tables] == ["données.csv"]
    found = read(tmp_path, packed({"../../etc/a.csv": TEXT}), "envoi.zip")
    assert [(f.rule_id, f.sheet) for f in found.findings] == [("read.file-name", "../../etc/a.csv")]


def test_archives_within_archives_end_somewhere(tmp_path: Path) -> None:
    content, name = TEXT, "a.csv"
    for depth in range(5):
        content, name = packed({name: content}), f"{depth}.zip"
        found = read(tmp_path, content, name)
        if depth < ceilings.DEPTH:
            assert [t.rows for t in found.tables] == [1]
        else:
            assert [f.rule_id for f in found.findings] == ["read.ceiling"]


@pytest.mark.parametrize("ceiling", ["BYTES", "MEMBERS", "ROWS", "COLUMNS", "CELLS"])
def test_every_ceiling_is_a_finding(tmp_path: Path, ceiling: str, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = {
        "BYTES": {"a.zip": packed({"a.csv": b"x" * 5_000}), "a.csv.gz": gzip.compress(b"x" * 5_000), "a.csv": b"x" * 5_000,
                  "a.xlsx": packed({"xl/workbook.xml": b"x" * 5_000})},
        "MEMBERS": {"a.zip": packed({f"{i}.csv": TEXT for i in range(101)})},
        "ROWS": {"a.csv": TEXT + b"P;2;1\n" * 1_000},
        "COLUMNS": {"a.csv": b"Montant;Objet;Devise" + b";" * 1_000 + b"\n1;2;3" + b";" * 1_000 + b"\n"},
        "CELLS": {"a.xlsx": book()},
    }[ceiling]  # fmt: skip
    low = {"BYTES": 4_000, "MEMBERS": 100, "ROWS": 1_000, "COLUMNS": 1_000, "CELLS": 2}[ceiling]
    monkeypatch.setattr(ceilings, ceiling, low)
    for name, content in contents.items():
        found = read(tmp_path, content, name)
        assert [(f.rule_id, f.expected) for f in found.findings] == [("read.ceiling", str(low))], name
        assert not found.tables


def test_macros_are_told_and_never_run(tmp_path: Path) -> None:
    made = io.BytesIO(book())
    with zipfile.ZipFile(made, "a") as package:
        package.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 a macro")
    found = read(tmp_path, made.getvalue(), "rapport.xlsm")
    assert found.tables[0].rows == 1
    assert [f.rule_id for f in found.findings] == ["V25.macros"]


# --- the words of a partner ---------------------------------------------------------------------------------------

ODD = "Projet;Genre d’op.;Mt accordé HT;Remarque\nP-1;2;12,50;x\n".encode()
MAP = """
also = ["732829320", "Coopérative des Trois-Rives"]
[headers.transactions]
"Mt accordé HT" = "amount"
"Genre d'op." = "transaction_type_code"
"Projet" = "description"
"""


def fund(root: DataRoot, words: str = MAP) -> DataRoot:
    folder = root.reference / "header_maps"
    folder.mkdir(exist_ok=True)
    (folder / "coop.toml").write_text(words, encoding="utf-8")
    return root


def fields(found: Extract) -> list[str | None]:
    return [column.field for table in found.tables for column in table.columns]


def test_the_words_of_a_partner_hold_for_its_files_only(root: DataRoot, tmp_path: Path) -> None:
    path = tmp_path / "received"
    path.write_bytes(ODD)
    fund(root)
    assert load_or_extract(root, "ab" * 32, path, "other/rapport.csv").tables == ()
    # What the contract knows stays what it is: `Projet` is the project, whatever the map says.
    ours = load_or_extract(root, "ab" * 32, path, "coop/2026-Q2/rapport.csv")
    assert fields(ours) == ["project_id", "transaction_type_code", "amount", None]
    assert load_or_extract(root, "ab" * 32, path, "other/rapport.csv").tables == ()


def test_a_partner_is_known_by_what_its_file_says_too(root: DataRoot, tmp_path: Path) -> None:
    path = tmp_path / "received"
    path.write_bytes("SIREN;732829320\n\nIdentifiant du projet;Type d’opération;Mt accordé HT\nP-1;2;9\n".encode())
    assert "amount" not in fields(load_or_extract(root, "cd" * 32, path, "a/rapport.csv"))
    assert "amount" in fields(load_or_extract(fund(root), "cd" * 32, path, "a/rapport.csv"))


def test_a_changed_map_is_never_overlooked(root: DataRoot, tmp_path: Path) -> None:
    path = tmp_path / "received"
    path.write_bytes(ODD)
    first = load_or_extract(fund(root), "ab" * 32, path, "coop/rapport.csv")
    second = load_or_extract(fund(root, MAP + '"Remarque" = "nature"\n'), "ab" * 32, path, "coop/rapport.csv")
    assert (fields(first)[3], fields(second)[3]) == (None, "nature")


@pytest.mark.parametrize("words", ["[headers.transaction]\n", '[headers.transactions]\n"x" = "y"\n', "x = 1\n", "= ="])
def test_a_map_that_breaks_its_grammar_is_an_error_of_ours(root: DataRoot, words: str) -> None:
    with pytest.raises(ContractError, match=r"coop\.toml"):
        header_maps.load(fund(root, words).reference / "header_maps")
