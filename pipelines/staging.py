"""Texts of one kind from all files -> one table of typed rows, each with who it is from and where it stood.

Belongs here: what each row of `staged.<kind>` holds. Does not belong here: how a text is read (parsing), which of two
reports holds (precedence), what is wrong with a row (validation).

`staged.<kind>` has, first, the columns of SYSTEM and INNER; then per field of the contract: its typed value under its
name, `<f>__text` as typed, `<f>__cell`; for each field that a file brings, `unread__<f>` the text that could not be read
and `fault__<f>` the rule that says why; for each of these that is parsed, `note__<f>` the rule that says how it was
read, `expect__<f>` and `suggest__<f>` what the sentences of either name.
The fields `partner_id` and `report_period` hold whom and when the row is attributed to, whatever its own cells say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines import parsing
from pipelines.attribution import UNKNOWN, Source, partner_of
from pipelines.contract import Contract, Field, reports
from pipelines.intake.typedcells import FAULTS

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

#: Columns of every staged row, before those of its contract.
SYSTEM = (
    "row_id", "submission_id", "partner_id", "period", "source_file", "source_sha256", "layout",
    "source_sheet", "source_row", "source_cell", "content_hash", "extra",
)  # fmt: skip

#: Columns of staged rows by which later stages find their way; they leave with the stage.
INNER = ("arrival", "table_no", "report_period", "row_key", "row_state")

#: Fields that say whom or when a row is from, which is a column of its own; `period` is the quarter worked.
ATTRIBUTED = ("partner_id", "report_period", "period")


def stage(con: duckdb.DuckDBPyConnection, kind: str, sources: list[Source]) -> None:
    """Creates `staged.<kind>` from all tables of a kind; `attribute` must have seen the same sources.

    `row_id` and `row_state` are null until `precedence.settle` has seen all kinds.
    """
    contract = reports()[kind]
    incoming = _union(kind, sources)
    con.execute("create schema if not exists staged")
    con.register("incoming", incoming)
    brought = {f for f in contract.fields if f in incoming.column_names}
    faulty = _with_errors(con, brought)
    parsed = [f for f in contract.fields.values() if _is_parsed(f, contract, brought)]
    for field in parsed:
        con.execute(
            f"create or replace temp table {_readings(field)} as {parsing.reading(field, _cells(field, brought, faulty))}"
        )
    _attribute_rows(con, brought)
    con.execute(_staged(contract, brought, {f.name for f in parsed}, faulty))
    for field in parsed:
        con.execute(f"drop table {_readings(field)}")
    con.execute("drop table row_partner")
    con.unregister("incoming")


def _is_parsed(field: Field, contract: Contract, brought: set[str]) -> bool:
    """A field is parsed where a file brings it, or brings the name that stands in for its number."""
    return field.type not in parsing.AS_TYPED and (field.name in brought or field.name_field in brought)


def _union(kind: str, sources: list[Source]) -> pa.Table:
    """Puts the tables of a kind under each other by column name, numbered as `attribution` numbers them."""
    import pyarrow as pa

    every = [table for source in sources for table in source.extract.tables]
    found = [
        table.data.append_column("table_no", pa.repeat(pa.scalar(number, pa.int64()), table.data.num_rows))
        for number, table in enumerate(every)
        if table.kind == kind
    ]
    return pa.concat_tables(found, promote_options="permissive")


def _readings(field: Field) -> str:
    return f'"reading {field.name}"'


def _cells(field: Field, brought: set[str], faulty: set[str]) -> str:
    """The distinct texts of a field, with the name beside them where the field is an organisation."""
    text = f'i."{field.name}"' if field.name in brought else "cast(null as varchar)"
    letter = _letter(field.name, brought, faulty)
    name = f'i."{field.name_field}"' if field.name_field in brought else "cast(null as varchar)"
    return f"""(
        select distinct i.table_no, s.layout, s.language, {text} as text, {letter} as type, {name} as name
        from incoming i join sheet s using (table_no) where {text} is not null or {name} is not null)"""


def _attribute_rows(con: duckdb.DuckDBPyConnection, brought: set[str]) -> None:
    """Finds the partner of each organisation that rows say they are from."""
    if not brought & {"partner_id", "partner_name"}:
        con.execute("create or replace temp table row_partner (key varchar, name varchar, partner_id varchar)")
        return
    con.execute(f"""
        create or replace temp table row_partner as
        select value as key, name, coalesce({partner_of("value", "name")}, value) as partner_id
        from (select distinct value, name from "reading partner_id" where value is not null)""")


def _staged(contract: Contract, brought: set[str], parsed: set[str], faulty: set[str]) -> str:
    fields = contract.fields
    readings = "\n".join(_join(f, brought, faulty) for f in fields.values() if f.name in parsed)
    columns = ",\n".join(_columns(f, brought, parsed, faulty) for f in fields.values())
    report_period = '"r report_period".value' if "report_period" in parsed else "null"
    own_period = '"r period".value' if "period" in parsed else "null"
    blank = f"{_text('period', brought)} is null"
    # The quarter worked, where a row leaves it out, is the one the report speaks of.
    period = f"coalesce({own_period}, case when {blank} then {{}} end)" if "period" in fields else "{}"
    quarter = f"coalesce({report_period}, h.period)"
    row_partner = '"r partner_id"' if "partner_id" in parsed else None
    joined = (
        f"left join row_partner p on p.key = {row_partner}.value and p.name is not distinct from {row_partner}.name"
        if row_partner
        else "left join row_partner p on false"
    )
    return f"""
    create or replace table staged."{contract.kind}" as
    select cast(null as varchar) as row_id, s.submission_id, coalesce(p.partner_id, h.partner_id, '{UNKNOWN}') as partner_id,
        {period.format(quarter)} as period, h.source_file, h.source_sha256, s.layout, s.sheet as source_sheet,
        i.row_number as source_row, {_point_cell(contract, brought)} as source_cell,
        md5({_content(contract, brought)}) as content_hash, i.extra,
        s.arrival, i.table_no, {quarter} as report_period,
        cast(null as varchar) as row_key, cast(null as varchar) as row_state,
        {columns}
    from incoming i
    join sheet s using (table_no)
    join sender h on h.arrival = s.arrival
    left join heading g on g.table_no = i.table_no and g.field = '{"amount" if "amount" in fields else "declared_cost"}'
    {readings}
    {joined}"""


def _join(field: Field, brought: set[str], faulty: set[str]) -> str:
    """Brings the reading of a field to its rows; an organisation is read together with its name."""
    reading, text, letter = f'"r {field.name}"', _text(field.name, brought), _letter(field.name, brought, faulty)
    if field.name_field is None:
        return f"""left join {_readings(field)} {reading} on {reading}.table_no = i.table_no
            and {reading}.text = {text} and {reading}.type = {letter}"""
    name = _text(field.name_field, brought)
    return f"""left join {_readings(field)} {reading} on {reading}.table_no = i.table_no
            and {reading}.text is not distinct from {text} and {reading}.type is not distinct from {letter}
            and {reading}.name is not distinct from {name}"""


def _columns(field: Field, brought: set[str], parsed: set[str], faulty: set[str]) -> str:
    name, reading = field.name, f'"r {field.name}"'
    text, there = _text(name, brought), name in parsed
    null = "cast(null as varchar)"
    if there:
        value, fault = f"{reading}.value", f"{reading}.fault"
    elif name in faulty:
        error = f"{_letter(name, brought, faulty)} = 'e'"
        value, fault = (
            f"case when not {error} then trim({text}) end",
            f"case when {error} then 'V25.spreadsheet-error' end",
        )
    else:
        value, fault = f"trim({text})", null
    if name in ATTRIBUTED:
        written: list[str] = []
    elif name == "currency" and (stated := [f for f in ("amount", "declared_cost") if f in parsed and f in brought]):
        # A sign beside the amount, or in its header, says the currency where the row leaves it out.
        written = [
            f'cast(coalesce({value}, case when {text} is null then coalesce("r {stated[0]}".said, g.currency) end) as varchar)'
            " as currency"
        ]
    else:
        written = [f'cast({value} as {field.duckdb_type}) as "{name}"']
    note = f"{reading}.note" if there else null
    if field.type == "money" and there and "currency" in parsed:
        note = f"""case when {reading}.said <> "r currency".value then 'V10.currency-in-amount' else {note} end"""
    cell = f'i."{name}__cell"' if name in brought else null
    written += [f'{text} as "{name}__text"', f'{cell} as "{name}__cell"']
    if name in brought or there:
        unread = null if fault == null else f"case when {fault} is not null then {text} end"
        written += [f'{unread} as "unread__{name}"', f'{fault} as "fault__{name}"']
    if there:
        written += [
            f'{note} as "note__{name}"',
            f'{reading}.expected as "expect__{name}"',
            f'{reading}.suggestion as "suggest__{name}"',
        ]
    return ", ".join(written)


def _text(name: str | None, brought: set[str]) -> str:
    return f'i."{name}"' if name in brought else "cast(null as varchar)"


def _letter(name: str, brought: set[str], faulty: set[str]) -> str:
    """The type letter of a cell; in delimited text an error of a spreadsheet is known by its words alone."""
    if name not in brought:
        return "'s'"
    if name not in faulty:
        return f'i."{name}__type"'
    return f"""case when {_text(name, brought)} in ({_FAULTS}) then 'e' else i."{name}__type" end"""


_FAULTS = ", ".join(f"'{fault}'" for fault in FAULTS)


def _with_errors(con: duckdb.DuckDBPyConnection, brought: set[str]) -> set[str]:
    """Gives the fields of which some cell holds an error of a spreadsheet."""
    names = sorted(brought)
    seen = ", ".join(
        f"""bool_or("{f}__type" = 'e' or starts_with("{f}", '#') or starts_with("{f}", 'Err:'))""" for f in names
    )
    [found] = con.execute(f"select {seen or 'false'} from incoming").fetchall()
    return {name for name, holds in zip(names, found, strict=False) if holds}


def _point_cell(contract: Contract, brought: set[str]) -> str:
    """The address of the first amount or quantity that is there, else of the row."""
    points = [f'case when i."{f}" is not null then i."{f}__cell" end' for f in contract.point if f in brought]
    return f"coalesce({', '.join([*points, 'i.row_cell'])})"


def _content(contract: Contract, brought: set[str]) -> str:
    """What a row says, field by field; a field that nobody fills leaves it as it was.

    The project of a publication that has no numbers is named after the line it stands on, which says nothing.
    """
    told = [f"""'{f}=' || {"case when s.layout <> 'scdl' then i.project_id end" if f == "project_id" else f'i."{f}"'}"""
            for f in contract.fields if f in brought]  # fmt: skip
    return f"concat_ws(chr(31), {', '.join(told)})" if told else "''"
