"""Small reports with what they yield: each is a test, a piece of documentation and what `sdg17 explain RULE` shows.

A case is a folder `examples/<kind>/<case>/` of three files: `report.csv` as a partner would send it, `expected_findings.csv`
and `expected_accepted.csv`. Of findings and accepted rows the columns are compared that the expected file has.
"""

from __future__ import annotations

import csv
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from pipelines.attribution import Source
from pipelines.contract import reports
from pipelines.findings import catalogue
from pipelines.intake.extract import extract
from pipelines.judging import Judgement, judge_sources
from pipelines.paths import CONTRACTS

EXAMPLES = Path(__file__).parent / "examples"
CASES = sorted(path.parent for path in EXAMPLES.glob("*/*/report.csv"))

#: Rules about cells that delimited text cannot show, or that need a register; they stand in test_parsing.py.
ELSEWHERE = {"V18.ambiguous-target", "V09.zero-restored", "V09.unlisted"}


def judge(case: Path) -> Judgement:
    path = case / "report.csv"
    source = Source("S-1", f"coop/2026-Q1/{path.name}", "sha", "coop", "2026-Q1", 1, extract(path, path.name))
    return judge_sources([source], {})


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def plain(value: Any) -> str:
    """Writes a value as an expected file does: blank for null, numbers without trailing zeros."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value.normalize():f}" if hasattr(value, "normalize") else str(value)


def compare(found: list[dict[str, Any]], path: Path, columns: list[str]) -> None:
    """Holds rows against an expected file; writes the file anew where SDG17_WRITE_EXAMPLES is set, for a person to read."""
    if os.environ.get("SDG17_WRITE_EXAMPLES"):
        kept = [c for c in columns if any(row.get(c) is not None for row in found)] or columns[:3]
        with path.open("w", encoding="utf-8", newline="") as text:
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(kept)
            writer.writerows([plain(row[c]) for c in kept] for row in found)
    expected = rows(path)
    names = list(expected[0]) if expected else []
    assert [{name: plain(row[name]) for name in names} for row in found] == expected


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_example(case: Path) -> None:
    kind = case.parent.name
    done = judge(case)
    found = sorted(done.findings.to_pylist(), key=lambda f: (f["line"] or 0, f["cell"] or "", f["rule_id"]))
    compare(
        found,
        case / "expected_findings.csv",
        ["rule_id", "severity", "cell", "field", "value", "expected", "suggestion"],
    )
    own = [f for f in reports()[kind].fields if f not in ("partner_id", "period", "report_period")]
    compare(
        done.accepted[kind].to_pylist(), case / "expected_accepted.csv", ["source_row", "partner_id", "period", *own]
    )
    if case.name.startswith("clean"):
        assert not found


def test_every_kind_has_a_clean_example() -> None:
    assert {case.parent.name for case in CASES if case.name == "clean"} == set(reports())


def test_every_rule_about_cells_and_rows_has_an_example() -> None:
    tripped = {row["rule_id"] for case in CASES for row in rows(case / "expected_findings.csv")}
    own = {r["id"] for r in tomllib.loads((CONTRACTS / "_rules.toml").read_text(encoding="utf-8"))["rules"]}
    own |= {rule.id for contract in reports().values() for rule in contract.rules}
    asked = {rule.id for rule in catalogue().values() if rule.id in own and rule.scope in ("cell", "row")}
    assert asked - tripped == ELSEWHERE
