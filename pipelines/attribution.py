"""Who a report is from and which quarter it speaks of, per file; rows may say otherwise for themselves.

Belongs here: sender and period from what the file says, else from where it lay; the register of partners. Does not belong
here: reading files (intake), what single rows say (staging, which asks `partner_of`).

A partner goes by its short name in the register, else by the key of its organisation (`FR-SIREN-...`), else by the name
of its folder. What says nothing of its sender is kept under UNKNOWN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.intake.model import Extract
from pipelines.parsing import dates, organisations

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

UNKNOWN = "UNKNOWN"

#: Layouts of our own; all others are publications, which have no reporting quarter.
OWN = "template"


@dataclass(frozen=True)
class Source:
    """A received file with what it yields; `partner_id` and `period` are what its path says, `order` is that of receipt."""

    submission_id: str
    source_file: str
    sha256: str
    partner_id: str | None
    period: str | None
    order: int
    extract: Extract


def attribute(con: duckdb.DuckDBPyConnection, sources: list[Source], partners: pa.Table | None = None) -> None:
    """Creates `partner`, `sender` (one row per file), `sheet` (one row per table of a file, by `table_no`) and `heading`
    (the columns of each such table as their sender heads them).

    `sender.stated_id` is the partner by what the file says, `sender.path_id` by its folder; `sender.partner_id` is the
    one that holds.
    """
    _register_partners(con, partners)
    con.register("sources_given", _files(sources))
    con.execute(f"""
        create or replace table sender as
        with said as (
            select s.*, i.value as said_key, i.fault as said_fault, p.value as path_key
            from sources_given s
            left join ({organisations.reading(_cells("sender_id", "sender_name"))}) i on i.column_no = s.arrival
            left join ({organisations.reading(_cells("path_partner", "cast(null as varchar)"))}) p on p.column_no = s.arrival
        ), found as (
            -- A short name that the register does not know is the sender's own identifier.
            select *,
                coalesce({partner_of("said_key", "sender_name")},
                         case when said_fault = 'V05.not-a-number' then tidy(sender_id) else said_key end) as stated_id,
                coalesce({partner_of("path_key", "path_partner")}, path_partner) as path_id
            from said
        )
        select found.* exclude (said_key, said_fault, path_key, file_period, path_period),
            coalesce(stated_id, path_id, '{UNKNOWN}') as partner_id,
            case when layout = '{OWN}' then coalesce(f.value, q.value) end as period
        from found
        left join ({dates.quarters(_cells("file_period"))}) f on f.column_no = arrival
        left join ({dates.quarters(_cells("path_period"))}) q on q.column_no = arrival""")
    con.unregister("sources_given")
    con.register("sheets_given", _sheets(sources))
    con.execute("create or replace table sheet as select * exclude (headers) from sheets_given")
    con.execute("""
        create or replace table heading as
        with each as (
            select table_no, h.field, any_value(nullif(trim(h.header), '')) as header
            from (select table_no, unnest(headers) as h from sheets_given) group by all
        )
        -- "Montant (€)" and "Amount (XOF)" state a currency; a bare three-letter word does not.
        select each.*,
            case when regexp_matches(header, '€|(?i:(^|[^a-z])euros?([^a-z]|$))|(^|[^A-Z])EUR([^A-Z]|$)') then 'EUR'
                 else s.code end as currency
        from each left join spelling s on s.list = 'currency' and s.folded = lower(regexp_extract(header, '[(]([A-Z]{3})[)]', 1))""")
    con.unregister("sheets_given")


def name_by_rows(con: duckdb.DuckDBPyConnection, kinds: list[str]) -> None:
    """Says of a file that names no sender, and lay in no folder, that it is from whom most of its rows are from."""
    every = " union all ".join(f"""select arrival, partner_id from staged."{kind}" """ for kind in kinds)
    if every:
        con.execute(f"""
            update sender set partner_id = m.partner_id
            from (select arrival, mode(partner_id order by partner_id) as partner_id from ({every})
                  where partner_id <> '{UNKNOWN}' group by arrival) m
            where m.arrival = sender.arrival and sender.partner_id = '{UNKNOWN}'""")


def partner_of(key: str, name: str) -> str:
    """Writes the SQL that finds a partner of the register by organisation key, else by name; null where there is none."""
    return f"""coalesce(
        (select any_value(p.partner_id) from partner p where p.org_key = {key}),
        (select any_value(p.partner_id) from partner p where p.folded <> '' and p.folded = fold_text({name})))"""


def _register_partners(con: duckdb.DuckDBPyConnection, partners: pa.Table | None) -> None:
    """Creates `partner` and `partner_key`, by which an organisation may also be named: its name and its short name in the register."""
    con.execute("create or replace table partner_key (folded varchar, org_id varchar)")
    con.execute("create or replace table partner (partner_id varchar, org_key varchar, folded varchar)")
    if partners is None or partners.num_rows == 0:
        return
    con.register("partners_given", partners.select(["partner_id", "org_id", "name"]))
    cells = """(select row_number() over () as column_no, 'register' as layout, cast(null as varchar) as locale, org_id as text,
                       's' as type, name, partner_id from partners_given)"""
    con.execute(f"""
        insert into partner
        select c.partner_id, coalesce(r.value, name_key(c.partner_id)), fold_text(c.name)
        from {cells} c left join ({organisations.reading(cells)}) r using (column_no)""")
    con.execute("""
        insert into partner_key select folded, any_value(org_key)
        from (select fold_text(partner_id) as folded, org_key from partner union select folded, org_key from partner)
        where folded <> '' group by folded having count(distinct org_key) = 1""")
    con.unregister("partners_given")


def _cells(text: str, name: str = "cast(null as varchar)") -> str:
    return f"""(select arrival as column_no, layout, locale, {text} as text, 's' as type, {name} as name
                from sources_given where {text} is not null or {name} is not null)"""


def _files(sources: list[Source]) -> pa.Table:
    import pyarrow as pa

    text = {
        "submission_id": [s.submission_id for s in sources],
        "source_file": [s.source_file for s in sources],
        "source_sha256": [s.sha256 for s in sources],
        "path_partner": [s.partner_id for s in sources],
        "path_period": [s.period for s in sources],
        "layout": [s.extract.layout for s in sources],
        "locale": [s.extract.locale for s in sources],
        "sender_id": [s.extract.sender_id for s in sources],
        "sender_name": [s.extract.sender_name for s in sources],
        "sender_cell": [s.extract.sender_cell for s in sources],
        "file_period": [s.extract.period for s in sources],
    }
    arrays = {name: pa.array(values, pa.string()) for name, values in text.items()}
    return pa.table({"arrival": pa.array([s.order for s in sources], pa.int64()), **arrays})


def _sheets(sources: list[Source]) -> pa.Table:
    import pyarrow as pa

    found = [
        {
            "table_no": number,
            "arrival": source.order,
            "submission_id": source.submission_id,
            "kind": table.kind,
            "sheet": table.sheet,
            "layout": table.layout or source.extract.layout,
            "locale": source.extract.locale,
            "rows": table.rows,
            "headers": [{"field": c.field, "header": c.header} for c in table.columns if c.field],
        }
        for number, (source, table) in enumerate((s, t) for s in sources for t in s.extract.tables)
    ]
    schema = pa.schema(
        [("table_no", pa.int64()), ("arrival", pa.int64())]
        + [(name, pa.string()) for name in ("submission_id", "kind", "sheet", "layout", "locale")]
        + [("rows", pa.int64()), ("headers", pa.list_(pa.struct([("field", pa.string()), ("header", pa.string())])))]
    )
    return pa.Table.from_pylist(found, schema)
