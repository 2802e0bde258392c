"""Rules that lay rows, reports and registers side by side, as DuckDB SQL over accepted rows.

A rule finds; it refuses no row, and where two statements disagree it empties neither, since nobody knows yet which of them
is wrong. Only a territory code that its own year does not have is emptied, as any code that is on no list. Words, scope and
severity stand in `contracts/_rules_fund.toml`. Rules of scope `fund` need what a partner does not have, and run only where
`Fund` is given; the others give the same findings for a file alone as among all files.

Belongs here: running such rules, and what they are given. Does not belong here: their queries, which stand by subject in
`rules_fund_*.py`, nor claims over one row (contracts).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from pipelines import (
    rules_fund_dates,
    rules_fund_money,
    rules_fund_parties,
    rules_fund_places,
    rules_fund_projects,
    rules_fund_rates,
    rules_fund_sums,
    rules_fund_units,
)
from pipelines.contract import Contract, ddl, registers, reports
from pipelines.findings import catalogue
from pipelines.rules_fund_query import FOUND_BY, Query

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

#: Registers that the queries ask; one that a fund does not have has no rows.
REGISTERS = (
    "organisations", "organisation_alias", "territories", "territory_passages", "sdg_targets", "waves", "calendar",
    "fixed_parities",
)  # fmt: skip

#: Tables that no contract describes: they come from a library and not from the fund.
RATES = ("exchange_rates",)


@dataclass(frozen=True)
class Fund:
    """What only the fund knows: the day, in Paris, on which each report came."""

    received_on: Mapping[str, date]


def queries() -> tuple[Query, ...]:
    """Gives every rule of this kind with its query."""
    return (
        *rules_fund_places.QUERIES,
        *rules_fund_projects.QUERIES,
        *rules_fund_money.QUERIES,
        *rules_fund_rates.QUERIES,
        *rules_fund_parties.QUERIES,
        *rules_fund_sums.QUERIES,
        *rules_fund_dates.QUERIES,
        *rules_fund_units.QUERIES,
    )


def judge(
    con: duckdb.DuckDBPyConnection, kinds: list[str], given: Mapping[str, pa.Table], fund: Fund | None = None
) -> None:
    """Adds to `found` what these rules find in `accepted.<kind>`; `given` are registers by name."""
    _lay_out(con, kinds, given, fund)
    if "projects" in kinds:
        con.execute(rules_fund_places.read_regions())
    for query in queries():
        if fund is None and catalogue()[query.rule].scope == "fund":
            continue
        if (query.asks and not set(query.asks) <= set(kinds)) or not set(query.needs) <= set(given):
            continue
        con.execute(_found(query))
    # Of a code that was in force in its year, or is an old one, something better has been said.
    con.execute("""
        delete from found where rule_id = 'V09.unlisted'
            and (row_id, field) in (select row_id, field from place_known)""")
    if "projects" in kinds:
        con.execute(rules_fund_places.empty())


def _lay_out(
    con: duckdb.DuckDBPyConnection, kinds: list[str], given: Mapping[str, pa.Table], fund: Fund | None
) -> None:
    """Creates what queries read: `accepted` of every kind, `reference` of every register, `received`, `place`."""
    con.execute("create schema if not exists accepted; create schema if not exists reference")
    for kind, contract in reports().items():
        if kind not in kinds:
            con.execute(_nothing(contract))
    for name in REGISTERS:
        con.execute(ddl(registers()[name], f"reference.{name}"))
        if name in given:
            con.register("given", given[name])
            con.execute(f"insert into reference.{name} by name from given")
            con.unregister("given")
    for name in RATES:
        if name in given:
            con.register(name, given[name])
    con.execute("create or replace temp table received (submission_id varchar, received_on date)")
    if fund and fund.received_on:
        con.executemany("insert into received values (?, ?)", [list(item) for item in fund.received_on.items()])
    places = " union all ".join(
        f"""select '{kind}' as kind, row_id, submission_id, table_no, source_cell, source_row, source_sheet, partner_id, report_period
            from staged."{kind}" where row_state = 'current'"""
        for kind in kinds
    )
    nowhere = """select null::varchar as kind, null::varchar as row_id, null::varchar as submission_id, 0::bigint as table_no,
        null::varchar as source_cell, 0::bigint as source_row, null::varchar as source_sheet, null::varchar as partner_id,
        null::varchar as report_period where false"""
    con.execute(f"create or replace temp view place as {places or nowhere}")
    con.execute(rules_fund_places.known())


def _nothing(contract: Contract) -> str:
    """A view of accepted rows of a kind that no file brings."""
    from pipelines.staging import SYSTEM

    columns = dict.fromkeys(SYSTEM, "varchar") | {"source_row": "bigint"}
    for field in contract.fields.values():
        columns.setdefault(field.name, field.duckdb_type)
        columns |= {f"{field.name}__text": "varchar", f"{field.name}__cell": "varchar"}
    nulls = ", ".join(f'null::{kind} as "{name}"' for name, kind in columns.items())
    return f'create or replace view accepted."{contract.kind}" as select {nulls} where false'


def _found(query: Query) -> str:
    """Writes the statement that puts what a query finds into `found`, with the place of its row."""
    nulls = ", ".join(f"null::{kind} as {name}" for name, kind in FOUND_BY.items())
    return f"""
        insert into found by name
        with none as (select {nulls} where false), q as (from none union all by name ({query.sql}))
        select '{query.rule}' as rule_id, coalesce(p.submission_id, q.submission_id) as submission_id, p.table_no, q.row_id,
            coalesce(q.cell, p.source_cell) as cell, p.source_row as line, q.field, q.value, q.expected, q.difference,
            q.suggestion, q.kind, nullif(p.source_sheet, '') as sheet, coalesce(p.partner_id, q.partner_id) as partner_id,
            coalesce(p.report_period, q.period) as period, coalesce(q.args, map {{}}::map(varchar, varchar)) as args
        from q left join place p on p.kind = q.kind and p.row_id = q.row_id
        where q.row_id is null or p.row_id is not null"""
