"""Staged rows + contract -> what is wrong with each, by Great Expectations, inside DuckDB.

Belongs here: which expectations a contract means, running them, and the keys of the rows that fail. Does not belong here:
reading texts (parsing), sentences (findings), what becomes of a row (acceptance).

One batch per kind, whatever the number of files: a run costs some tenths of a second, whatever its size. The failing rows
come from Great Expectations' own query, run without its cap, and their number is held against its own count. Where that
query is wrong (several columns), the rule is a query of ours that Great Expectations runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import TYPE_CHECKING, Any

from pipelines.contract import Contract, Field
from pipelines.errors import ProjectError
from pipelines.findings import FOUND

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Check:
    """One claim over the current rows of a kind.

    `claim` is the name of an expectation with its arguments, or an SQL condition that holds for rows that fail. What
    parsing has said of a cell stands in the row: the claim is then that it has said nothing, and `ruled_by` is the prefix
    of the columns that name the rule. `words` are the fields that the sentence quotes.
    """

    rule: str
    severity: str
    fields: tuple[str, ...]
    claim: tuple[str, dict[str, Any]] | str
    ruled_by: str | None = None
    expected: str | None = None
    words: dict[str, str] = dataclass_field(default_factory=dict)


def judge(con: duckdb.DuckDBPyConnection, contracts: dict[str, Contract]) -> None:
    """Adds to `found` one row per rule that a row of `staged.<kind>` breaks, for all kinds given.

    Great Expectations is not even imported where there is no row to judge.
    """
    filled = []
    for kind, contract in contracts.items():
        con.execute(f"""create or replace view {_rows(kind)} as from staged."{kind}" where row_state = 'current'""")
        [(rows,)] = con.execute(f"select count(*) from {_rows(kind)}").fetchall()
        if rows:
            filled.append(contract)
    if filled:
        with _great_expectations(con) as source:
            for contract in filled:
                _judge(con, source, contract)


def checks(contract: Contract, columns: set[str], brought: set[str]) -> list[Check]:
    """Gives the claims that a contract makes about rows with these staged columns, of which files brought these fields.

    Fields that no file brings cannot be wrong, only missing: they are judged where they are required.
    """
    found: list[Check] = []
    for field in contract.fields.values():
        if f"unread__{field.name}" in columns:
            unread = ("ExpectColumnValuesToBeNull", {"column": f"unread__{field.name}"})
            found.append(Check("unread", "critical", (field.name,), unread, ruled_by="fault__"))
        if field.required or contract.point == (field.name,):
            blank = ("ExpectColumnValuesToNotBeNull", {"column": f"{field.name}__text"})
            found.append(Check("required", field.severity, (field.name,), blank))
        if field.name in brought:
            found += _limits(field, contract)
    if noted := tuple(f for f in contract.fields if f"note__{f}" in columns):
        said = " or ".join(f'"note__{f}" is not null' for f in noted)
        found.append(Check("note", "info", noted, said, ruled_by="note__"))
    amounts = [f.name for f in contract.fields.values() if f.type == "money" and f.name in brought]
    if "currency" in contract.fields and amounts:
        owed = " or ".join(f'"{f}" is not null' for f in amounts)
        unsaid = f"currency is null and currency__text is null and ({owed})"
        found.append(Check("V10.currency-missing", "critical", ("currency",), unsaid))
    if len(contract.point) > 1:
        # Of a required one that is blank it has been said already.
        filled = [f'"{f}__text" is not null' for f in contract.point if contract.fields[f].required]
        nothing = " and ".join([*(f'"{f}" is null' for f in contract.point), *filled])
        found.append(Check("point.missing", "critical", (), nothing, words=_names(contract, contract.point)))
    if contract.parties:
        found.append(
            Check("parties.missing", "critical", (), no_party(contract), words=_names(contract, contract.parties))
        )
    for rule in contract.rules:
        if brought.issuperset(rule.fields):
            words = {f: f"""coalesce(r."{f}__text", '—')""" for f in rule.fields}
            found.append(Check(rule.id, rule.severity, rule.fields[:1], f"not ({rule.holds})", words=words))
    return found


def no_party(contract: Contract) -> str:
    """Writes the SQL that says whether a row names neither a project nor a party; a number that is unread is no blank."""
    return " and ".join(f'("{f}" is null and "{f}__text" is null)' for f in contract.parties)


def _limits(field: Field, contract: Contract) -> list[Check]:
    found = []
    if field.type == "money":
        # Money is never emptied for its sign: refunds and decommitments are negative by right.
        below = ("ExpectColumnValuesToBeBetween", {"column": field.name, "min_value": 0})
        found.append(Check("V02.negative", "warning", (field.name,), below))
        if contract.point == (field.name,):
            nought = ("ExpectColumnValuesToNotBeInSet", {"column": field.name, "value_set": [0]})
            found.append(Check("V02.zero", "warning", (field.name,), nought))
        return found
    for rule, limit, argument in (("minimum", field.minimum, "min_value"), ("maximum", field.maximum, "max_value")):
        if limit is not None:
            within = ("ExpectColumnValuesToBeBetween", {"column": field.name, argument: _plain(limit)})
            found.append(Check(rule, field.severity, (field.name,), within, expected=str(_plain(limit))))
    return found


@contextmanager
def _great_expectations(con: duckdb.DuckDBPyConnection) -> Iterator[Any]:
    """Yields the current rows of every kind as a data source of Great Expectations, which lives as long as the judgement."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    from pipelines import gx_duckdb

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    with gx_duckdb.shared(con) as address:
        yield context.data_sources.add_sql("current", connection_string=address)


def _judge(con: duckdb.DuckDBPyConnection, source: Any, contract: Contract) -> None:
    kind = contract.kind
    columns = set(con.sql(f'from staged."{kind}"').columns)
    brought = {field for (field,) in con.execute("select field from brought where kind = ?", [kind]).fetchall()}
    asset = source.add_table_asset(kind, table_name=_rows(kind))
    batch = asset.add_batch_definition_whole_table("current").get_batch()
    claims = checks(contract, columns, brought)
    # Two runs: most claims hold, and asking for the rows that fail costs more than asking whether any does.
    broken = [
        c for c, outcome in _expect(batch, kind, claims, {"result_format": "BOOLEAN_ONLY"}) if not outcome.success
    ]
    complete = {"result_format": "COMPLETE", "unexpected_index_column_names": ["row_id"]}
    for check, outcome in _expect(batch, kind, broken, complete):
        query, count = _failing(kind, check, outcome.result)
        con.execute(_record(contract, check, query, columns))
        [(kept,)] = con.execute("select count(distinct row_id) from failing").fetchall()
        if kept != count or not count:
            raise ProjectError(
                f"Rule {check.rule} of {kind}: {count} rows fail and {kept} were found.",
                "This is a fault of the program.",
            )
        con.execute(f"insert into found ({_PLACED}) select * from failing; drop table failing")


def _expect(batch: Any, kind: str, claims: list[Check], result_format: dict[str, Any]) -> list[tuple[Check, Any]]:
    """Runs claims as one suite over a batch, and gives each with its result."""
    import great_expectations as gx
    import great_expectations.expectations as expectations

    if not claims:
        return []

    def expectation(number: int, check: Check) -> Any:
        meta = {"rule": check.rule, "number": number}
        if isinstance(check.claim, str):
            query = _query(check.claim, _BATCH).replace("{", "{{").replace("}", "}}").replace(_BATCH, "{batch}")
            name, arguments = "UnexpectedRowsExpectation", {"unexpected_rows_query": query}
        else:
            name, arguments = check.claim
        return getattr(expectations, name)(**arguments, severity=check.severity, meta=meta)

    suite = gx.ExpectationSuite(kind, expectations=[expectation(i, c) for i, c in enumerate(claims)])
    results = batch.validate(suite, result_format=result_format).results
    for result in results:
        if result.exception_info.get("raised_exception"):
            raise ProjectError(
                f"Rule {result.expectation_config.meta['rule']} of {kind} cannot be judged: "
                f"{result.exception_info['exception_message']}",
                "This is a fault of the contract or of the program.",
            )
    return [(claims[int(r.expectation_config.meta["number"])], r) for r in results]


#: What a claim gives of a finding, in order.
_PLACED = ", ".join(name for name in FOUND if name != "difference")

#: Stands for the batch in a query until its other braces have been doubled.
_BATCH = "\x00batch\x00"


def _rows(kind: str) -> str:
    """The view of the current rows of a kind."""
    return f"judged_{kind}"


def _query(failing: str, batch: str) -> str:
    return f"select row_id from {batch} where {failing}"


def _failing(kind: str, check: Check, result: dict[str, Any]) -> tuple[str, int]:
    """Gives the query for the keys of failing rows, and how many there must be."""
    if isinstance(check.claim, str):
        return _query(check.claim, _rows(kind)), int(result["observed_value"])
    return str(result["unexpected_index_query"]).strip().rstrip(";"), int(result["unexpected_count"])


def _record(contract: Contract, check: Check, failing: str, columns: set[str]) -> str:
    """Writes the statement that puts the failing rows into `failing`, in the shape of `found`."""
    words = ", ".join(f"{_literal(word)}: {sql}" for word, sql in check.words.items())
    found = "\nunion all ".join(
        f"""select {", ".join(_places(check, field, columns))}, {_literal(contract.kind)}, nullif(r.source_sheet, ''), r.partner_id,
            r.report_period, cast(map {{{words}}} as map(varchar, varchar))
        from keys k join {_rows(contract.kind)} r using (row_id)
        {f'where r."{check.ruled_by}{field}" is not null' if check.ruled_by else ""}"""
        for field in check.fields or (None,)
    )
    return f"create or replace temp table failing as with keys as ({failing}) {found}"


def _places(check: Check, field: str | None, columns: set[str]) -> list[str]:
    """The columns of `found` from `rule_id` to `suggestion`, for one field of a failing row."""
    told = check.ruled_by and f"expect__{field}" in columns
    return [
        f'r."{check.ruled_by}{field}"' if check.ruled_by else _literal(check.rule),
        # What parsing says of a cell is as grave as the rule that it names.
        "cast(null as varchar)" if check.ruled_by else _literal(check.severity),
        "r.submission_id",
        "r.table_no",
        "r.row_id as row_id",
        f'coalesce(r."{field}__cell", r.source_cell)' if field else "r.source_cell",
        "r.source_row",
        _literal(field) if field else "cast(null as varchar)",
        f'r."{field}__text"' if field else "cast(null as varchar)",
        f'r."expect__{field}"'
        if told
        else f"cast({_literal(check.expected) if check.expected else 'null'} as varchar)",
        f'r."suggest__{field}"' if told else "cast(null as varchar)",
    ]


def _names(contract: Contract, fields: tuple[str, ...]) -> dict[str, str]:
    return {
        f"names_{language}": _literal(", ".join(contract.fields[f].header.of(language) for f in fields))
        for language in ("en", "fr")
    }


def _plain(limit: Any) -> int | float:
    return int(limit) if limit == int(limit) else float(limit)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
