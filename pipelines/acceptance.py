"""What becomes of each row: accepted, refused, superseded or duplicate, and the proof that none is lost.

Belongs here: refusal, emptying of cells, the tables of accepted and refused rows, the counts. Does not belong here: which
rule a row breaks (validation).

A row is refused only if nothing of its point can be read, if it names neither project nor party, or if the fund takes no
reports from its sender. Any other critical finding empties its cell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.contract import Contract
from pipelines.errors import ProjectError
from pipelines.staging import SYSTEM
from pipelines.validation import no_party

if TYPE_CHECKING:
    import duckdb


def accept(con: duckdb.DuckDBPyConnection, contracts: dict[str, Contract]) -> None:
    """Creates the views `accepted.<kind>` and `refused.<kind>` and the table `counts` from staged rows and `found`.

    `sender_refused` lists the partners whose rows are refused whole.
    """
    con.execute("create schema if not exists accepted; create schema if not exists refused")
    con.execute("""
        create or replace temp table emptied as
        select distinct kind, field, row_id from found
        where rule_id in ('minimum', 'maximum') and severity = 'critical'""")
    con.execute("create or replace table turned_away (kind varchar, row_id varchar)")
    counted = []
    for kind, contract in contracts.items():
        con.execute(f"""
            insert into turned_away
            select '{kind}', row_id from staged."{kind}"
            where row_state = 'current' and ({_refusal(contract)} or partner_id in (from sender_refused))""")
        columns = ", ".join(_columns(con, contract))
        for table, test in (("accepted", "not in"), ("refused", "in")):
            con.execute(f"""
                create or replace view {table}."{kind}" as
                select {columns} from staged."{kind}"
                where row_state = 'current' and row_id {test} (select row_id from turned_away where kind = '{kind}')
                order by arrival, table_no, source_row, row_id""")
        counted.append(_counted(kind))
    con.execute(f"create or replace table counts as {' union all '.join(counted) or _counted(None)} order by all")
    _assert_whole(con)


def _refusal(contract: Contract) -> str:
    reasons = []
    if contract.point:
        reasons.append("(" + " and ".join(f'"{f}" is null' for f in contract.point) + ")")
    if contract.parties:
        reasons.append(f"({no_party(contract)})")
    return " or ".join(reasons) or "false"


def _columns(con: duckdb.DuckDBPyConnection, contract: Contract) -> list[str]:
    """The columns of a row that leaves the stage; a cell with a critical finding is empty, its text stays."""
    emptied = {
        f for (f,) in con.execute("select distinct field from emptied where kind = ?", [contract.kind]).fetchall()
    }
    columns = list(SYSTEM)
    for name in contract.fields:
        if name in emptied:
            columns.append(f"""case when row_id not in (select row_id from emptied where kind = '{contract.kind}' and field = '{name}')
                               then "{name}" end as "{name}" """)
        elif name not in SYSTEM:
            columns.append(f'"{name}"')
        columns += [f'"{name}__text"', f'"{name}__cell"']
    return columns


def _counted(kind: str | None) -> str:
    if kind is None:
        return """select null::varchar as submission_id, null::varchar as source_file, null::varchar as source_sheet,
            null::varchar as kind, 0::bigint as read, 0::bigint as accepted, 0::bigint as refused, 0::bigint as superseded,
            0::bigint as duplicate where false"""
    away = f"t.row_id in (select row_id from turned_away where kind = '{kind}')"
    return f"""
    select s.submission_id, h.source_file, s.sheet as source_sheet, s.kind, any_value(s.rows) as read,
        count(*) filter (t.row_state = 'current' and not {away}) as accepted,
        count(*) filter (t.row_state = 'current' and {away}) as refused,
        count(*) filter (t.row_state = 'superseded') as superseded, count(*) filter (t.row_state = 'duplicate') as duplicate
    from sheet s join sender h using (submission_id) left join staged."{kind}" t using (table_no)
    where s.kind = '{kind}' group by s.table_no, s.submission_id, h.source_file, s.sheet, s.kind"""


def _assert_whole(con: duckdb.DuckDBPyConnection) -> None:
    lost = con.execute(
        "select source_file, source_sheet, kind from counts where read <> accepted + refused + superseded + duplicate"
    ).fetchall()
    if lost:
        places = "; ".join(" ".join(str(part) for part in place if part) for place in lost[:5])
        raise ProjectError(f"Rows were lost or counted twice: {places}.", "This is a fault of the program.")
