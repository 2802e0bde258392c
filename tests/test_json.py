"""JSON reports: our own shape, bare lists, JSON Lines; numbers as typed, every cell with its pointer, damage told once.

Belongs here: what a JSON file becomes. Does not belong here: grants of real publishers (test_360giving).
"""

from __future__ import annotations

import dataclasses
import json
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.intake import json_reader
from pipelines.intake.extract import extract
from pipelines.intake.extract import read as read_file
from pipelines.intake.header_maps import HeaderMap
from pipelines.intake.json_columns import MAXIMUM_COLUMNS, columns
from pipelines.intake.json_text import MAXIMUM_DEPTH, parse
from pipelines.intake.model import Extract, data_schema
from pipelines.paths import CONTRACTS

ROW = {"project_id": "P-1", "transaction_type_code": 2, "amount": 12.5, "transaction_date": "2026-02-03"}
OWN = """{
  "partner": "732829320", "period": "2026-T2",
  "transactions": [
    {"project_id": "P-1", "transaction_type_code": 3, "amount": 12500.10, "currency": "EUR", "Objet": "salle"},
    {},
    {"project_id": "P-2", "transaction_type_code": "2", "amount": "1 234,50 €", "is": {"a/b": true, "c~d": [1, "x"]}}
  ],
  "Projets": [{"Identifiant du projet": "P-1", "Intitulé du projet": "Ateliers", "Notes": null}]
}"""


def read(folder: Path, text: str | bytes) -> Extract:
    path = folder / "received"
    path.write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    return extract(path, "rapport.json")


def rows_of(found: Extract) -> dict[str, list[dict[str, Any]]]:
    return {table.kind: table.data.to_pylist() for table in found.tables}


def catalogue() -> dict[str, dict[str, dict[str, str]]]:
    stated = [
        tomllib.loads((CONTRACTS / f"_rules_{name}.toml").read_text(encoding="utf-8")) for name in ("json", "intake")
    ]
    return {rule["id"]: rule for rules in stated for rule in rules["rules"]}


def assert_sentences(found: Extract) -> None:
    """Every place a sentence names is filled in."""
    for finding in found.findings:
        filled = {k: v for k, v in dataclasses.asdict(finding).items() if v is not None} | finding.args
        for sentence in catalogue()[finding.rule_id]["says"].values():
            assert sentence.format(**filled)


def test_our_own_shape(tmp_path: Path) -> None:
    found = read(tmp_path, OWN)
    assert (found.format, found.layout, found.sender_id, found.period) == ("json", "template", "732829320", "2026-Q2")
    assert found.sender_cell == "/partner"
    assert [(table.kind, table.rows) for table in found.tables] == [("transactions", 2), ("projects", 1)]
    first, second = rows_of(found)["transactions"]
    assert (first["row_number"], first["row_cell"]) == (1, "/transactions/0")
    assert (second["row_number"], second["row_cell"]) == (3, "/transactions/2")
    assert (first["amount"], first["amount__cell"], first["amount__type"]) == (
        "12500.10",
        "/transactions/0/amount",
        "n",
    )
    assert (second["amount"], second["amount__type"]) == ("1 234,50 €", "s")
    assert (first["description"], first["description__cell"]) == ("salle", "/transactions/0/Objet")
    assert first["extra"] is None
    assert json.loads(second["extra"]) == {"is/a/b": "true", "is/c~d/0": "1", "is/c~d/1": "x"}
    [project] = rows_of(found)["projects"]
    assert (project["project_id__cell"], project["title"]) == ("/Projets/0/Identifiant du projet", "Ateliers")
    told = [(f.rule_id, f.cell, f.value, f.line) for f in found.findings]
    assert told == [
        ("read.unknown-column", "/transactions/2/is/a~1b", "is/a/b", None),
        ("read.unknown-column", "/transactions/2/is/c~0d/0", "is/c~d/0", None),
        ("read.unknown-column", "/transactions/2/is/c~0d/1", "is/c~d/1", None),
    ]
    assert_sentences(found)
    for table in found.tables:
        assert table.data.schema == data_schema(tuple(dict.fromkeys(_fields(table.data.column_names))))


def _fields(names: list[str]) -> list[str]:
    return [name for name in names if "__" not in name and name not in ("row_number", "row_cell", "extra")]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (json.dumps([ROW]), "/0/amount"),
        (json.dumps({"transactions": [ROW]}), "/transactions/0/amount"),
        (json.dumps({"report": {"period": "2026-Q1", "transactions": [ROW]}}), "/report/transactions/0/amount"),
        (json.dumps(ROW), "/amount"),
        (json.dumps(ROW) + "\n\n" + json.dumps(ROW | {"amount": 7}) + "\n", "L1 /amount"),
        ("\ufeff" + json.dumps([ROW]), "/0/amount"),
        ("ï»¿" + json.dumps([ROW]), "/0/amount"),
    ],
)
def test_where_rows_may_stand(tmp_path: Path, text: str, place: str) -> None:
    found = read(tmp_path, text)
    [table] = found.tables
    assert (table.kind, table.data["amount"][0].as_py(), table.data["amount__cell"][0].as_py()) == (
        "transactions",
        "12.5",
        place,
    )
    assert table.data["row_cell"][0].as_py() == place.removesuffix("/amount").strip()
    assert not [f for f in found.findings if f.rule_id != "V25.repaired"]


def test_utf_16_and_windows_are_read(tmp_path: Path) -> None:
    text = json.dumps([ROW | {"description": "Été"}], ensure_ascii=False)
    for encoding, stated in (("utf-16", "utf-16"), ("cp1252", "cp1252")):
        found = read(tmp_path, text.encode(encoding))
        assert found.tables[0].data["description"][0].as_py() == "Été"
        assert [(f.rule_id, f.value) for f in found.findings] == [("V25.encoding", stated)]


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    """Rows over several lines, blank lines between, a blank row: each row says the line it starts on."""
    texts = [json.dumps(ROW | {"amount": i}, indent=i % 3 or None) for i in range(50)]
    text = "".join(t + "\n" * (1 + i % 4) for i, t in enumerate(texts)) + "{}\n"
    data = read(tmp_path, text).tables[0].data
    lines = text.split("\n")
    assert data.num_rows == 50
    for row in data.to_pylist():
        assert lines[row["row_number"] - 1].startswith("{")
        rest = "\n".join(lines[row["row_number"] - 1 :])
        assert str(json.JSONDecoder().raw_decode(rest)[0]["amount"]) == row["amount"]
        assert row["amount__cell"] == f"L{row['row_number']} /amount"
        assert row["row_cell"] == f"L{row['row_number']}"


@pytest.mark.parametrize(
    "typed",
    [
        "12500.10",
        "0.1",
        "-0",
        "123456789012345678901234567890.12345678901234567890",
        "1e3",
        "1.50E-2",
        "9007199254740993",
    ],
)
def test_numbers_are_as_typed(tmp_path: Path, typed: str) -> None:
    text = json.dumps([ROW]).replace("12.5", typed)
    data = read(tmp_path, text).tables[0].data
    assert (data["amount"][0].as_py(), data["amount__type"][0].as_py()) == (typed, "n")


def test_rows_of_many_shapes_become_columns(tmp_path: Path) -> None:
    rows = [ROW, ROW | {"amount": None}, ROW | {"amount": "n/a"}, ROW | {"amount": True}, ROW | {"amount": {"v": 1}}]
    data = read(tmp_path, json.dumps({"transactions": [*rows, ROW | {"amount": [5, 6]}]})).tables[0].data
    assert data["amount"].to_pylist() == ["12.5", None, "n/a", "true", None, None]
    assert data["amount__type"].to_pylist() == ["n", "s", "s", "b", "s", "s"]
    assert data["extra"].to_pylist()[4:] == ['{"amount/v": "1"}', '{"amount/0": "5", "amount/1": "6"}']


def test_the_words_of_a_partner_count(tmp_path: Path) -> None:
    own = HeaderMap(frozenset(), (("transactions", "Mt. accordé HT", "amount"),), "")
    path = tmp_path / "received"
    path.write_text(
        json.dumps([{"Mt. accordé HT" if k == "amount" else k: v for k, v in ROW.items()}]), encoding="utf-8"
    )
    data = read_file(path, "rapport.json", own).tables[0].data
    assert (data["amount"][0].as_py(), data["amount__cell"][0].as_py()) == ("12.5", "/0/Mt. accordé HT")


def test_a_long_list_is_one_text(tmp_path: Path) -> None:
    area = [[1.50, 2], {"a": "é\n"}] * 30
    found = read(tmp_path, json.dumps([ROW | {"area": area}]).replace("1.5,", "1.50,"))
    kept = json.loads(found.tables[0].data["extra"][0].as_py())["area"]
    assert json.loads(kept) == area
    assert "1.50" in kept
    assert [(f.rule_id, f.cell) for f in found.findings] == [("read.unknown-column", "/0/area")]


def test_half_a_character_is_replaced_and_the_rest_kept(tmp_path: Path) -> None:
    found = read(
        tmp_path, '[{"project_id": "P\\ud83d", "title": "\\ud83d\\ude00 ok", "description": "x", "k\\udc00": "v"}]'
    )
    [row] = rows_of(found)["projects"]
    assert (row["project_id"], row["title"]) == ("P\ufffd", "😀 ok")
    assert json.loads(row["extra"]) == {"k\ufffd": "v"}


NESTED = "[" * 5_000 + "]" * 5_000
DEEP = '{"a": ' * (MAXIMUM_DEPTH + 5) + "1" + "}" * (MAXIMUM_DEPTH + 5)
WIDE = json.dumps([{f"k{i}": 1} for i in range(MAXIMUM_COLUMNS + 1)])
REFUSED: dict[str, list[str]] = {
    "json.cut-off": [OWN[:cut] for cut in (30, 60, 150, 250, len(OWN) - 2)] + ['[{"a": tru', '[{"a": 1}', '{"a"', '[{"a": -'],
    "json.not-well-formed": [
        '[{"a": 1,}]', '{"a": 1 "b": 2}', '[{"a": 1}] x', '{"a": \'x\'}', '{"a": 01}', '[{"a": 1}]\n[{"b": }]', '{"a": "\x01"}',
    ],
    "json.too-deep": [NESTED, '{"a": ' * 5_000, f'[{{"project_id": {DEEP}}}]', f'{{"a": {DEEP}, "projects": [{{"a": 1}}]}}'],
    "json.too-wide": [WIDE, json.dumps({"projects": json.loads(WIDE)})],
}  # fmt: skip


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in REFUSED.items() for text in texts])
def test_what_cannot_be_read_is_one_clear_finding(tmp_path: Path, rule: str, text: str) -> None:
    found = read(tmp_path, text)
    assert [f.rule_id for f in found.findings] == [rule]
    assert (found.format, found.tables) == ("unreadable", ())
    assert_sentences(found)


REMARKED: dict[str, list[str]] = {
    "json.no-table": [
        '{"a": 1}',
        "{}",
        '{"projects": {"P-1": {"title": "A"}, "P-2": {"title": "B"}}}',
        '["a", "b"]',
        "[[1, 2]]",
    ],
    "json.no-rows": ['{"grants": []}', "[]", '{"partner": "X", "projects": [], "transactions": []}'],
    "json.unknown-keys": ['[{"foo": 1, "bar": 2}]', '{"projects": [{"provider_id": 1, "amount": 2, "currency": 3}]}'],
    "json.not-a-row": [json.dumps([ROW, 5, "x"]), json.dumps({"transactions": [["a"], ROW]})],
    "json.same-key": ['[{"project_id": "P", "title": "A", "title": "B", "description": "C"}]'],
    "json.constant": [json.dumps([ROW | {"amount": float("nan")}]), json.dumps([ROW | {"amount": float("-inf")}])],
}


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule, texts in REMARKED.items() for text in texts])
def test_what_is_odd_is_one_clear_finding(tmp_path: Path, rule: str, text: str) -> None:
    found = read(tmp_path, text)
    assert [f.rule_id for f in found.findings] == [rule], found.findings
    assert_sentences(found)


def test_odd_things_keep_their_text(tmp_path: Path) -> None:
    [row] = rows_of(read(tmp_path, REMARKED["json.same-key"][0]))["projects"]
    assert (row["title"], json.loads(row["extra"])) == ("A", {"title [2]": "B"})
    data = read(tmp_path, REMARKED["json.constant"][0]).tables[0].data
    assert (data["amount"][0].as_py(), data["amount__type"][0].as_py()) == ("NaN", "s")
    data = read(tmp_path, REMARKED["json.not-a-row"][1]).tables[0].data
    assert data["amount__cell"].to_pylist() == ["/transactions/1/amount"]


def test_a_file_beyond_the_ceiling_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_reader, "MAXIMUM_BYTES", 2**20)
    found = read(tmp_path, "[" + json.dumps(ROW) + " " * 2**20 + "]")
    assert [f.rule_id for f in found.findings] == ["json.too-large"]
    assert_sentences(found)


def test_every_rule_about_json_is_used_and_has_sentences() -> None:
    stated = tomllib.loads((CONTRACTS / "_rules_json.toml").read_text(encoding="utf-8"))["rules"]
    assert {rule["id"] for rule in stated} == {*REFUSED, *REMARKED, "json.too-large"}


_keys = st.text(st.characters(codec="utf-8"), max_size=4)
_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(_keys, _values, max_size=4), min_size=1, max_size=6))
def test_every_value_is_found_again_at_its_pointer(rows: list[dict[str, Any]]) -> None:
    """Follows each pointer through the values by hand; every value that is no blank stands in exactly one cell."""
    text = _dump(rows)
    [parsed] = parse(text).values
    cells = 0
    for column in columns(parsed):
        for row, typed in zip(rows, column.text.to_pylist(), strict=True):
            if typed is None:
                continue
            value: Any = row
            for part in column.pointer.split("/")[1:]:
                part = part.replace("~1", "/").replace("~0", "~")
                value = value[int(part)] if isinstance(value, list) else value[part]
            assert typed == (_dump(value) if not isinstance(value, str) else value)
            cells += 1
    assert cells == sum(_leaves(row) for row in rows)


def _leaves(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_leaves, value.values()))
    if isinstance(value, list):
        return sum(map(_leaves, value))
    return int(value is not None and (not isinstance(value, str) or bool(value.strip())))


def _dump(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {_dump(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_dump, value)) + "]"
    return format(value, "f") if isinstance(value, Decimal) else json.dumps(value)
