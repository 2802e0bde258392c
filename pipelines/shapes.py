"""What the SQL layer finds when it starts: the columns and the place of every table that no SQL file makes.

Belongs here: the shape of accepted rows, registers, received reports and row counts, as types. Does not belong here: the
shape of anything made by SQL; DuckDB knows that.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import contract, staging
from pipelines.errors import ProjectError
from pipelines.paths import DataRoot

if TYPE_CHECKING:
    import pyarrow as pa

#: Received reports in their order, of which `position` is the number, from 0; attributed as their rows
#: are; `received_on` is the day in Paris.
SUBMISSIONS: dict[str, str] = {
    "submission_id": "VARCHAR",
    "position": "BIGINT",
    "partner_id": "VARCHAR",
    "period": "VARCHAR",
    "source_file": "VARCHAR",
    "source_sha256": "VARCHAR",
    "format": "VARCHAR",
    "layout": "VARCHAR",
    "received_on": "DATE",
}

#: What became of the rows of each report, sheet and kind.
COUNTS: dict[str, str] = {
    "submission_id": "VARCHAR",
    "source_file": "VARCHAR",
    "source_sheet": "VARCHAR",
    "kind": "VARCHAR",
    "read": "BIGINT",
    "accepted": "BIGINT",
    "refused": "BIGINT",
    "superseded": "BIGINT",
    "duplicate": "BIGINT",
}

#: Euro reference rates: read from the package that carries them, so no contract says what they are.
EXCHANGE_RATES: dict[str, str] = {
    "currency": "VARCHAR",
    "rate_date": "DATE",
    "units_per_eur": "DECIMAL(28,10)",
    "source": "VARCHAR",
}


def of(name: str) -> dict[str, str]:
    """Gives the columns of an input such as `accepted.transactions`, with their DuckDB types."""
    schema, _, table = name.partition(".")
    if schema == "accepted" and table in contract.reports():
        return accepted(contract.reports()[table])
    if name in _FIXED:
        return _FIXED[name]
    if schema == "reference" and table in contract.registers():
        return {f.name: f.duckdb_type for f in contract.registers()[table].fields.values()}
    raise ProjectError(
        f"There is no table {name}.", "Inputs are accepted.<kind>, reference.<register>, core.x, metrics.x."
    )


def arrow_schema(name: str) -> pa.Schema:
    """Gives the columns of an input as an Arrow schema, for whoever writes its file."""
    import pyarrow as pa

    types = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "DATE": pa.date32(), "BOOLEAN": pa.bool_()}
    return pa.schema([(column, types.get(kind, pa.decimal128(28, 10))) for column, kind in of(name).items()])


def accepted(kind: contract.Contract) -> dict[str, str]:
    """Gives the columns of the accepted rows of a kind: of the row, then per field the value, its text and its cell."""
    columns = {name: "BIGINT" if name == "source_row" else "VARCHAR" for name in staging.SYSTEM}
    for field in kind.fields.values():
        columns.setdefault(field.name, field.duckdb_type)
        columns |= {f"{field.name}__text": "VARCHAR", f"{field.name}__cell": "VARCHAR"}
    return columns


def place(root: DataRoot, name: str) -> Path:
    """Gives the Parquet file of a table."""
    if name == "ingest.submissions":
        return root.submissions
    if name == "ingest.counts":
        return root.counts
    return root.table(*name.split("."))


_FIXED = {
    "reference.exchange_rates": EXCHANGE_RATES,
    "ingest.submissions": SUBMISSIONS,
    "ingest.counts": COUNTS,
}
