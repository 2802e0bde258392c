"""Great Expectations gives over DuckDB, through our dialect, the verdicts and keys that plain SQL gives."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pytest

CASES: list[tuple[str, dict[str, Any], str]] = [
    ("ExpectColumnValuesToNotBeNull", {"column": "name"}, "name is null"),
    ("ExpectColumnValuesToBeNull", {"column": "note"}, "note is not null"),
    ("ExpectColumnValuesToBeBetween", {"column": "amount", "min_value": 0}, "amount < 0"),
    ("ExpectColumnValuesToBeBetween", {"column": "amount", "max_value": 99.5}, "amount > 99.5"),
    ("ExpectColumnValuesToNotBeInSet", {"column": "amount", "value_set": [0]}, "amount = 0"),
    ("ExpectColumnValuesToBeInSet", {"column": "name", "value_set": ["it's", "b"]}, "name not in ('it''s', 'b')"),
    ("ExpectColumnValuesToBeInSet", {"column": "day", "value_set": [date(2026, 1, 1)]}, "day <> date '2026-01-01'"),
    ("ExpectColumnValuesToMatchRegex", {"column": "name", "regex": "[ab]"}, "not regexp_matches(name, '[ab]')"),
    ("ExpectColumnValueLengthsToBeBetween", {"column": "name", "max_value": 3}, "length(name) > 3"),
    (
        "ExpectColumnValuesToBeUnique",
        {"column": "name"},
        "name in (select name from every_row group by 1 having count(*) > 1)",
    ),
]


@pytest.fixture(scope="module")
def batch() -> Any:
    import great_expectations as gx

    from pipelines import gx_duckdb

    with duckdb.connect() as con:
        con.execute("""
            create table every_row as
            select n::varchar as row_id, [null, 'it''s', 'b', 'cab', 'xy' || n][n % 5 + 1] as name,
                   case when n % 97 = 0 then '!' end as note, (n - 3)::decimal(28, 10) as amount, date '2026-01-01' + (n % 2)::int as day
            from range(1000) r(n)""")
        con.execute("create view current_rows as from every_row")
        with gx_duckdb.shared(con) as address:
            source = gx.get_context(mode="ephemeral").data_sources.add_sql("t", connection_string=address)
            asset = source.add_table_asset("current_rows", table_name="current_rows")
            yield con, asset.add_batch_definition_whole_table("all").get_batch()


@pytest.mark.parametrize(("name", "arguments", "failing"), CASES)
def test_verdict_count_and_keys(batch: Any, name: str, arguments: dict[str, Any], failing: str) -> None:
    import great_expectations.expectations as expectations

    con, over = batch
    expected = {key for (key,) in con.execute(f"select row_id from every_row where {failing}").fetchall()}
    assert expected
    complete = {"result_format": "COMPLETE", "unexpected_index_column_names": ["row_id"]}
    found = over.validate(getattr(expectations, name)(**arguments), result_format=complete)
    assert (found.success, found.result["unexpected_count"]) == (False, len(expected))
    query = found.result["unexpected_index_query"].strip().rstrip(";")
    assert {key for (key,) in con.execute(f"select row_id from ({query})").fetchall()} == expected


def test_a_query_of_ours_is_run_and_counted(batch: Any) -> None:
    import great_expectations.expectations as expectations

    con, over = batch
    ours = expectations.UnexpectedRowsExpectation(
        unexpected_rows_query="select row_id from {batch} where regexp_matches(name, '^y{{0,1}}x')"
    )
    [(expected,)] = con.execute("select count(*) from every_row where regexp_matches(name, '^y{0,1}x')").fetchall()
    assert over.validate(ours, result_format={"result_format": "COMPLETE"}).result["observed_value"] == expected > 0
