"""Which row holds where several tell the same: the later report over the earlier, the first of equal files.

Belongs here: `row_state` in {current, superseded, duplicate}, and `row_id`, which needs to know the state. Does not belong
here: whether a row is right (validation).

A row is `duplicate` where its file has been received before, byte for byte, or where the row that holds is equal to it;
it is `superseded` where the row that holds differs, or where its report came again without it. What holds over what:

1. our template: the later report of a partner, quarter and kind;
2. a publication: the later file of a publisher under one name; for IATI, of each activity, the later file that has it;
3. our template again: of rows with the same complete key from one partner, the later one.

Rows of one publication never hold over each other: its publisher counts them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.attribution import OWN, UNKNOWN
from pipelines.contract import Contract, reports
from pipelines.errors import ProjectError

if TYPE_CHECKING:
    import duckdb

#: The few columns that decide: `row_key` is the complete key of a row, `report` what a later file may hold over.
STANDING = {
    "kind": "varchar", "n": "bigint", "arrival": "bigint", "table_no": "bigint", "source_row": "bigint", "layout": "varchar",
    "partner_id": "varchar", "content_hash": "varchar", "row_key": "varchar", "project": "varchar", "report": "varchar",
}  # fmt: skip

#: Name rows by project itself, so that a project can move between files; others are named by the file that has them.
BY_PROJECT = ("iati", "360giving")
#: Names a row by the line it stands on, which is no identity.
BY_LINE = "scdl"


def settle(con: duckdb.DuckDBPyConnection, kinds: list[str]) -> None:
    """Fills `row_state`, `row_key` and `row_id` of `staged.<kind>` for all kinds of a run together.

    Creates `replaced` (how many rows of a file another file holds over) and `key_again` (rows that a later row of their own
    file holds over, by `rowid`).
    """
    con.execute(f"create or replace temp table standing ({', '.join(f'{name} {of}' for name, of in STANDING.items())})")
    for kind in kinds:
        con.execute(f"insert into standing {_standing(reports()[kind])}")
    con.execute(_settled())
    for kind in kinds:
        con.execute(f"""
            update staged."{kind}" s set row_id = t.row_id, row_state = t.row_state, row_key = t.row_key
            from settled t where t.kind = '{kind}' and t.n = s.rowid""")
    [(rows, names)] = con.execute(
        "select count(*), count(distinct (kind, row_id)) from settled where row_state = 'current'"
    ).fetchall()
    if rows != names:
        raise ProjectError(f"{rows - names} rows share the name of another row.", "This is a fault of the program.")
    con.execute("""
        create or replace table replaced as
        select arrival, held_by, count(*) as rows from settled where held_by <> arrival group by all""")
    con.execute("""
        create or replace table key_again as
        select kind, n, held_on from settled where row_state = 'superseded' and held_by = arrival""")
    con.execute("drop table standing; drop table settled")


def _standing(contract: Contract) -> str:
    """Writes the SELECT of the columns of STANDING for a kind."""
    kind = contract.kind
    parts = ", ".join(f'cast("{f}" as varchar)' for f in contract.key)
    complete = " and ".join(f'"{f}" is not null' for f in contract.key)
    project = "project_id" if "project_id" in contract.fields else "cast(null as varchar)"
    # Two files that say neither who nor when have nothing in common but perhaps their name.
    unsaid = f"partner_id = '{UNKNOWN}' or report_period is null"
    return f"""
    select '{kind}' as kind, rowid as n, arrival, table_no, source_row, layout, partner_id, content_hash,
        case when layout <> '{BY_LINE}' and {complete} then concat_ws(chr(31), {parts}) end as row_key,
        case when layout in {BY_PROJECT} then {project} end as project,
        concat_ws(chr(31), layout, partner_id,
            case when layout = '{OWN}' then '{kind}' end,
            case when layout = '{OWN}' then coalesce(report_period, '') end,
            case when layout <> '{OWN}' or {unsaid} then parse_filename(source_file) end) as report
    from staged."{kind}" """


def _settled() -> str:
    return f"""
    create or replace temp table settled as
    with again as (
        -- The bytes of a file that stood when they came under another name; a return to an earlier version is a report.
        select distinct s.arrival from sender s join sender e
            on e.source_sha256 = s.source_sha256 and e.arrival < s.arrival and e.source_file <> s.source_file
        where not exists (
            from sender l where l.source_file = e.source_file and l.arrival > e.arrival and l.arrival < s.arrival)
    ), last_report as (
        select report, max(arrival) as holds from standing anti join again using (arrival) group by report
    ), by_report as (
        select s.*, r.holds as report_holds, s.arrival in (from again) as again
        from standing s left join last_report r using (report)
    ), last_project as (
        select partner_id, project, max(arrival) as holds from by_report
        where project is not null and not again and arrival = report_holds group by all
    ), by_project as (
        select b.*, p.holds as project_holds,
            case when again then null
                 when b.arrival < report_holds then report_holds
                 when b.arrival < p.holds then p.holds end as outdone_by
        from by_report b left join last_project p using (partner_id, project)
    ), holding as (
        -- The content that stands in the file that holds, for each file that does.
        select distinct kind, arrival, partner_id, content_hash from by_project where arrival in (select outdone_by from by_project)
    ), outdone as materialized (
        select b.*,
            case when again then 'duplicate'
                 when outdone_by is not null then case when h.arrival is not null then 'duplicate' else 'superseded' end
            end as by_file
        from by_project b left join holding h
          on h.kind = b.kind and h.arrival = b.outdone_by and h.partner_id = b.partner_id and h.content_hash = b.content_hash
    ), again_keyed as (
        select kind, partner_id, row_key from outdone
        where by_file is null and row_key is not null and layout = '{OWN}' group by all having count(*) > 1
    ), by_key as (
        select kind, n,
            first_value(content_hash) over latest as content_held,
            first_value(arrival) over latest as held_by,
            first_value(source_row) over latest as held_on,
            row_number() over latest as place
        from outdone semi join again_keyed using (kind, partner_id, row_key) where by_file is null and layout = '{OWN}'
        window latest as (partition by kind, partner_id, row_key order by arrival desc, table_no desc, source_row desc)
    ), stated as (
        select o.*,
            coalesce(by_file, case when k.place > 1
                then case when k.content_held = o.content_hash then 'duplicate' else 'superseded' end end, 'current') as row_state,
            case when by_file is null and k.place > 1 then k.held_on end as held_on,
            case when again then null else coalesce(outdone_by, case when k.place > 1 then k.held_by end) end as held_by,
            md5(concat_ws(chr(31), o.kind, o.partner_id,
                case when layout not in {BY_PROJECT} then report end, coalesce('=' || row_key, content_hash))) as base
        from outdone o left join by_key k using (kind, n)
    ), named as materialized (
        select *, case when row_state = 'current' then 0 else arrival end as among from stated
    ), several as (
        -- Most rows are like no other; only those that are get a number among their like.
        select kind, base, among from named group by all having count(*) > 1
    ), numbered as (
        select kind, n, row_number() over (partition by kind, base, among order by arrival, table_no, source_row) as number
        from named semi join several using (kind, base, among)
    )
    select s.kind, s.n, arrival, row_state, row_key, held_by, held_on, md5(base || coalesce(number, 1)) as row_id
    from named s left join numbered using (kind, n)"""
