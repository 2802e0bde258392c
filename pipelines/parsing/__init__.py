"""Text as typed -> typed value, as DuckDB SQL over whole columns, one module per family of types.

Belongs here: how a text is read, and what is said where it cannot be. Does not belong here: where the text came from
(intake), which rows it is on (staging), whether the value is a good one (validation).

A *cell* is one distinct text of one column of one table of one file: `table_no, layout, language, text, type, name`,
with the type letter that intake gave it. A *reading* is that cell with what became of it:

    value       the typed value, null where it cannot be read
    fault       the rule that says why it cannot be read
    note        the rule that says what the reader should know about how it was read
    expected    what would have been understood: both readings of an ambiguous text, the codes of a list
    suggestion  the nearest thing that would be understood
    said        the currency that the text of an amount states
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.contract import Field
from pipelines.parsing import codes, dates, numbers, organisations, words

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

#: Types whose text is their value.
AS_TYPED = ("text", "url")


def reading(field: Field, cells: str) -> str:
    """Writes the SELECT that turns the relation of cells named `cells` into readings of a field."""
    match field.type:
        case "money" | "number" | "integer" | "percent":
            return numbers.reading(field, cells)
        case "date":
            return dates.reading(cells)
        case "period":
            return dates.quarters(cells)
        case "org":
            return organisations.reading(cells)
        case "code":
            return codes.reading(field.codes or "", "code.unknown", cells)
        case "currency":
            return codes.reading("currency", "V10.currency-unknown", cells)
        case "country":
            return codes.reading("country", "code.unknown", cells)
        case "territory":
            return codes.territories(cells)
        case "target":
            return codes.targets(cells)
        case "boolean":
            return words.booleans(cells)
    raise ValueError(f"type {field.type} is not parsed")


def install(con: duckdb.DuckDBPyConnection, registers: dict[str, pa.Table] | None = None) -> None:
    """Gives a connection the macros and lookup tables that readings use."""
    for sql in (words.MACROS, numbers.MACROS, dates.MACROS, organisations.MACROS):
        con.execute(sql)
    codes.install(con, registers or {})
