"""Texts from all files -> one table of typed rows per kind, each with who it is from and where it stood.

Belongs here: what each row of `staged.<kind>` holds. Does not belong here: how a text is read (parsing), which of two
reports holds (precedence), what is wrong with a row (validation).

`staged.<kind>` has, first, the columns of SYSTEM and INNER; then per field of the contract: its typed value under its
name, `<f>__text` as typed, `<f>__cell`; for each field that can be unread, `unread__<f>` the text that could not be read
and `fault__<f>` the rule that says why; for each of these that is parsed, `note__<f>` the rule that says how it was
read, `expect__<f>` and `suggest__<f>` what the sentences of either name.
The fields `partner_id` and `report_period` hold whom and when the row is attributed to, whatever its own cells say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.attribution import UNKNOWN, Source
from pipelines.contract import Field
from pipelines.staging_texts import NULL, Incoming, read_texts, release

if TYPE_CHECKING:
    import duckdb

#: Columns of every staged row, before those of its contract.
SYSTEM = (
    "row_id", "submission_id", "partner_id", "period", "source_file", "source_sha256", "layout",
    "source_sheet", "source_row", "source_cell", "content_hash", "extra",
)  # fmt: skip

#: Columns of staged rows by which later stages find their way; they leave with the stage.
INNER = ("arrival", "table_no", "report_period", "row_key", "row_state")

#: Fields that say whom or when a row is from, which is a column of its own; `period` is the quarter worked.
ATTRIBUTED = ("partner_id", "report_period", "period")


def stage(con: duckdb.DuckDBPyConnection, sources: list[Source]) -> list[str]:
    """Creates `staged.<kind>` for every kind that a file brings, and gives these kinds.

    `attribute` must have seen the same sources. `row_id`, `row_key` and `row_state` are null until `precedence.settle`.
    """
    con.execute("create schema if not exists staged")
    incoming = read_texts(con, sources)
    for one in incoming:
        con.execute(_staged(one))
    release(con, incoming)
    return [one.contract.kind for one in incoming]


def _staged(of: Incoming) -> str:
    fields, parsed = of.contract.fields, of.parsed()
    names = {field.name for field in parsed}
    quarter = f"""coalesce({'"r report_period".value' if "report_period" in names else NULL}, h.period)"""
    period = quarter
    if "period" in fields:
        # The quarter worked, where a row leaves it out, is the one the report speaks of.
        worked = '"r period".value' if "period" in names else NULL
        period = f"coalesce({worked}, case when {of.text('period')} is null then {quarter} end)"
    amounts = ", ".join([NULL, *(f"'{name}'" for name, field in fields.items() if field.type == "money")])
    said = """p.key = "r partner_id".value and p.name is not distinct from "r partner_id".name"""
    return f"""
    create or replace table staged."{of.contract.kind}" as
    select cast(null as varchar) as row_id, s.submission_id, coalesce(p.partner_id, h.partner_id, '{UNKNOWN}') as partner_id,
        {period} as period, h.source_file, h.source_sha256, s.layout, s.sheet as source_sheet,
        i.row_number as source_row, {_point_cell(of)} as source_cell, md5({_content(of)}) as content_hash, i.extra,
        s.arrival, i.table_no, {quarter} as report_period,
        cast(null as varchar) as row_key, cast(null as varchar) as row_state,
        {", ".join(_columns(f, of, names) for f in fields.values())}
    from {of.view} i
    join sheet s using (table_no)
    join sender h on h.arrival = s.arrival
    left join (
        -- Amounts under headers of two currencies have none by their headers.
        select table_no, min(currency) as currency from heading where field in ({amounts}) group by table_no
        having count(distinct currency) = 1) g on g.table_no = i.table_no
    {" ".join(of.joined(field) for field in parsed)}
    left join row_partner p on {said if "partner_id" in names else "false"}"""


def _columns(field: Field, of: Incoming, parsed: set[str]) -> str:
    """The columns of a field: its value unless it has one of its own, its text, its place, and what was said in reading it."""
    name, text, r = field.name, of.text(field.name), f'"r {field.name}"'
    there = name in parsed
    if there:
        value, fault = f"{r}.value", f"{r}.fault"
    elif name in of.faulty:
        error = f"{of.letter(name)} = 'e'"
        value, fault = (
            f"case when not {error} then trim({text}) end",
            f"case when {error} then 'V25.spreadsheet-error' end",
        )
    else:
        value, fault = f"trim({text})", ""
    written: list[str] = []
    amounts = [
        f.name for f in of.contract.fields.values() if f.type == "money" and f.name in parsed and f.name in of.brought
    ]
    if name == "currency" and amounts:
        # A sign beside the amount, or in its header, says the currency where the row leaves it out.
        said = ", ".join(f'"r {amount}".said' for amount in amounts)
        value = f"coalesce({value}, case when {text} is null then coalesce({said}, g.currency) end)"
    if name not in ATTRIBUTED:
        written.append(f'cast({value} as {field.duckdb_type}) as "{name}"')
    written += [f'{text} as "{name}__text"', f'{of.cell(name)} as "{name}__cell"']
    if fault:
        written += [f'case when {fault} is not null then {text} end as "unread__{name}"', f'{fault} as "fault__{name}"']
    if there:
        note = f"{r}.note"
        if field.type == "money" and "currency" in parsed:
            note = f"""case when {r}.said <> "r currency".value then 'V10.currency-in-amount' else {note} end"""
        written += [
            f'{note} as "note__{name}"',
            f'{r}.expected as "expect__{name}"',
            f'{r}.suggestion as "suggest__{name}"',
        ]
    return ", ".join(written)


def _point_cell(of: Incoming) -> str:
    """The address of the first amount or quantity that is there, else of the row."""
    points = [f"case when {of.text(f)} is not null then {of.cell(f)} end" for f in of.contract.point if f in of.brought]
    return f"coalesce({', '.join([*points, 'i.row_cell'])})"


def _content(of: Incoming) -> str:
    """What a row says, field by field; a field that nobody fills leaves it as it was.

    The project of a publication that has no numbers is named after the line it stands on, which says nothing.
    """
    told = {f: of.text(f) for f in of.contract.fields if f in of.brought}
    if "project_id" in told:
        told["project_id"] = f"case when s.layout <> 'scdl' then {told['project_id']} end"
    parts = ", ".join(f"'{f}=' || {text}" for f, text in told.items())
    return f"concat_ws(chr(31), {parts})" if told else "''"
