"""Reports made by hand in a test: rows of text as a reader hands them over, judged in memory.

Belongs here: making Sources out of rows. Does not belong here: what is expected of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa

from pipelines import parsing
from pipelines.attribution import Source
from pipelines.contract import reports
from pipelines.intake.model import Column, Extract, ReadFinding, Table, data_schema

#: A cell as text, or as text with the type letter that a reader gave it.
Cell = str | tuple[str, str] | None


def table(kind: str, rows: Sequence[Mapping[str, Cell]], sheet: str = "", first: int = 2) -> Table:
    """Makes a table as readers do; the cell of field number 3 on sheet row 2 is `D2`."""
    fields = tuple(f for f in reports()[kind].fields if any(f in row for row in rows))
    made = []
    for n, row in enumerate(rows, first):
        cells: dict[str, Any] = {"row_number": n, "row_cell": f"A{n}", "extra": None}
        for i, field in enumerate(fields):
            given = row.get(field)
            text, letter = given if isinstance(given, tuple) else (given, "s")
            cells |= {
                field: text,
                f"{field}__cell": f"{chr(65 + i)}{n}",
                f"{field}__type": None if text is None else letter,
            }
        made.append(cells)
    columns = tuple(Column(f, reports()[kind].fields[f].header.fr, i, chr(65 + i)) for i, f in enumerate(fields))
    return Table(kind, sheet, len(made), columns, pa.Table.from_pylist(made, data_schema(fields)))


def source(
    *tables: Table,
    order: int = 1,
    file: str = "coop/2026-Q1/report.csv",
    partner: str | None = "coop",
    period: str | None = "2026-Q1",
    layout: str = "template",
    language: str | None = "fr",
    sha: str | None = None,
    findings: tuple[ReadFinding, ...] = (),
    sender: tuple[str | None, str | None] = (None, None),
) -> Source:
    """Makes a received file; without `sha` its bytes are like no other's."""
    extract = Extract(
        "csv", layout, language=language, sender_id=sender[0], sender_name=sender[1], tables=tables, findings=findings
    )
    return Source(f"S-{order}", file, sha or f"sha-{order}", partner, period, order, extract)


def read(
    field_type: str, texts: Sequence[Cell], *, name: str | None = None, kind: str | None = None, **of: Any
) -> dict[str, Any]:
    """Reads texts of one column as a field of that type; gives text -> (value, fault, note).

    `of` may hold layout, locale, registers and names (text -> name beside it).
    """
    field = next(
        f for c in reports().values() for f in c.fields.values()
        if f.type == field_type and name in (None, f.name) and kind in (None, c.kind)
    )  # fmt: skip
    given = [cell if isinstance(cell, tuple) else (cell, "s") for cell in texts]
    names = of.get("names", {})
    cells = pa.table({
        "column_no": pa.array([1] * len(given), pa.int64()),
        "layout": [of.get("layout", "template")] * len(given),
        "locale": pa.array([of.get("locale")] * len(given), pa.string()),
        "list": [parsing.listed(field)] * len(given),
        "text": pa.array([text for text, _ in given], pa.string()),
        "type": [letter for _, letter in given],
        "name": pa.array([names.get(text) for text, _ in given], pa.string()),
    })  # fmt: skip
    con = installed(**of.get("registers", {}))
    con.register("cells", cells)
    found = con.execute(
        f"select text, value, fault, note, expected, suggestion, said from ({parsing.reading(parsing.family(field), 'cells')})"
    )
    columns = [d[0] for d in found.description]
    return {row[0]: dict(zip(columns, row, strict=True)) for row in found.fetchall()}


def installed(**registers: pa.Table) -> duckdb.DuckDBPyConnection:
    """Gives a database in which texts can be read; the same one where there are no registers."""
    if not registers:
        return _bare()
    con = duckdb.connect()
    parsing.install(con, registers)
    con.execute("create or replace table partner_key (folded varchar, org_id varchar)")
    return con


@cache
def _bare() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    parsing.install(con)
    con.execute("create or replace table partner_key (folded varchar, org_id varchar)")
    return con


def value(field_type: str, text: Any, **of: Any) -> Any:
    [found] = read(field_type, [text], **of).values()
    return found["value"]


def fault(field_type: str, text: Any, **of: Any) -> Any:
    [found] = read(field_type, [text], **of).values()
    assert found["fault"] is None or found["value"] is None or field_type == "org"
    return found["fault"]
