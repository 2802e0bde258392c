"""Text as typed -> typed value, as DuckDB SQL over whole columns, one module per family of types.

Belongs here: how a text is read, and what is said where it cannot be. Does not belong here: where the text came from
(intake), which rows it is on (staging), whether the value is a good one (validation).

A *cell* is one distinct text of one column of one table of one file: `column_no, layout, locale, list, text, type,
name`, with the code list of its field and the type letter that intake gave it; `name` is what its row calls an
organisation. A *reading* is `column_no, text, type, name` with what became of it:

    value       the typed value, null where it cannot be read
    fault       the rule that says why it cannot be read
    note        the rule that says what the reader should know about how it was read
    expected    what would have been understood: both readings of an ambiguous text, the codes of a list
    suggestion  the nearest thing that would be understood
    said        the currency that the text of an amount states
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.contract import Field, FieldType
from pipelines.parsing import codes, dates, numbers, organisations, words

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

#: Types whose text is their value.
AS_TYPED = ("text", "url")


@dataclass(frozen=True)
class Family:
    """Fields whose texts are read alike, and thus in one go: they are of one type and, for numbers, of one unit."""

    type: FieldType
    unit: str | None = None


def family(field: Field) -> Family:
    """Says with which other fields a field is read; all that is looked up in a closed list is one family."""
    if field.type in ("code", "currency", "country"):
        return Family("code")
    return Family(field.type, field.unit if field.type in ("number", "integer") else None)


def listed(field: Field) -> str:
    """Gives the name of the closed list that a field is looked up in; blank where there is none."""
    return field.codes or (field.type if field.type in ("currency", "country") else "")


def reading(of: Family, cells: str) -> str:
    """Writes the SELECT that turns the relation of cells named `cells` into readings."""
    match of.type:
        case "money" | "number" | "integer" | "percent":
            return numbers.reading(of.type, of.unit, cells)
        case "date":
            return dates.reading(cells)
        case "period":
            return dates.quarters(cells)
        case "org":
            return organisations.reading(cells)
        case "code":
            return codes.reading(cells)
        case "territory":
            return codes.territories(cells)
        case "target":
            return codes.targets(cells)
        case "boolean":
            return words.booleans(cells)
    raise ValueError(f"type {of.type} is not parsed")


def install(con: duckdb.DuckDBPyConnection, registers: dict[str, pa.Table] | None = None) -> None:
    """Gives a connection the macros and lookup tables that readings use."""
    for sql in (words.MACROS, numbers.MACROS, dates.MACROS, organisations.MACROS):
        con.execute(sql)
    codes.install(con, registers or {})
