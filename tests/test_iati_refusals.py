"""IATI files that are refused or read with a remark: one clear finding, nothing half read, nothing raised.

Belongs here: encodings, versions, damage. Does not belong here: what the rows of a sound file are (test_iati).
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from pipelines.intake import iati
from pipelines.intake.extract import extract
from pipelines.intake.model import Extract
from pipelines.paths import CONTRACTS

HEAD = '<?xml version="1.0"?>\n<iati-activities version="2.03">\n'
WHOLE = """<iati-activity default-currency="EUR"><iati-identifier>A</iati-identifier>
<reporting-org ref="R"><narrative>Été €</narrative></reporting-org>
<transaction><transaction-type code="3"/><value>7</value></transaction></iati-activity>
"""
TAIL = "</iati-activities>\n"

REFUSED = {
    "iati.other-root": ["<rss/>", "<IATI-activities/>", "<x:iati-activities xmlns:x='y'/>"],
    "iati.organisation-file": ['<iati-organisations version="2.03"/>'],
    "iati.version": [HEAD.replace("2.03", version) + WHOLE + TAIL for version in ("1.01", "1.05", "2.04", "2", "x")],
    "iati.version-unread": [
        "<iati-activities><iati-activity><title>T</title><transaction><value>1</value></transaction></iati-activity>"
        "</iati-activities>"
    ],
    "iati.doctype": [
        '<!DOCTYPE iati-activities [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + HEAD[22:] + WHOLE + TAIL,
        '<!DOCTYPE iati-activities SYSTEM "file:///etc/passwd">' + HEAD[22:] + WHOLE + TAIL,
        '<!DOCTYPE iati-activities [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + HEAD[22:] + "&x;" + TAIL,
    ],
    "iati.entity": [
        HEAD + WHOLE + "<iati-activity><title><narrative>&eacute;</narrative></title></iati-activity>" + TAIL
    ],
    "iati.cut-off": [HEAD + WHOLE, HEAD + WHOLE + "<iati-activity><title", HEAD + WHOLE + "<!-- ", " \n"],
    "iati.character": [HEAD + WHOLE + "<iati-activity>\x01</iati-activity>" + TAIL, HEAD + WHOLE + "\0" + TAIL],
    "iati.not-well-formed": [
        HEAD + WHOLE + "<iati-activity></transaction>" + TAIL,
        HEAD + WHOLE + TAIL + WHOLE,
        HEAD + WHOLE + '<iati-activity a="1" a="2"/>' + TAIL,
    ],
    "iati.before-declaration": ["\n" + HEAD + WHOLE + TAIL],
    "iati.encoding": [
        '<?xml version="1.0" encoding="klingon"?>' + HEAD[22:] + WHOLE + TAIL,
        '<?xml version="1.0" encoding="base64"?>' + HEAD[22:] + WHOLE + TAIL,
        '<?xml version="1.0" encoding="undefined"?>' + HEAD[22:] + WHOLE + TAIL,
    ],
}
REMARKED = {
    "iati.version-missing": ["<iati-activities>" + WHOLE + TAIL, '<iati-activities version=" ">' + WHOLE + TAIL],
    "iati.no-activity": [HEAD + TAIL],
    "iati.repeated-element": [HEAD + WHOLE.replace("<value>7</value>", "<value>7</value>\n<value>8</value>") + TAIL],
    "iati.without-period": [
        HEAD + WHOLE.replace("<transaction>", "<result><indicator/></result><result/><transaction>") + TAIL,
    ],
    "iati.repeated-target": [
        HEAD + WHOLE.replace("<transaction>", '<sector vocabulary="7" code="5"/>' * 2 + "<transaction>", 1) + TAIL
    ],
    "iati.one-of-several": [
        HEAD + WHOLE.replace("<transaction>", '<recipient-country code="FR"/>' * 2 + "<transaction>", 1) + TAIL
    ],
    "V25.repaired": [HEAD + WHOLE.replace("Été €", "Ã‰tÃ©") + TAIL],
}


def take(folder: Path, content: bytes) -> Extract:
    path = folder / "report.xml"
    path.write_bytes(content)
    return iati.read(path, "report.xml")


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in REFUSED.items() for text in texts])
def test_what_cannot_be_read_whole_gives_one_finding_and_no_row(tmp_path: Path, rule: str, text: str) -> None:
    extract = take(tmp_path, text.encode())
    assert [f.rule_id for f in extract.findings] == [rule]
    assert (extract.format, extract.tables) == ("unreadable", ())


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in REMARKED.items() for text in texts])
def test_what_can_be_read_is_read_with_a_remark(tmp_path: Path, rule: str, text: str) -> None:
    extract = take(tmp_path, text.encode())
    assert [f.rule_id for f in extract.findings] == [rule]
    assert extract.format == "iati"
    assert [t.kind for t in extract.tables if t.kind == "transactions"] == (
        [] if rule == "iati.no-activity" else ["transactions"]
    )


def test_every_rule_of_the_room_is_tried_here() -> None:
    stated = tomllib.loads((CONTRACTS / "_rules_iati.toml").read_text(encoding="utf-8"))["rules"]
    assert {rule["id"] for rule in stated} == {r for r in {**REFUSED, **REMARKED} if r.startswith("iati.")}


@pytest.mark.parametrize("rule", [r for r in REFUSED if r not in ("iati.doctype", "iati.encoding")])
def test_sentences_of_damage_find_their_words(tmp_path: Path, rule: str) -> None:
    stated = tomllib.loads((CONTRACTS / "_rules_iati.toml").read_text(encoding="utf-8"))["rules"]
    [says] = [r["says"] for r in stated if r["id"] == rule]
    [finding] = take(tmp_path, REFUSED[rule][0].encode()).findings
    words = {"line": finding.line, "value": finding.value, "expected": finding.expected, **finding.args}
    for sentence in says.values():
        assert "None" not in sentence.format(**words)


def test_damage_is_placed_and_what_was_whole_is_counted(tmp_path: Path) -> None:
    [finding] = take(tmp_path, (HEAD + WHOLE * 2 + "<iati-activity>\n<title></titel>").encode()).findings
    assert (finding.rule_id, finding.line, finding.cell) == ("iati.not-well-formed", 10, "L10")
    assert finding.args == {"column": "10", "activities": "2"}


def test_a_repeated_amount_is_not_lost_in_silence(tmp_path: Path) -> None:
    extract = take(tmp_path, REMARKED["iati.repeated-element"][0].encode())
    [finding] = extract.findings
    assert (finding.line, finding.cell) == (6, "L6 /iati-activity[1]/transaction[1]/value[2]")
    assert finding.args == {"element": "transaction/value", "count": "1"}
    assert extract.tables[-1].data["amount"].to_pylist() == ["7"]


@pytest.mark.parametrize(
    ("declared", "codec", "mark"),
    [
        ("", "utf-8", b""),
        ("", "utf-8", b"\xef\xbb\xbf"),
        ("", "utf-8", "ï»¿".encode()),
        (' encoding="utf-8"', "utf-8-sig", b""),
        (' encoding="UTF8"', "utf-8", b""),
        (' encoding="UTF-16"', "utf-8", b""),
        (' encoding="UTF-16"', "utf-16", b""),
        (' encoding="UTF-16"', "utf-16-be", b""),
        (' encoding="UTF-32"', "utf-32", b""),
        (' encoding="windows-1252"', "cp1252", b""),
        (" encoding='ISO-8859-15'", "iso-8859-15", b""),
        (' encoding="GB18030"', "gb18030", b""),
        (' encoding="macintosh"', "mac-roman", b""),
    ],
)
def test_the_declared_encoding_is_honoured(tmp_path: Path, declared: str, codec: str, mark: bytes) -> None:
    text = HEAD.replace("?>", f"{declared}?>", 1) + WHOLE + TAIL
    extract = take(tmp_path, mark + text.encode(codec))
    assert extract.findings == ()
    assert extract.sender_name == "Été €"
    assert extract.sender_cell == "L4 /iati-activity[1]/reporting-org/@ref"


def test_latin_1_is_read_and_bytes_that_are_not_as_declared_are_refused(tmp_path: Path) -> None:
    text = HEAD.replace("?>", ' encoding="ISO-8859-1"?>', 1) + WHOLE.replace(" €", "") + TAIL
    assert take(tmp_path, text.encode("latin-1")).sender_name == "Été"
    [finding] = take(tmp_path, text.replace("ISO-8859-1", "UTF-8").encode("latin-1")).findings
    assert (finding.rule_id, finding.line) == ("iati.character", 4)
    text = text.replace("ISO-8859-1", "windows-1253").replace("Été", "\x81")
    [finding] = take(tmp_path, text.encode("latin-1")).findings
    assert finding.rule_id == "iati.character"


def test_a_mark_encoded_twice_does_not_hide_that_it_is_xml(tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    path.write_bytes("ï»¿".encode() + (HEAD + WHOLE + TAIL).encode())
    found = extract(path, path.name)
    assert (found.format, found.findings) == ("iati", ())
    assert found.tables[0].data["row_cell"][0].as_py() == "L3 /iati-activity[1]"
