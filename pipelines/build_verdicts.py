"""How a judgement is kept: accepted and refused rows, findings, counts and senders as files, and lines in the ledger.

Belongs here: the files that judging leaves in `build/`. Does not belong here: judging.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import calendar, contract, corrections, shapes, warehouse
from pipelines.attribution import OWN
from pipelines.intake import ledger
from pipelines.paths import DataRoot, replace_file

if TYPE_CHECKING:
    import pyarrow as pa

    from pipelines.judging import Judgement, Source


def keep(root: DataRoot, sources: Sequence[Source], judgement: Judgement) -> None:
    """Writes what became of every row; every kind has its tables, with or without rows."""
    for kind, of in contract.reports().items():
        schema = _schema(shapes.accepted(of))
        for fate, tables in (("accepted", judgement.accepted), ("refused", judgement.refused)):
            rows = tables.get(kind, schema.empty_table())
            _write(rows.select(schema.names).cast(schema), root.table(fate, kind))
    _write(judgement.findings, root.findings)
    _write(judgement.counts.cast(_schema(shapes.COUNTS)), root.counts)
    submissions = _submissions(root, sources, judgement)
    _write(submissions.cast(_schema(shapes.SUBMISSIONS)), root.submissions)
    _write(judgement.corrections.cast(_schema(corrections.LOG)), root.corrections_table)


def record(root: DataRoot, judgement: Judgement, input_hash: str) -> None:
    """Enters in the ledger what became of each report, where that has changed."""
    import duckdb

    with duckdb.connect() as con:
        con.register("counts", judgement.counts)
        con.register("findings", judgement.findings)
        con.register("senders", judgement.senders)
        rows = con.execute("""
            select submission_id, coalesce(read, 0), coalesce(accepted, 0), coalesce(refused, 0),
                coalesce(superseded, 0), coalesce(duplicate, 0), coalesce(findings, 0)
            from (select submission_id from senders)
            left join (select submission_id, sum(read) as read, sum(accepted) as accepted, sum(refused) as refused,
                sum(superseded) as superseded, sum(duplicate) as duplicate from counts group by all) using (submission_id)
            left join (select submission_id, count(*) as findings from findings group by all) using (submission_id)
            order by submission_id""").fetchall()
    ledger.record(root, [ledger.Judged(name, input_hash, *map(int, numbers)) for name, *numbers in rows])
    ledger.to_parquet(root)


def _submissions(root: DataRoot, sources: Sequence[Source], judgement: Judgement) -> pa.Table:
    """Received reports in their order, each with the partner and quarter that the file, or else all its rows, are of."""
    import duckdb
    import pyarrow as pa

    received = {s.submission_id: datetime.fromisoformat(s.received_at) for s in ledger.submissions(root)}
    told = {"submission_id": pa.string(), "position": pa.int64(), "format": pa.string(), "received_on": pa.date32()}
    days = [received[source.submission_id].astimezone(calendar.ZONE).date() for source in sources]
    about = [[s.submission_id for s in sources], [s.order for s in sources], [s.extract.format for s in sources], days]
    attributed = ("submission_id", "partner_id", "period")
    spoken = [pa.schema([(name, pa.string()) for name in attributed]).empty_table()]
    for tables in (judgement.accepted, judgement.refused):
        # The period of `time` is the quarter worked.
        spoken += [table.select(attributed) for kind, table in tables.items() if kind != "time"]
    with duckdb.connect() as con:
        con.register("about", pa.table(about, pa.schema(list(told.items()))))
        con.register("senders", judgement.senders)
        con.register("spoken", pa.concat_tables(spoken))
        return con.sql(f"""
            with one as (
                select submission_id, any_value(partner_id) as row_partner, any_value(period) as row_period
                from spoken group by all having count(distinct partner_id) = 1 and count(distinct period) <= 1
            ), known as (
                select submission_id, position, coalesce(row_partner, partner_id) as partner_id,
                    coalesce(period, case when layout = '{OWN}' then row_period end) as period,
                    source_file, source_sha256, format, layout, received_on
                from senders join about using (submission_id) left join one using (submission_id)
            )
            select {", ".join(shapes.SUBMISSIONS)} from known order by position""").to_arrow_table()


def _schema(columns: dict[str, str]) -> pa.Schema:
    import pyarrow as pa

    return pa.schema([(name, warehouse.arrow_type(kind)) for name, kind in columns.items()])


def _write(rows: pa.Table, target: Path) -> None:
    import pyarrow.parquet as pq

    with replace_file(target) as aside:
        pq.write_table(rows, aside, compression="zstd")
