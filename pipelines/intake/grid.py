"""The cells of one sheet as whole columns, turned into tables of contract fields that keep every address.

Belongs here: what workbooks and delimited text have in common once cells are read. Does not belong here: finding
the header row (headers), what a layout says (layouts), any reading of what a cell means.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pipelines.contract import reports
from pipelines.intake import standards
from pipelines.intake.headers import Reading, suggest
from pipelines.intake.layouts import Layout, Source, load_tables
from pipelines.intake.model import Column, ReadFinding, Table, data_schema

if TYPE_CHECKING:
    import pyarrow as pa

#: Rows that are turned into tables at once.
_AT_ONCE = 8192


@dataclass(frozen=True)
class Grid:
    """The rows below a header row: per column its text and, where the file types its cells, their type letters.

    `rows` are sheet rows or text lines; `header_row` is that of the header, `header_rows` that of each column's header
    where it is spread over several; `in_text` says which way to address; `first` is the position of the first column
    where the table starts further right; `cells` are the addresses of cells that stand elsewhere, by position.
    """

    sheet: str
    in_text: bool
    header_row: int
    headers: tuple[str, ...]
    texts: tuple[pa.StringArray, ...]
    types: tuple[pa.StringArray | None, ...]
    rows: pa.Int64Array
    header_rows: tuple[int, ...] = ()
    first: int = 0
    cells: Mapping[int, pa.StringArray] = field(default_factory=dict)

    def label(self, position: int) -> str:
        """Names a column: its letter in a sheet, its number in text."""
        at = self.first + position
        return str(at + 1) if self.in_text else letter(at)

    def address(self, position: int, row: int) -> str:
        """Gives the address of one cell."""
        at = self.first + position
        return f"L{row}C{at + 1}" if self.in_text else f"{letter(at)}{row}"

    def header_cell(self, position: int) -> str:
        """Gives the address of a column's header."""
        return self.address(position, self.header_rows[position] if self.header_rows else self.header_row)

    def addresses(self, position: int) -> pa.StringArray:
        """Gives the addresses of all cells of a column."""
        import pyarrow.compute as pc

        if position in self.cells:
            return self.cells[position]
        rows, at = self.rows.cast("string"), self.first + position
        if self.in_text:
            return pc.binary_join_element_wise("L", rows, f"C{at + 1}", "")
        return pc.binary_join_element_wise(letter(at), rows, "")

    def where(self, kept: pa.BooleanArray) -> Grid:
        """Leaves out rows."""
        return replace(
            self,
            texts=tuple(text.filter(kept) for text in self.texts),
            types=tuple(None if kind is None else kind.filter(kept) for kind in self.types),
            rows=self.rows.filter(kept),
            cells={position: cells.filter(kept) for position, cells in self.cells.items()},
        )

    def slice(self, start: int, count: int) -> Grid:
        """Takes some rows, without copying them."""
        if start == 0 and len(self.rows) <= count:
            return self
        return replace(
            self,
            texts=tuple(text.slice(start, count) for text in self.texts),
            types=tuple(None if kind is None else kind.slice(start, count) for kind in self.types),
            rows=self.rows.slice(start, count),
            cells={position: cells.slice(start, count) for position, cells in self.cells.items()},
        )


@dataclass(frozen=True)
class _Cells:
    """One field for all rows."""

    text: pa.StringArray
    cell: pa.StringArray
    type: pa.StringArray


def to_tables(grid: Grid, reading: Reading) -> tuple[tuple[Table, ...], tuple[ReadFinding, ...]]:
    """Turns a sheet into one table per kind its rows become, with findings about its columns."""
    layout = next((x for x in load_tables() if x.layout == reading.layout), None)
    filled = frozenset(i for i, text in enumerate(grid.texts) if text.null_count < len(text))
    parts = []
    # Some thousand rows at a time: what is needed on the way to a table is several times its size.
    for start in range(0, max(len(grid.rows), 1), _AT_ONCE):
        piece = grid.slice(start, _AT_ONCE)
        parts.append(_by_layout(piece, reading, layout, filled) if layout else (_by_kind(piece, reading, filled),))
    first, *others = (_under_each_other(pieces) for pieces in zip(*parts, strict=True))
    official = standards.official(layout, reading.columns, grid.headers)
    columns = tuple(replace(column, official=name) for column, name in zip(first.columns, official, strict=True))
    tables = (replace(first, columns=columns), *others)
    return tables, _column_findings(grid, reading, layout)


def _under_each_other(pieces: Sequence[Table]) -> Table:
    import pyarrow as pa

    if len(pieces) == 1:
        return pieces[0]
    data = pa.concat_tables([piece.data for piece in pieces])
    return replace(pieces[0], rows=data.num_rows, data=data)


def letter(position: int) -> str:
    """Gives the letters of a sheet column: 0 is A, 26 is AA."""
    name = ""
    while position >= 0:
        position, rest = position // 26 - 1, position % 26
        name = chr(65 + rest) + name
    return name


def _by_kind(grid: Grid, reading: Reading, filled: frozenset[int]) -> Table:
    assert reading.kind is not None
    fields = {name: _column(grid, i) for i, name in enumerate(reading.columns) if name is not None}
    spare = [i for i, name in enumerate(reading.columns) if name is None and i in filled]
    return _table(grid, reading.kind, fields, reading.columns, spare)


def _by_layout(grid: Grid, reading: Reading, layout: Layout, filled: frozenset[int]) -> tuple[Table, ...]:
    """Builds each table of a layout; what no field holds whole is kept beside the rows of the first."""
    at = {name: i for i, name in enumerate(reading.columns) if name is not None}
    tables = []
    for number, table in enumerate(layout.tables):
        fields: dict[str, _Cells] = {}
        named: dict[str, str] = {}
        for name, source in table.fields.items():
            if (cells := _source(grid, source, at, layout)) is not None:
                fields[name] = cells
            for leaf in source.leaves():
                if leaf.column is not None and leaf.pattern is None and source.join is None:
                    named.setdefault(leaf.column, name)
        columns = tuple(named.get(column) if column else None for column in reading.columns)
        spare = [i for i, name in enumerate(columns) if name is None and i in filled and number == 0]
        tables.append(_table(grid, table.kind, fields, columns, spare))
    return tuple(tables)


def _table(
    grid: Grid, kind: str, fields: dict[str, _Cells], columns: Sequence[str | None], spare: Sequence[int]
) -> Table:
    import pyarrow as pa

    known = [name for name in reports()[kind].fields if name in fields]
    parts = [grid.rows, _row_cells(grid), _extra(grid, spare)]
    for name in known:
        parts += [fields[name].text, fields[name].cell, fields[name].type]
    data = pa.Table.from_arrays(parts, schema=data_schema(tuple(known)))
    shown = [Column(name, _shown(grid.headers[i]), grid.first + i, grid.label(i)) for i, name in enumerate(columns)]
    return Table(kind, grid.sheet, data.num_rows, tuple(shown), data)


def _source(grid: Grid, source: Source, at: dict[str, int], layout: Layout) -> _Cells | None:
    """Gives the cells of one source, or None if the file has no column for it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    count = len(grid.rows)
    if source.column is not None:
        if source.column not in at:
            return None
        cells = _column(grid, at[source.column])
        return cells if source.pattern is None else _found(cells, layout.patterns[source.pattern])
    if source.value is not None:
        return _Cells(pa.repeat(source.value, count), _row_cells(grid), pa.repeat("s", count))
    if source.row:
        return _Cells(grid.rows.cast(pa.string()), _row_cells(grid), pa.repeat("s", count))
    inner = [c for part in (*source.first, *source.parts) if (c := _source(grid, part, at, layout)) is not None]
    if not inner:
        return None
    if source.join is not None:
        joined = _joined([cells.text for cells in inner], source.join)
        return _Cells(joined, _row_cells(grid), pa.repeat("s", count))
    taken = inner[-1]
    for cells in reversed(inner[:-1]):
        here = pc.is_valid(cells.text)
        # Where nothing is filled in at all, the address is that of the first place to fill in.
        here_or_none = pc.or_(here, pc.is_null(taken.text))
        taken = _Cells(
            pc.if_else(here, cells.text, taken.text),
            pc.if_else(here_or_none, cells.cell, taken.cell),
            pc.if_else(here_or_none, cells.type, taken.type),
        )
    return taken


def _found(cells: _Cells, pattern: str) -> _Cells:
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pc.struct_field(pc.extract_regex(pc.utf8_trim_whitespace(cells.text), pattern), "value")
    whole = pc.fill_null(pc.equal(text, cells.text), fill_value=False)
    return _Cells(text, cells.cell, pc.if_else(whole, cells.type, pa.scalar("s")))


def _column(grid: Grid, position: int) -> _Cells:
    import pyarrow as pa

    types = grid.types[position]
    letters = pa.repeat("s", len(grid.rows)) if types is None else types
    return _Cells(grid.texts[position], grid.addresses(position), letters)


def _row_cells(grid: Grid) -> pa.StringArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.binary_join_element_wise("L" if grid.in_text else "A", grid.rows.cast(pa.string()), "")


def _named(grid: Grid, spare: Iterable[int]) -> dict[int, str]:
    """Names columns by their headers, and by their letters too where a header is taken."""
    names: dict[int, str] = {}
    for position in spare:
        name = _shown(grid.headers[position])
        names[position] = name if name and name not in names.values() else f"{name} [{grid.label(position)}]".strip()
    return names


def _extra(grid: Grid, spare: Sequence[int]) -> pa.StringArray:
    """Writes the cells of columns that no field holds as one JSON object per row; null where there are none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    members: list[pa.StringArray] = []
    for position, name in _named(grid, spare).items():
        text = grid.texts[position]
        if pc.any(pc.match_substring_regex(text, r'[\\"\x00-\x1f]')).as_py():
            for mark, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
                text = pc.replace_substring(text, mark, escaped)
            # JSON has no bare control characters; none of these stands for anything in a table.
            text = pc.replace_substring_regex(text, r"[\x00-\x1f]", " ")
        members.append(pc.binary_join_element_wise(json.dumps(name, ensure_ascii=False) + ': "', text, '"', ""))
    if not members:
        return pa.nulls(len(grid.rows), pa.string())
    joined = _joined(members, ", ")
    return pc.binary_join_element_wise("{", joined, "}", "")


def _joined(texts: Sequence[pa.StringArray], between: str) -> pa.StringArray:
    """Joins what is filled in of each row; null where nothing is.

    Arrow's own join that skips nulls gives no element at all for a row of nulls only.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    pieces = [pc.fill_null(pc.binary_join_element_wise(between, text, ""), "") for text in texts]
    whole = pc.binary_join_element_wise(*pieces, "")
    bare = pc.utf8_slice_codeunits(whole, len(between))
    return pc.if_else(pc.equal(whole, ""), pa.scalar(None, pa.string()), bare)


def _column_findings(grid: Grid, reading: Reading, layout: Layout | None) -> tuple[ReadFinding, ...]:
    """Reports columns that nobody knows, that name a place twice, and required ones that are not there."""
    findings: list[ReadFinding] = []
    near: dict[int, str] = {}
    for i, name in enumerate(reading.columns):
        header = _shown(grid.headers[i])
        if name is not None or (header and i not in reading.losers and header in {f.value for f in findings}):
            continue
        rule: str | None
        filled = grid.texts[i].null_count < len(grid.texts[i])
        if i in reading.losers:
            rule = reading.losers[i]
        elif not header:
            rule = "read.no-header" if filled else None
        elif meant := suggest(header, reading):
            near[i] = meant
            rule = "read.unknown-column-near"
        else:
            rule = "read.unknown-column" if filled else None
        if rule:
            findings.append(
                ReadFinding(
                    rule,
                    sheet=grid.sheet or None,
                    cell=grid.header_cell(i),
                    line=_line(grid),
                    value=header or None,
                    suggestion=near.get(i),
                    args={"column": grid.label(i)},
                )
            )
    missing = _missing(grid, reading, layout, set(near.values()))
    return (*findings, *missing, *standards.find(grid, reading.columns, layout, set(near.values())))


def _missing(grid: Grid, reading: Reading, layout: Layout | None, meant: set[str]) -> list[ReadFinding]:
    absent: list[tuple[str | None, str]]
    if layout is not None:
        absent = [(None, group[0]) for group in layout.needs if not any(c in reading.columns for c in group)]
    else:
        fields = [f for f in reports()[reading.kind or ""].fields.values() if f.required]
        absent = [(f.name, f.header.of(reading.language or "en")) for f in fields if f.name not in reading.columns]
    sheet, line = grid.sheet or None, _line(grid)
    return [
        ReadFinding("read.column-missing", sheet=sheet, field=name, expected=header, line=line)
        for name, header in absent
        if header not in meant
    ]


def _line(grid: Grid) -> int | None:
    return grid.header_row if grid.in_text else None


def _shown(header: str) -> str:
    return " ".join(header.split())
