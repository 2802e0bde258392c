"""What is to be said of a sheet beside its rows: hidden rows, columns and sheets, formulas without a result, macros,
days counted from 1904, numbers shown as percentages or kept as text, sheets of our template under other names.

Belongs here: these findings, and bringing a number to what its cell shows. Does not belong here: how a file says so
(facts and its readers), merged cells and totals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pipelines.contract import fold, reports
from pipelines.intake.facts import BookFacts, SheetFacts, runs
from pipelines.intake.grid import Grid, letter
from pipelines.intake.headers import Reading
from pipelines.intake.model import ReadFinding
from pipelines.intake.totals import QUANTITIES
from pipelines.intake.typedcells import written

if TYPE_CHECKING:
    from pipelines.intake.regions import Cells

#: Days between the two epochs of spreadsheets: 1899-12-30, and 1904-01-01 of old Macintosh ones.
_EPOCHS_APART = 1462
#: Places that one finding names.
_NAMED = 8
#: A number as text that can be read in one way: units and currencies were typed on purpose, and `1.234` is two numbers.
_AS_TEXT = r"^\s*[-+]?(?:[0-9]+|[0-9]{1,3}(?:[ \x{a0}\x{202f}][0-9]{3})+)(?:[.,](?:[0-9]{1,2}|[0-9]{4,}))?\s*$"


def as_shown(
    grid: Grid, types: Mapping[int, str], facts: SheetFacts, from_1904: bool
) -> tuple[Grid, list[ReadFinding]]:
    """Gives percentages as they are shown (50, where the cell keeps 0.5), and bare days of 1904 in the usual epoch."""
    findings = []
    for position, kind in types.items():
        column, letters = grid.texts[position], grid.types[position]
        if letters is None:
            continue
        if kind == "percent" and (rows := facts.percent.get(grid.first + position)):
            grid = _with(grid, position, _percentages(grid, position, rows))
        elif kind == "date" and from_1904 and (days := _days_of_1904(grid, position)) is not None:
            grid = _with(grid, position, days[0])
            findings.append(
                ReadFinding(
                    "V25.days-of-1904", grid.sheet, grid.address(position, days[1]), value=column[days[2]].as_py()
                )
            )
        elif kind in QUANTITIES and (found := _numbers_as_text(grid, position)):
            findings.append(found)
    return grid, findings


def of_sheet(cells: Cells, hidden: bool, facts: SheetFacts, grids: Sequence[Grid]) -> Iterator[ReadFinding]:
    """Says what is hidden of a sheet that was read, and which formulas have no result."""
    sheet = cells.sheet
    if hidden:
        yield ReadFinding("V25.hidden-sheet", sheet=sheet)
    read = {row for grid in grids for row in grid.rows.to_pylist()} if facts.hidden_rows else set()
    if rows := tuple(row for row in facts.hidden_rows if row in read):
        yield ReadFinding(
            "V25.hidden-rows", sheet, f"A{rows[0]}", value=_named(rows, str), args={"rows": str(len(rows))}
        )
    used = {
        grid.first + i
        for grid in grids
        for i, text in enumerate(grid.texts)
        if grid.headers[i].strip() or text.null_count < len(text)
    }
    if columns := tuple(column for column in facts.hidden_columns if column in used):
        at = next(g.header_cell(columns[0] - g.first) for g in grids if 0 <= columns[0] - g.first < len(g.texts))
        yield ReadFinding(
            "V25.hidden-columns", sheet, at, value=_named(columns, letter), args={"columns": str(len(columns))}
        )
    if facts.uncomputed:
        count = str(len(facts.uncomputed))
        yield ReadFinding("V25.formula-without-value", sheet, facts.uncomputed[0], args={"cells": count})


def of_book(book: BookFacts) -> Iterator[ReadFinding]:
    """Says of a workbook that it has macros."""
    if book.macros:
        yield ReadFinding("V25.macros")


def renamed(readings: Sequence[tuple[str, Reading]]) -> Iterator[ReadFinding]:
    """Says which sheets of our template have another name now; where none has its own, it was never our template."""
    titles = {kind: (fold(c.title.fr), fold(c.title.en), fold(kind)) for kind, c in reports().items()}
    own = [(sheet, r.kind, titles[r.kind]) for sheet, r in readings if r.kind is not None]
    named = [any(fold(sheet).startswith(title) for title in known) for sheet, _, known in own]
    if not any(named):
        return
    for (sheet, kind, _), right in zip(own, named, strict=True):
        if not right:
            title = reports()[kind].title
            yield ReadFinding(
                "V25.renamed-sheet",
                sheet,
                value=sheet,
                expected=kind,
                args={"title_en": title.en, "title_fr": title.fr},
            )


def _with(grid: Grid, position: int, text: object) -> Grid:
    return replace(grid, texts=(*grid.texts[:position], text, *grid.texts[position + 1 :]))


def _percentages(grid: Grid, position: int, rows: frozenset[int]) -> object:
    import pyarrow as pa
    import pyarrow.compute as pc

    text = grid.texts[position]
    shown = pc.is_in(grid.rows, value_set=pa.array(sorted(rows), pa.int64()))
    shown = pc.and_(shown, pc.equal(grid.types[position], "n"))
    kept = pc.if_else(shown, text, pa.scalar(None, pa.string())).cast(pa.float64())
    return pc.if_else(shown, written(pc.multiply(kept, 100.0)), text)


def _days_of_1904(grid: Grid, position: int) -> tuple[object, int, int] | None:
    """Gives the column with its bare days counted as usual, and the first such row; None where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    text = grid.texts[position]
    bare = pc.and_(pc.equal(grid.types[position], "n"), pc.match_substring_regex(text, "^[0-9]{4,5}$"))
    bare = pc.fill_null(bare, fill_value=False)
    if not pc.any(bare).as_py():
        return None
    days = pc.if_else(bare, text, pa.scalar(None, pa.string())).cast(pa.int64())
    first = pc.indices_nonzero(bare)[0].as_py()
    moved = pc.add(days, _EPOCHS_APART).cast(pa.string())
    return pc.if_else(bare, moved, text), grid.rows[first].as_py(), first


def _numbers_as_text(grid: Grid, position: int) -> ReadFinding | None:
    """Finds numbers kept as text among numbers kept as such: a spreadsheet leaves them out of its own sums."""
    import pyarrow.compute as pc

    text, letters = grid.texts[position], grid.types[position]
    typed = pc.sum(pc.equal(letters, "n")).as_py() or 0
    as_text = pc.and_(pc.equal(letters, "s"), pc.match_substring_regex(text, _AS_TEXT))
    found = pc.indices_nonzero(pc.fill_null(as_text, fill_value=False))
    if not len(found) or len(found) >= typed:
        return None
    first = found[0].as_py()
    cell = grid.address(position, grid.rows[first].as_py())
    return ReadFinding(
        "V25.number-as-text", grid.sheet, cell, value=text[first].as_py(), args={"cells": str(len(found))}
    )


def _named(numbers: tuple[int, ...], name: object) -> str:
    assert callable(name)
    found = [name(a) if a == b else f"{name(a)}–{name(b)}" for a, b in runs(numbers)]
    return ", ".join(found[:_NAMED]) + (" …" if len(found) > _NAMED else "")
