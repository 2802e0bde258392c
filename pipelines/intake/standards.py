"""Whether a table claims to be of its layout's published schema, and whether its columns are those of that schema.

A table claims it if it has one of the schema's marks, columns that no earlier version has, and most of the other columns
under their exact names. Tables of earlier versions are read as well, and nothing is asked of them.

Belongs here: headers held against a schema. Does not belong here: reading headers (headers), cells held against a schema
(validation_standards).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pipelines.intake.layouts import Layout, Standard
from pipelines.intake.model import ReadFinding

if TYPE_CHECKING:
    from pipelines.intake.grid import Grid


def find(grid: Grid, columns: Sequence[str | None], layout: Layout | None, meant: set[str]) -> list[ReadFinding]:
    """Says which columns stand under another name or in another order than the schema's, and which are not there.

    `columns` says which column of the layout each is; `meant` are those that a header was probably meant for.
    """
    if layout is None or layout.standard is None or not any(official(layout, columns, grid.headers)):
        return []
    standard, sheet = layout.standard, grid.sheet or None
    line = grid.header_row if grid.in_text else None
    args = {"version": standard.version}
    names = official(layout, columns, grid.headers)
    found = [
        ReadFinding("scdl.column-name", sheet, grid.header_cell(i), line, value=header, expected=name, args=args)
        for i, name in enumerate(names)
        if name is not None and (header := _shown(grid.headers[i])) != name
    ]
    # The members of a JSON object, which have no row of headers, come in any order.
    if grid.header_row and (moved := _moved(standard, names)) is not None:
        at, expected = moved
        cell, header = grid.header_cell(at), _shown(grid.headers[at])
        found.append(ReadFinding("scdl.column-order", sheet, cell, line, value=header, expected=expected, args=args))
    found += [
        ReadFinding("scdl.column-missing", sheet, line=line, expected=name, args=args)
        for name in _missing(standard, names)
        if name not in meant
    ]
    return found


def official(layout: Layout | None, columns: Sequence[str | None], headers: Sequence[str]) -> tuple[str | None, ...]:
    """Gives the name of each column in the schema that a table claims; None for every one if it claims none."""
    standard = layout.standard if layout else None
    if standard is None or not _is_claimed(standard, headers):
        return (None,) * len(columns)
    known = {column.name for column in standard.columns}
    return tuple(name if name in known else None for name in columns)


def _is_claimed(standard: Standard, headers: Sequence[str]) -> bool:
    exact = {_shown(header) for header in headers}
    others = [column.name for column in standard.columns if column.name not in standard.marks]
    return not exact.isdisjoint(standard.marks) and 2 * sum(name in exact for name in others) > len(others)


def _moved(standard: Standard, names: Sequence[str | None]) -> tuple[int, str] | None:
    """Gives the first column that is not where the schema has it, and the one that belongs there."""
    present = [i for i, name in enumerate(names) if name is not None]
    ordered = (column.name for column in standard.columns if column.name in names)
    return next(((i, name) for i, name in zip(present, ordered, strict=True) if names[i] != name), None)


def _missing(standard: Standard, names: Sequence[str | None]) -> Iterator[str]:
    yield from (column.name for column in standard.columns if column.required and column.name not in names)
    yield from (" / ".join(group) for group in standard.one_of if not set(group) & set(names))


def _shown(header: str) -> str:
    return " ".join(header.split())
