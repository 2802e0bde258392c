"""Addresses of IATI cells: exact lines at any size, places that another parser finds, and the real files' counts.

Belongs here: where a text stood, and what real files hold. Does not belong here: which element feeds which field
(test_iati).
"""

from __future__ import annotations

import html
import json
import random
import re
import xml.etree.ElementTree as ET
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.intake import iati
from pipelines.intake.model import Extract, Table

#: Fields whose text is not the partner's but the code that stands for it.
DERIVED = {"party_role", "party_sector", "scale", "method", "budget_version", "direction", "indicator_unit"}


def rows_of(extract: Extract) -> dict[str, list[dict[str, Any]]]:
    return {table.kind: table.data.to_pylist() for table in extract.tables}


def cells(table: Table) -> list[tuple[str, str, str]]:
    """Gives (field, text, address) of every cell that is not blank."""
    found = []
    for column in table.columns:
        texts, places = table.data[column.field], table.data[f"{column.field}__cell"]
        found += [
            (column.field, t, p) for t, p in zip(texts.to_pylist(), places.to_pylist(), strict=True) if t is not None
        ]
    return [(field or "", text, place) for field, text, place in found]


@pytest.fixture(scope="module")
def taken(real: Path) -> dict[Path, Extract]:
    return {path: iati.read(path, path.name) for path in sorted((real / "iati").glob("*.xml"))}


def test_real_files_yield_what_a_careful_reader_counts(real: Path, taken: dict[Path, Extract]) -> None:
    facts = json.loads((real / "FACTS.json").read_text(encoding="utf-8"))
    assert len(taken) == len([name for name in facts if name.startswith("iati/")]) == 8
    for path, extract in taken.items():
        name, fact = path.name, facts[f"iati/{path.name}"]
        counts = {table.kind: table.rows for table in extract.tables}
        assert counts["projects"] == fact["activities"], name
        assert counts.get("transactions", 0) == fact["transactions"], name
        rows = rows_of(extract)
        assert len({r["project_id"] for r in rows.get("sdg_links", [])}) == fact["sdg_tagged_activities"], name
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for row in rows.get("transactions", []):
            assert row["amount__type"] == "n", row["amount__cell"]
            sums[f"{row['transaction_type_code']}|{row['currency']}"] += Decimal(row["amount"])
        assert sums == {key: Decimal(text) for key, text in fact["sum_by_type_currency"].items()}, name
        results = {r["row_cell"].split(" ")[1].split("/indicator")[0] for r in rows.get("observations", [])}
        assert len(results) == fact["results"], name
        elements = path.read_bytes()
        assert counts.get("budgets", 0) == len(re.findall(rb"<budget[ >]", elements)), name
        assert counts.get("observations", 0) == len(re.findall(rb"<period[ >]", elements)), name
        assert not [f for f in extract.findings if f.rule_id != "iati.one-of-several"], name


def test_real_cells_are_where_their_addresses_say(taken: dict[Path, Extract]) -> None:
    """Looks every cell up twice: by another parser, and in the file's own lines."""
    for path, extract in taken.items():
        text = path.read_text(encoding="utf-8")
        assert assert_addresses_hold(extract, text) > 20


def assert_addresses_hold(extract: Extract, text: str) -> int:
    activities = ET.fromstring(text).findall("iati-activity")
    lines = text.split("\n")
    elements: dict[tuple[str, str | None], ET.Element | None] = {}
    checked = 0
    for table in extract.tables:
        for field, typed, place in cells(table):
            if field in DERIVED:
                continue
            found = re.fullmatch(r"L(\d+) /iati-activity\[(\d+)\](?:/([^@]*?))?(?:/?@([\w-]+))?", place)
            assert found, place
            line, number, below, attribute = found.groups()
            if (number, below) not in elements:
                elements[number, below] = activities[int(number) - 1].find(below or ".")
            element = elements[number, below]
            assert element is not None, place
            there = element.get(attribute) if attribute else element.text
            assert there is not None and there.strip(), place
            first = there.strip().split("\n")[0]
            assert typed == there.strip() or (field == "title" and typed == first.strip()), (place, typed)
            assert first in html.unescape(lines[int(line) - 1]), (place, typed)
            checked += 1
    return checked


def test_lines_are_exact_beyond_65536(tmp_path: Path) -> None:
    """Generated so that each amount is the number of its own line."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<iati-activities version="2.02">']
    chance = random.Random(17)
    while len(lines) < 70_000:
        lines += [
            '<iati-activity default-currency="XOF">',
            "<iati-identifier>A</iati-identifier>",
            '<reporting-org ref="R"/>',
        ]
        for _ in range(chance.randrange(40)):
            lines += ["<transaction", 'humanitarian="0">', "<!-- é"] + [""] * chance.randrange(3) + ["-->"]
            lines += ['<transaction-type code="2"/>', f"<value>{len(lines) + 2}</value>", "</transaction>"]
        lines += ["</iati-activity>"]
    path = tmp_path / "long.xml"
    for newline in ("\n", "\r\n"):
        path.write_bytes(newline.join([*lines, "</iati-activities>"]).encode())
        rows = rows_of(iati.read(path, "long.xml"))["transactions"]
        assert int(rows[-1]["amount"]) > 69_000
        for row in rows:
            assert row["amount__cell"].startswith(f"L{row['amount']} /iati-activity["), row
        assert [r["row_number"] for r in rows] == [i for i, line in enumerate(lines, 1) if line == "<transaction"]
