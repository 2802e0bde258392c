"""Every SQL file gives the rows that its example says: `tests/sql/<layer>/<name>.toml`, given rows -> expected rows.

An example names only the columns it is about: what is not given is null, what is not expected is not compared. All
values are text; they are compared as the engine writes them, so `1.10` in a DECIMAL(18,2) is `1.10`.

    [[case]]
    says = "a day without a rate takes the last one before it"
    given."reference.exchange_rates" = [{ currency = "USD", rate_date = "2026-01-02", units_per_eur = "1.25" }]
    expected = [{ currency = "USD", rate_date = "2026-01-02" }]
"""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import contract, shapes, warehouse
from pipelines.warehouse import Model

EXAMPLES = Path(__file__).parent / "sql"
MODELS = {m.name: m for m in (*warehouse.models(), *warehouse.checks())}


def cases() -> list[Any]:
    found = []
    for path in sorted(EXAMPLES.glob("*/*.toml")):
        for case in tomllib.loads(path.read_text("utf-8"))["case"]:
            name = f"{path.parent.name}.{path.stem}"
            found.append(pytest.param(name, case, id=f"{name}: {case['says']}"))
    return found


@pytest.mark.parametrize(("name", "case"), cases())
def test_it_gives_the_expected_rows(name: str, case: dict[str, Any]) -> None:
    of = MODELS[name]
    expected = case["expected"]
    columns = sorted({column for row in expected for column in row}) or [of.columns[0].name]
    with duckdb.connect() as con:
        fill(con, of, case["given"])
        con.register("answer", warehouse.execute(of, con))
        shown = ", ".join(f'cast("{column}" as varchar)' for column in columns)
        answer = con.execute(f"select {shown} from answer").fetchall()
    wanted = [tuple(row.get(column) for column in columns) for row in expected]
    assert Counter(answer) == Counter(wanted)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_sql_file_has_an_example(name: str) -> None:
    path = EXAMPLES / name.replace(".", "/")
    said = tomllib.loads(path.with_suffix(".toml").read_text("utf-8"))["case"]
    if name.startswith("checks."):
        assert any(case["expected"] for case in said), "an example must break the claim"
        assert any(not case["expected"] for case in said), "an example must keep the claim"


def test_examples_are_of_sql_files() -> None:
    assert {f"{path.parent.name}.{path.stem}" for path in EXAMPLES.glob("*/*.toml")} <= set(MODELS)


def test_measures_are_those_of_the_code_list() -> None:
    import csv
    import re

    from pipelines.paths import CODES

    with (CODES / "measure.csv").open(encoding="utf-8", newline="") as text:
        units = {row["code"]: row["unit"] for row in csv.DictReader(text)}
    assert set(units) == {c.code for c in contract.code_list("measure").codes}
    sql = MODELS["core.amount"].sql + MODELS["core.quantity"].sql
    named = set(re.findall(r"'([a-z]+(?:_[a-z]+)*)'", sql))
    made = {who + what for who in ("skills", "staff", "volunteer") for what in ("_people", "_hours", "_days", "_fte")}
    assert set(units) <= named | made, "a measure that nothing yields"


def fill(con: duckdb.DuckDBPyConnection, of: Model, given: dict[str, list[dict[str, str]]]) -> None:
    """Creates the inputs of a model with the given rows."""
    assert set(given) <= set(of.inputs), "an example gives what the model does not read"
    for name in of.inputs:
        layer = name.split(".")[0]
        types = {c.name: c.type for c in MODELS[name].columns} if layer in warehouse.BUILT else shapes.of(name)
        columns = ", ".join(f'"{column}" {kind}' for column, kind in types.items())
        con.execute(f"create schema if not exists {layer}; create table {name} ({columns})")
        for row in given.get(name, ()):
            assert set(row) <= set(types), f"{name} has no such column: {set(row) - set(types)}"
            names = ", ".join(f'"{column}"' for column in row)
            con.execute(f"insert into {name} ({names}) values ({', '.join('?' * len(row))})", list(row.values()))
