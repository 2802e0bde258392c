"""Writes the tables that SQL finds when it starts, for tests that begin behind the judging of reports.

Belongs here: rows -> Parquet below a data root, and building all of SQL from them. Does not belong here: any rows.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import duckdb
import pyarrow as pa

from pipelines import contract, reference, shapes, warehouse
from pipelines.paths import DataRoot

Row = Mapping[str, Any]


def store(root: DataRoot, name: str, rows: list[Row] | list[dict[str, Any]]) -> None:
    """Writes rows as the file of an input; columns that are not given are null."""
    layer = name.split(".")[0]
    types = {c.name: c.type for c in warehouse.model(name).columns} if layer in warehouse.BUILT else shapes.of(name)
    path = shapes.place(root, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as con:
        columns = ", ".join(f'"{c}" {kind}' for c, kind in types.items())
        con.execute(f"create table t ({columns})")
        assert all(set(row) <= set(types) for row in rows), f"{name} has other columns"
        text = [{c: None if row.get(c) is None else str(row[c]) for c in types} for row in rows]
        con.register("given", pa.Table.from_pylist(text, pa.schema([(c, pa.string()) for c in types])))
        con.execute("insert into t from given")
        con.execute(f"copy t to '{path}' (format parquet)")


def accept(root: DataRoot, rows: Mapping[str, list[dict[str, Any]]], received_on: str = "2026-07-03") -> None:
    """Writes accepted rows of every kind as if one report had brought them; each gets a row_id and says where it stood."""
    number = itertools.count(2)
    for kind, of in contract.reports().items():
        filled = []
        for row in rows.get(kind, ()):
            line = next(number)
            place = {
                "source_file": "demo/report.xlsx",
                "source_sheet": kind,
                "source_row": line,
                "source_cell": f"A{line}",
            }
            typed = {f"{f}__text": str(v) for f, v in row.items() if f in of.fields}
            typed |= {f"{f}__cell": f"C{line}" for f in row if f in of.fields}
            sender = {"submission_id": "S-1", "partner_id": "demo", "layout": "template"}
            filled.append({"row_id": f"{kind}-{line}", **sender, **place, **typed, **row})
        store(root, f"accepted.{kind}", filled)
    store(
        root,
        "ingest.submissions",
        [
            {
                "submission_id": "S-1",
                "position": 0,
                "partner_id": "demo",
                "source_file": "demo/report.xlsx",
                "received_on": received_on,
            }
        ],
    )
    count = sum(map(len, rows.values()))
    store(
        root,
        "ingest.counts",
        [{"submission_id": "S-1", "read": count, "accepted": count, "refused": 0, "superseded": 0, "duplicate": 0}],
    )


def build(root: DataRoot) -> None:
    """Reads the registers, builds every model, and asserts every claim."""
    reference.registers(root)
    for model in warehouse.models():
        warehouse.run(model, root)
    for claim in warehouse.checks():
        assert warehouse.violations(claim, root) == (0, []), claim.name


def ask(root: DataRoot, query: str) -> list[tuple[Any, ...]]:
    """Asks the built tables; `core.x` and `metrics.x` are read from their files."""
    with duckdb.connect() as con:
        for model in warehouse.models():
            path = root.table(model.layer, model.table)
            con.execute(
                f"create schema if not exists {model.layer}; create view {model.name} as from read_parquet('{path}')"
            )
        return con.execute(query).fetchall()
