"""Any file gives an Extract: the kind is found in the bytes, and what cannot be read is one clear finding.

Belongs here: recognising files, bad input, the kept extracts, and the sentences of the findings. Does not belong here:
what one format is like inside.
"""

from __future__ import annotations

import gzip
import io
import re
import shutil
import tomllib
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from pipelines.intake import cache
from pipelines.intake.cache import content_key, load_or_extract
from pipelines.intake.extract import extract
from pipelines.intake.model import Extract, ReadFinding
from pipelines.paths import CONTRACTS, PACKAGE, DataRoot

TEXT = "Identifiant du projet;Type d’opération;Montant\nP-1;2;12,50\n".encode()
XML = b'<?xml version="1.0"?><iati-activities version="2.03"></iati-activities>'


def book() -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as workbook:
        sheet = workbook.add_worksheet("Opérations")
        sheet.write_row(0, 0, ["Identifiant du projet", "Type d’opération", "Montant"])
        sheet.write_row(1, 0, ["P-1", "2", 12.5])
    return made.getvalue()


def archive(**parts: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        for name, text in parts.items():
            packed.writestr(name.replace("__", "/"), text)
    return made.getvalue()


BAD = {
    "empty": (b"", "read.empty"),
    "blank": (b" \r\n\t\n", "read.empty"),
    "byte order mark only": (b"\xef\xbb\xbf", "read.empty"),
    "damaged zip": (b"PK\x03\x04 and then nothing of the kind", "read.damaged"),
    "cut workbook": (book()[:-400], "read.damaged"),
    "spoilt workbook": (book()[:200] + b"\0" * 300 + book()[500:], "read.damaged"),
    "empty zip": (archive(), "read.unknown-format"),
    "zip of something else": (archive(a="b"), "read.one-column"),
    "zip of pictures": (archive(a="GIF89a"), "read.unknown-format"),
    "gzip of a picture": (gzip.compress(b"GIF89a..."), "read.unknown-format"),
    "cut gzip": (gzip.compress(TEXT * 99)[:40], "read.damaged"),
    "presentation": (archive(**{"[Content_Types].xml": "x", "ppt__presentation.xml": "x"}), "read.unknown-format"),
    "word": (archive(**{"word__document.xml": "x"}), "read.unknown-format"),
    "old office": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 4096, "read.damaged"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj", "read.unknown-format"),
    "html": (b"<!DOCTYPE html>\n<html><table><tr><td>1</td></tr></table></html>", "read.unknown-format"),
    "picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "read.unknown-format"),
    "bytes": (bytes(range(256)) * 20, "read.unknown-format"),
    "one column": (b"montant\n12\n13\n", "read.one-column"),
    "one word": (b"bonjour", "read.one-column"),
    "one column of prose": ("Chers tous,\nvoici, comme promis, le rapport.\nÀ bientôt\n".encode(), None),
    "headers nobody knows": (b"foo;bar;baz\n1;2;3\n", "read.unknown-headers"),
    "headers nobody knows, in Windows": ("été;hiver\n1;2\n".encode("cp1252"), "read.unknown-headers"),
    "headers only": (TEXT.splitlines(keepends=True)[0], "read.no-rows"),
    "two columns with one header": (
        TEXT.replace(b"\n", b";Montant\n", 1).replace(b"50\n", b"50;9\n"),
        "read.same-header",
    ),
}


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.replace(" ", "-"))
@pytest.mark.parametrize("name", ["rapport.csv", "rapport.xlsx", "rapport"])
def test_bad_input_is_one_clear_finding(tmp_path: Path, case: str, name: str) -> None:
    content, rule = BAD[case]
    path = tmp_path / "received"
    path.write_bytes(content)
    found = extract(path, name)
    said = [f.rule_id for f in found.findings if f.rule_id != "read.extension"]
    assert len(said) == 1, found.findings
    assert rule is None or said == [rule]
    if not found.tables:
        assert len(found.findings) == 1, "what could not be read is not also told to have the wrong ending"
    for finding in found.findings:
        assert_sentence(finding)


@pytest.mark.parametrize(
    ("content", "ending", "form"),
    [(TEXT, "xlsx", "csv"), (TEXT, "xml", "csv"), (book(), "csv", "xlsx"), (book(), "xls", "xlsx")],
)
def test_a_wrong_ending_is_told_and_the_file_read(tmp_path: Path, content: bytes, ending: str, form: str) -> None:
    path = tmp_path / "received"
    path.write_bytes(content)
    found = extract(path, f"alpha/rapport.{ending}")
    assert found.format == form
    assert found.tables[0].rows == 1
    assert [(f.rule_id, f.value, f.expected) for f in found.findings] == [("read.extension", ending, form)]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/rapport.csv", "../../etc/rapport.csv"),
        ("alpha/../rapport.csv", "alpha/../rapport.csv"),
        ("rap\nport.csv", "rap\\x0aport.csv"),
        ("rap\\x0aport.csv", "rap\\x0aport.csv"),
        ("rap\udce9port.csv", "rap\\xe9port.csv"),
    ],
)
def test_an_odd_name_is_one_finding_and_the_file_read(tmp_path: Path, name: str, shown: str) -> None:
    path = tmp_path / "received"
    path.write_bytes(TEXT)
    found = extract(path, name)
    assert found.tables[0].rows == 1
    assert [(f.rule_id, f.value) for f in found.findings] == [("read.file-name", shown)]


def test_good_names_say_nothing(tmp_path: Path) -> None:
    path = tmp_path / "received"
    path.write_bytes(TEXT)
    for name in ("Bénévolat 2026\u202fT2 (v2).csv", "a..b.csv", "rapport", "RAPPORT.CSV", "liste.txt"):
        assert extract(path, name).findings == ()


def test_xml_goes_to_the_reader_of_iati(tmp_path: Path) -> None:
    path = tmp_path / "received"
    for content in (XML, b"\xef\xbb\xbf\n" + XML, XML.decode().encode("utf-16")):
        path.write_bytes(content)
        found = extract(path, "activities.xml")
        assert all(f.rule_id.lower().startswith("iati") for f in found.findings), found.findings


def test_no_byte_of_a_file_makes_the_reader_raise(tmp_path: Path) -> None:
    """Whatever stands at any place of a workbook or a text, the reader gives an Extract."""
    path = tmp_path / "received"
    for whole in (book(), TEXT):
        for at in range(0, len(whole), max(1, len(whole) // 80)):
            for byte in (0, 0x22, 0xFF):
                path.write_bytes(whole[:at] + bytes([byte]) + whole[at + 1 :])
                assert isinstance(extract(path, "x"), Extract)
            path.write_bytes(whole[:at])
            assert isinstance(extract(path, "x"), Extract)


def same(one: Extract, two: Extract) -> bool:
    def plain(extract: Extract) -> Extract:
        import dataclasses

        return dataclasses.replace(extract, tables=tuple(dataclasses.replace(t, data=None) for t in extract.tables))

    return plain(one) == plain(two) and all(a.data.equals(b.data) for a, b in zip(one.tables, two.tables, strict=True))


def test_what_a_file_yields_is_computed_once(root: DataRoot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "received"
    path.write_bytes(TEXT.replace(b"\n", b";Voir\n", 1).replace(b"50\n", b"50;x\n"))
    sha = "ab" * 32
    first = load_or_extract(root, sha, path, "rapport.csv")
    assert [f.rule_id for f in first.findings] == ["read.unknown-column"]
    monkeypatch.setattr(cache, "read", lambda *_: pytest.fail("read again"))
    assert same(load_or_extract(root, sha, path, "rapport.csv"), first)
    # The same bytes under another name are kept once, and what is said of the name is said of that name only.
    other = load_or_extract(root, sha, path, "rapport.xlsx")
    assert [f.rule_id for f in other.findings] == ["read.extension", "read.unknown-column"]
    assert [p.name for p in root.extracts.iterdir()] == [content_key(sha)]


@pytest.mark.parametrize("harm", ["gone", "cut", "flipped", "not json", "other words", "table gone", "empty folder"])
def test_a_damaged_kept_extract_is_computed_again(root: DataRoot, tmp_path: Path, harm: str) -> None:
    path = tmp_path / "received"
    path.write_bytes(TEXT)
    first = load_or_extract(root, "cd" * 32, path, "rapport.csv")
    folder = root.extracts / content_key("cd" * 32)
    table, about = folder / "0.parquet", folder / "extract.json"
    raw = table.read_bytes()
    match harm:
        case "gone":
            shutil.rmtree(folder)
        case "cut":
            table.write_bytes(raw[: len(raw) // 2])
        case "flipped":
            table.write_bytes(raw[:20] + bytes([raw[20] ^ 0xFF]) + raw[21:])
        case "not json":
            about.write_text("{")
        case "other words":
            about.write_text('{"format": "csv", "tables": [], "findings": [], "invented": 1}')
        case "table gone":
            table.unlink()
        case "empty folder":
            shutil.rmtree(folder)
            folder.mkdir()
    assert same(load_or_extract(root, "cd" * 32, path, "rapport.csv"), first)
    assert table.read_bytes() == raw
    assert len(list(root.extracts.iterdir())) == 1


def catalogue() -> dict[str, dict[str, dict[str, str]]]:
    rules = tomllib.loads((CONTRACTS / "_rules_intake.toml").read_text(encoding="utf-8"))["rules"]
    return {rule["id"]: rule for rule in rules}


def test_every_finding_of_reading_has_a_sentence_and_every_sentence_is_used() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (PACKAGE / "intake").glob("*.py"))
    used = set(re.findall(r'"((?:read|V11|V25)\.[a-z0-9-]+)"', sources))
    assert used == set(catalogue())


def assert_sentence(finding: ReadFinding) -> None:
    """Every place a sentence names is filled in."""
    import dataclasses

    filled = {name: value for name, value in dataclasses.asdict(finding).items() if value is not None} | finding.args
    for sentence in catalogue()[finding.rule_id]["says"].values():
        assert sentence.format(**filled)
