"""The walls around SQL: a file is a comment and one SELECT that gives the same values on every engine.

Belongs here: what can be said of a SQL file without running it on data. Does not belong here: what a figure must be.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from pipelines import warehouse
from pipelines.paths import SQL

FILES = sorted(SQL.glob("*/*.sql"))
LAYERS = {"core", "metrics", "checks"}

#: Seen to give another value, or none, on the second engine that is to run the same SQL; each word with its reason.
BANNED = {
    r"\bpivot\b": "its columns depend on the data",
    r"\basof\s+join\b": "exists on one engine only",
    r"\bquantile_cont\b": "exists on one engine only; medians use median()",
    r"\blist\s*\([^()]*\border\s+by\b": "is ordered on one engine only; use list_sort(list(...))",
    r"\blen\s*\(": "counts letters of a text on one engine, members of a list on the other; use length() or array_length()",
    r"\bdate_diff\s*\(\s*'month'": "counts boundaries on one engine, whole months on the other",
    r"\bcast\s*\(\s*[\d.]*\.5\s+as\s+integer": "rounds up on one engine, down on the other",
    r"\bstrftime\b": "reads bare letters of its format as codes on one engine only",
    r"\b(now|current_date|current_timestamp|today|random|uuid)\b": "gives other bytes on every run",
    r"\{\{|\{%|\$\w|\?": "is a parameter; a number that a query needs is a row in data/reference/",
}

#: What a unit looks like at the end of a name; with it, the unit in the column's comment must agree.
UNITS = {"_eur": "EUR", "_pct": "%", "_bp": "basis points", "_hours": "hours", "_days": "days"}

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def named(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@cache
def bare(path: Path) -> str:
    """Gives the SQL without comments and without the texts in quotes."""
    without = re.sub(r"--[^\n]*|'(?:[^']|'')*'", lambda m: "''" if m[0][0] == "'" else "", path.read_text("utf-8"))
    assert "/*" not in without, f"{named(path)}: comments begin with two dashes"
    return without


@cache
def select(path: Path) -> exp.Query:
    statements = sqlglot.parse(path.read_text("utf-8"), read="duckdb")
    assert len(statements) == 1, f"{named(path)} holds {len(statements)} statements"
    (query,) = statements
    assert isinstance(query, exp.Query), f"{named(path)} is no SELECT"
    return query


def test_there_is_sql_in_known_layers_only() -> None:
    assert {path.parent.name for path in FILES} == LAYERS
    assert {path.relative_to(SQL) for path in SQL.rglob("*.sql")} == {path.relative_to(SQL) for path in FILES}
    assert {model.path for model in (*warehouse.models(), *warehouse.checks())} == set(FILES)


@pytest.mark.parametrize("path", FILES, ids=named)
class TestFile:
    def test_it_begins_with_what_it_says(self, path: Path) -> None:
        header = path.read_text("utf-8").split("\n\n")[0] if bare(path).strip() else ""
        header = "\n".join(line for line in header.splitlines() if line.startswith("--"))
        assert re.match(r"-- [A-ZÀ-Ý].+", header), "the first line is a sentence"
        wanted = {"core": ["grain"], "metrics": ["grain", "metric"], "checks": []}[path.parent.name]
        for word in wanted:
            assert re.search(rf"^-- {word}: \S", header, re.MULTILINE), f"the header says no {word}"

    def test_it_is_one_select_in_lower_case(self, path: Path) -> None:
        query = select(path)
        assert not any(isinstance(column, exp.Star) for column in query.selects), "name the columns at the end"
        names = [column.alias_or_name for column in query.selects]
        assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names), names
        assert bare(path) == bare(path).lower()

    def test_it_holds_no_word_that_engines_understand_differently(self, path: Path) -> None:
        found = {word: why for word, why in BANNED.items() if re.search(word, bare(path))}
        assert not found, found
        for inner in select(path).find_all(exp.Select):
            unnested = [n for c in inner.expressions for n in c.find_all(exp.Unnest, exp.Explode)]
            assert len(unnested) < 2, "two unnest() in one SELECT: zipped on one engine, multiplied on the other"

    def test_quotients_are_rounded_and_never_divide_by_nothing(self, path: Path) -> None:
        for quotient in select(path).find_all(exp.Div, exp.IntDiv):
            divisor = quotient.expression.unnest()
            safe = isinstance(divisor, exp.Nullif) or (isinstance(divisor, exp.Literal) and float(divisor.this) != 0)
            assert safe, f"nullif(..., 0) is missing: {quotient.sql('duckdb')}"
        for mean in select(path).find_all(exp.Div, exp.Avg):
            outer = mean.find_ancestor(exp.Cast, exp.Round)
            assert outer is not None, f"cast to a DECIMAL: {mean.sql('duckdb')}"


def test_every_column_says_what_it_means() -> None:
    silent, wrong = [], []
    for model in warehouse.models():
        for column in model.columns:
            place = f"{model.name}.{column.name}"
            if not column.meaning.strip():
                silent.append(place)
            wrong += [place for ending, unit in UNITS.items() if column.name.endswith(ending) and column.unit != unit]
            if column.name.startswith("is_") and column.type != "BOOLEAN":
                wrong.append(place)
            if column.name.endswith("_date") and column.type != "DATE":
                wrong.append(place)
            if column.type in ("DOUBLE", "FLOAT", "HUGEINT"):
                wrong.append(f"{place} is a {column.type}")
    assert not silent, f"no comment beside: {silent}"
    assert not wrong, f"name, type and unit do not agree: {wrong}"


def test_one_name_has_one_type() -> None:
    types: dict[str, set[str]] = {}
    for model in warehouse.models():
        for column in model.columns:
            types.setdefault(column.name, set()).add(column.type)
    several = {name: kinds for name, kinds in types.items() if len(kinds) > 1}
    assert not several, several
