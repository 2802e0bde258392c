"""What is found in files as wholes: how they were read, who sent them, which other file they repeat or give way to.

Belongs here: findings of scope file and fund. Does not belong here: findings about rows (validation).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.attribution import OWN, UNKNOWN, Source

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


def judge_files(
    con: duckdb.DuckDBPyConnection, sources: list[Source], kinds: list[str], refuse_unknown: bool = False
) -> None:
    """Adds to `found` what there is to say of files, and creates `sender_refused`.

    Unknown senders are those whom a register knows not; where there is no register, nobody is unknown.
    """
    con.register("read_findings", _read(sources))
    con.execute("""
        insert into found by name
        select f.*, s.partner_id, s.period from read_findings f join sender s using (submission_id)""")
    con.unregister("read_findings")
    con.execute("""
        create or replace temp table spoken (
            submission_id varchar, partner_id varchar, report_period varchar, layout varchar, rows bigint)""")
    for kind in kinds:
        con.execute(f"""
            insert into spoken
            select submission_id, partner_id, report_period, layout, count(*) from staged."{kind}" group by all""")
    unknown = (
        f"exists (from partner) and partner_id not in (select partner_id from partner) and partner_id <> '{UNKNOWN}'"
    )
    con.execute(f"""
        create or replace table sender_refused as
        select distinct partner_id from spoken where {"true" if refuse_unknown else "false"} and {unknown}""")
    for rule, query in (
        ("V00.sender-missing", f"""
            select submission_id, partner_id, null as value, null as expected, sum(rows) as rows
            from spoken where partner_id = '{UNKNOWN}' group by all"""),
        ("V00.sender-refused" if refuse_unknown else "V00.sender-unknown", f"""
            select submission_id, partner_id, partner_id as value, null as expected, sum(rows) as rows
            from spoken where {unknown} group by all"""),
        ("V00.sender-differs", """
            select submission_id, partner_id, stated_id as value, path_id as expected, 0 as rows from sender
            where stated_id <> path_id and path_id in (select partner_id from partner)
              and stated_id in (select partner_id from partner)"""),
        ("V23.period-missing", f"""
            select submission_id, any_value(partner_id) as partner_id, null as value, null as expected, sum(rows) as rows
            from spoken where layout = '{OWN}' and report_period is null group by submission_id"""),
        ("V15.same-file", _same_bytes("is not distinct from")),
        ("V15.same-file-elsewhere", _same_bytes("is distinct from")),
        ("V15.newer-report", """
            select s.submission_id, s.partner_id, l.source_file as value, null as expected, r.rows as rows
            from replaced r join sender s on s.arrival = r.arrival join sender l on l.arrival = r.held_by"""),
    ):  # fmt: skip
        con.execute(f"""
            insert into found by name
            select '{rule}' as rule_id, q.submission_id, q.partner_id, q.value, q.expected, h.period,
                h.sender_cell as cell, map {{'rows': cast(q.rows as varchar)}} as args
            from ({query}) q join sender h using (submission_id)""")
    for kind in kinds:
        con.execute(f"""
            insert into found by name
            select 'V16.key-again' as rule_id, r.submission_id, r.table_no, r.row_id, r.source_cell as cell, k.held_on as line,
                replace(r.row_key, chr(31), ' ') as value, '{kind}' as kind, nullif(r.source_sheet, '') as sheet,
                r.partner_id, r.report_period as period, map {{}}::map(varchar, varchar) as args
            from key_again k join staged."{kind}" r on r.rowid = k.n where k.kind = '{kind}'""")
    _say_once(con)


def _same_bytes(sender_and_quarter: str) -> str:
    """Files whose bytes came before under another name, from the same sender for the same quarter, or not."""
    return f"""
        select s.submission_id, s.partner_id, f.source_file as value, null as expected,
            (select coalesce(sum(rows), 0) from sheet h where h.submission_id = s.submission_id) as rows
        from sender s join sender f on f.source_sha256 = s.source_sha256
        where f.arrival = (select min(arrival) from sender e where e.source_sha256 = s.source_sha256) and f.arrival < s.arrival
            and f.source_file <> s.source_file
            and concat_ws(chr(31), f.path_id, f.period) {sender_and_quarter} concat_ws(chr(31), s.path_id, s.period)"""


def _say_once(con: duckdb.DuckDBPyConnection) -> None:
    """Says of a column that is not there that it is not there, instead of every row that its cell is blank.

    Of required columns the reader has said so already.
    """
    con.execute("""
        delete from found where rule_id = 'required' and (submission_id, coalesce(sheet, '')) in (
            select (submission_id, coalesce(sheet, '')) from found
            where rule_id in ('read.column-missing', 'read.unknown-column-near'))
          and not exists (from heading h where h.table_no = found.table_no and h.field = found.field)""")
    con.execute("""
        create or replace temp table no_column as
        select submission_id, table_no, kind, sheet, partner_id, period, count(*) as rows, min(line) as line
        from found f where rule_id = 'V10.currency-missing'
          and not exists (from heading h where h.table_no = f.table_no and h.field = 'currency')
        group by all""")
    con.execute("""
        delete from found where rule_id = 'V10.currency-missing' and table_no in (select table_no from no_column);
        insert into found by name
        select 'V10.currency-column' as rule_id, submission_id, table_no, kind, sheet, partner_id, period, 'currency' as field,
            map {'rows': cast(rows as varchar)} as args from no_column""")


def _read(sources: list[Source]) -> pa.Table:
    """The findings of the readers, as they stand in the extracts."""
    import pyarrow as pa

    found = [(s.submission_id, f) for s in sources for f in s.extract.findings]
    words = ("rule_id", "sheet", "cell", "field", "value", "expected", "suggestion")
    columns = {word: pa.array([getattr(f, word) for _, f in found], pa.string()) for word in words}
    return pa.table({
        "submission_id": pa.array([submission for submission, _ in found], pa.string()),
        "line": pa.array([f.line for _, f in found], pa.int64()),
        "difference": pa.array([f.args.get("difference") for _, f in found], pa.string()),
        "args": pa.array([list(f.args.items()) for _, f in found], pa.map_(pa.string(), pa.string())),
        **columns,
    })  # fmt: skip
