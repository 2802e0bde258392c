"""Merged cells in the rows of a table: the value belongs to the first cell; down a column of words it is repeated.

A name, a code or a day that is merged over rows is meant for each of them. An amount or another quantity is not: it
would be counted as often as it is repeated, so that it stays in the first row, and it is told. Repeated cells keep the
address of the cell in which the value stands.

Belongs here: merged cells below a header. Does not belong here: merged headers (header_rows).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipelines.intake.grid import Grid, letter
from pipelines.intake.model import ReadFinding
from pipelines.intake.totals import QUANTITIES

#: Ranges that one finding names.
_NAMED = 5
#: First row, first column, last row, last column: rows as numbered in the sheet, columns from 0 on.
Range = tuple[int, int, int, int]


def repeat(grid: Grid, types: Mapping[int, str], ranges: Sequence[Range]) -> tuple[Grid, list[ReadFinding]]:
    """Repeats merged words down their columns and tells of all merged cells of a table. `types` are field types."""
    import pyarrow as pa

    if not ranges or not len(grid.rows):
        return grid, []
    top, bottom = grid.rows[0].as_py(), grid.rows[-1].as_py()
    inside = [r for r in ranges if top <= r[0] <= bottom and grid.first <= r[1] < grid.first + len(grid.texts)]
    down = [r for r in inside if r[2] > r[0]]
    amounts = [r for r in down if types.get(r[1] - grid.first) in QUANTITIES]
    texts, cells = list(grid.texts), dict(grid.cells)
    by_column: dict[int, list[Range]] = {}
    for each in down:
        if each not in amounts:
            by_column.setdefault(each[1] - grid.first, []).append(each)
    index = {row: i for i, row in enumerate(grid.rows.to_pylist())} if by_column else {}
    for position, found in by_column.items():
        source = list(range(len(grid.rows)))
        for first, _, last, _ in found:
            for row in range(first + 1, min(last, bottom) + 1):
                if first in index and row in index:
                    source[index[row]] = index[first]
        taken = pa.array(source, pa.int64())
        cells[position] = grid.addresses(position).take(taken)
        texts[position] = texts[position].take(taken)
        kind = grid.types[position]
        if kind is not None:
            grid = replace(grid, types=(*grid.types[:position], kind.take(taken), *grid.types[position + 1 :]))
    findings = []
    for rule, which in (
        ("read.merged-cells", [r for r in inside if r not in amounts]),
        ("read.merged-amounts", amounts),
    ):
        if which:
            names = [_name(r) for r in sorted(which)]
            shown = ", ".join(names[:_NAMED]) + (" …" if len(names) > _NAMED else "")
            cell = names[0].partition(":")[0]
            findings.append(ReadFinding(rule, grid.sheet or None, cell, value=shown, args={"ranges": str(len(names))}))
    return replace(grid, texts=tuple(texts), cells=cells), findings


def _name(merged: Range) -> str:
    return f"{letter(merged[1])}{merged[0]}:{letter(merged[3])}{merged[2]}"
