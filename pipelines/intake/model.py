"""What one file becomes when it has been read: the Extract and its parts.

Belongs here: the frozen shapes that travel from a reader to the cache and to staging.
Does not belong here: how any format is read, and any judgement of a value.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Column:
    """One column of a table as the file had it; `field` is None when no contract knows it.

    `official` is its name in the published schema of its layout, where the table claims that; given in the table that
    has `extra`.
    """

    field: str | None
    header: str
    position: int
    label: str
    official: str | None = None


@dataclass(frozen=True)
class Table:
    """All rows of one kind found on one sheet; `data` has the columns named in `data_schema`.

    `sheet` has the member before it where the file is an archive; `layout` is given where it is not that of the file.
    """

    kind: str
    sheet: str
    rows: int
    columns: tuple[Column, ...]
    data: pa.Table
    layout: str | None = None


@dataclass(frozen=True)
class ReadFinding:
    """Something about the reading itself; the sentence comes from the rule catalogue."""

    rule_id: str
    sheet: str | None = None
    cell: str | None = None
    line: int | None = None
    field: str | None = None
    value: str | None = None
    expected: str | None = None
    suggestion: str | None = None
    args: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Extract:
    """The text of one file, addressed; a pure function of bytes, contracts, layouts, reader, words of the partner.

    `packing` is `gzip` where the file was a gzipped one of its `format`; `language` is that of its headers, `locale` what
    its partner has declared of dates and decimals.
    """

    format: str
    layout: str
    encoding: str | None = None
    delimiter: str | None = None
    language: str | None = None
    locale: str | None = None
    sender_id: str | None = None
    sender_name: str | None = None
    sender_cell: str | None = None
    period: str | None = None
    tables: tuple[Table, ...] = ()
    findings: tuple[ReadFinding, ...] = ()
    not_read: dict[str, int] = dataclasses.field(default_factory=dict)
    packing: str | None = None


def data_schema(fields: tuple[str, ...]) -> pa.Schema:
    """The Arrow schema of `Table.data` for these contract fields, in this order."""
    import pyarrow as pa

    columns = [
        pa.field("row_number", pa.int64()),
        pa.field("row_cell", pa.string()),
        pa.field("extra", pa.string()),
    ]
    for name in fields:
        columns += [
            pa.field(name, pa.string()),
            pa.field(f"{name}__cell", pa.string()),
            pa.field(f"{name}__type", pa.string()),
        ]
    return pa.schema(columns)
