"""Where the tables of a sheet are: below which header, between which rows and columns.

Tables may stand under each other, with blank rows or a title between, and beside each other, with blank columns
between. Blank rows and columns within one table do not part it: it is parted only where the parts, read by themselves,
have more known headers than the whole.

Belongs here: cutting a sheet into tables. Does not belong here: which row is a header (header_rows), what stands in
the rows (totals, merged).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING

from pipelines.intake.grid import Grid
from pipelines.intake.header_maps import HeaderMap
from pipelines.intake.header_rows import SEARCHED, Header, find
from pipelines.intake.headers import Reading
from pipelines.intake.model import ReadFinding

if TYPE_CHECKING:
    import pyarrow as pa

#: Gaps of one sheet below which a further table is looked for; a sheet with more is one table full of holes.
_MAXIMUM_STARTS = 400
#: Rows from the end of a gap within which the header of a further table stands: a title, its date, and the header.
_TITLES = 5
#: Parts between blank columns that are looked at by themselves.
_MAXIMUM_PARTS = 8
#: By how much the parts must be better than the whole: less than one known header is what a score adds for each table.
_BETTER = 0.5
#: A single cell below a table is a note, rather than a row that is not yet filled in, from this many characters on.
_NOTE = 12


@dataclass(frozen=True)
class Cells:
    """All cells of a sheet: per column its text, null where blank, and its type letters if the file types its cells.

    `rows` are sheet rows or text lines; `spans` gives, by index of row and column, over how many columns a cell is merged,
    `down`, by index of row, the last row over which one of its cells is.
    """

    sheet: str
    in_text: bool
    texts: tuple[pa.StringArray, ...]
    types: tuple[pa.StringArray | None, ...]
    rows: pa.Int64Array
    spans: Mapping[tuple[int, int], int]
    down: Mapping[int, int] = field(default_factory=dict)

    def head(self, start: int, stop: int, first: int = 0, last: int | None = None) -> list[tuple[str, ...]]:
        """Gives the text of a few rows, of all columns or some."""
        columns = [text.slice(start, stop - start).to_pylist() for text in self.texts[first:last]]
        return [tuple(cell or "" for cell in row) for row in zip(*columns, strict=True)]


@dataclass(frozen=True)
class Region:
    """One table; `above` is the index of its first header row in the sheet."""

    grid: Grid
    reading: Reading
    above: int


def blanked(cells: Cells) -> Cells:
    """Makes blank cells null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = []
    for text in cells.texts:
        blank = pc.equal(pc.utf8_trim_whitespace(text), "")
        texts.append(pc.if_else(blank, pa.scalar(None, pa.string()), text) if pc.any(blank).as_py() else text)
    return replace(cells, texts=tuple(texts))


def cut(cells: Cells, own: HeaderMap | None = None) -> tuple[list[Region], list[ReadFinding]]:
    """Cuts a sheet into its tables, from the top down; none where no row is a header."""
    header = find(cells.head(0, SEARCHED), cells.sheet, own, cells.spans, cells.down)
    if header is None:
        return [], []
    filled = _filled(cells)
    headers = [*_earlier(cells, filled, header, own), header, *_further(cells, filled, header, own)]
    regions: list[Region] = []
    findings: list[ReadFinding] = []
    for here, after in zip(headers, [*headers[1:], None], strict=True):
        stop = len(cells.rows) if after is None else _titles_above(filled, here.last + 1, after.first)
        for part, first, last in _parts(cells, here, stop, own):
            grid = _grid(cells, part, stop, first, last)
            grid, found = _without_repeats(grid)
            findings += found
            grid, found = _without_notes(grid)
            findings += found
            regions = _put(regions, Region(grid, part.reading, part.first))
    return regions, findings


def _put(regions: list[Region], region: Region) -> list[Region]:
    """Adds a table; one with the very headers of a table above it is the rest of that table, on a new page."""
    import pyarrow as pa

    new = region.grid
    for i, region_above in enumerate(regions):
        old = region_above.grid
        if (old.headers, old.first) == (new.headers, new.first):
            texts = tuple(pa.concat_arrays(pair) for pair in zip(old.texts, new.texts, strict=True))
            types = tuple(
                None if one is None or two is None else pa.concat_arrays([one, two])
                for one, two in zip(old.types, new.types, strict=True)
            )
            grid = replace(old, texts=texts, types=types, rows=pa.concat_arrays([old.rows, new.rows]))
            return [*regions[:i], replace(region_above, grid=grid), *regions[i + 1 :]]
    return [*regions, region]


def _filled(cells: Cells) -> list[int]:
    """Counts the filled cells of each row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    count = pa.repeat(pa.scalar(0, pa.int32()), len(cells.rows))
    for text in cells.texts:
        count = pc.add(count, pc.is_valid(text).cast(pa.int32()))
    found: list[int] = count.to_pylist()
    return found


def _further(cells: Cells, filled: list[int], first: Header, own: HeaderMap | None) -> Iterator[Header]:
    """Finds the headers of further tables, each after a gap of blank rows."""
    starts = [i for i in range(first.last + 2, len(filled)) if filled[i] and not filled[i - 1]]
    at = first.last + 1
    for start in starts[:_MAXIMUM_STARTS]:
        if start < at:
            continue
        stop = next((i for i in range(start, len(filled)) if not filled[i]), len(filled))
        found = find(cells.head(start, min(stop, start + _TITLES)), cells.sheet, own, *_below(cells, start))
        if found is not None and _is_whole(found.reading):
            header = _moved(found, start)
            yield header
            at = header.last + 1


def _earlier(cells: Cells, filled: list[int], best: Header, own: HeaderMap | None) -> list[Header]:
    """Finds the headers of tables above the one that has the most words we know."""
    found = find(cells.head(0, min(best.first, SEARCHED)), cells.sheet, own, cells.spans, cells.down)
    if found is None or not _is_whole(found.reading):
        return []
    # A table has rows, and a gap below them; what has none is a legend or the form of a letter.
    gaps = [row for row in range(found.last + 2, best.first) if not filled[row]]
    if not gaps or not any(filled[found.last + 1 : gaps[0]]):
        return []
    return [
        *_earlier(cells, filled, found, own),
        found,
        *(h for h in _further(cells, filled, found, own) if h.last < best.first),
    ]


def _is_whole(reading: Reading) -> bool:
    """Says whether a row is a header beyond doubt: words of a table often occur in its cells too."""
    named = sum(1 for name in reading.columns if name)
    return named >= 3 or reading.score >= named


def _below(cells: Cells, start: int, first: int = 0) -> tuple[dict[tuple[int, int], int], dict[int, int]]:
    """Gives the merged cells of a part of a sheet, counted from its own first row and column."""
    spans = {
        (row - start, column - first): width
        for (row, column), width in cells.spans.items()
        if row >= start and column >= first
    }
    return spans, {row - start: last - start for row, last in cells.down.items() if row >= start}


def _moved(header: Header, rows: int) -> Header:
    """Counts the rows of a header, found in a part of a sheet, from the top of the sheet."""
    return replace(
        header, first=header.first + rows, last=header.last + rows, rows=tuple(r + rows for r in header.rows)
    )


def _titles_above(filled: list[int], start: int, header: int) -> int:
    """Gives the end of a table before the next header: above that may stand titles, and above these is a gap."""
    stop = header
    while stop > start and filled[stop - 1]:
        stop -= 1
    gap = stop
    while gap > start and not filled[gap - 1]:
        gap -= 1
    title = gap
    while title > start and filled[title - 1] == 1 and gap - title < _TITLES:
        title -= 1
    return title if title > start and not filled[title - 1] else stop


def _parts(cells: Cells, header: Header, stop: int, own: HeaderMap | None) -> list[tuple[Header, int, int]]:
    """Parts what stands under a header at blank columns, where that makes more sense of it than the whole does."""
    whole = [(header, 0, len(cells.texts))]
    strips = _strips(cells, header.first, stop)
    if not 1 < len(strips) <= _MAXIMUM_PARTS:
        return whole
    best: list[tuple[float, list[tuple[Header, int, int]]]] = [(0.0, [])]
    for end in range(1, len(strips) + 1):
        options = []
        for begin in range(end):
            first, last = strips[begin][0], strips[end - 1][1]
            rows = cells.head(header.first, min(stop, header.first + SEARCHED), first, last)
            found = find(rows, cells.sheet, own, *_below(cells, header.first, first))
            score, parts = best[begin]
            if found is not None:
                part = _moved(found, header.first)
                options.append((score + found.reading.score, [*parts, (part, first, last)]))
            else:
                options.append((score, parts))
        # Of two ways that are as good, the one that parts less.
        best.append(max(options, key=lambda option: (option[0], -len(option[1]))))
    score, parts = best[-1]
    return parts if len(parts) > 1 and score > header.reading.score + _BETTER else whole


def _strips(cells: Cells, start: int, stop: int) -> list[tuple[int, int]]:
    """Gives first and last column of what stands between blank columns."""
    some = []
    for text in cells.texts:
        part = text.slice(start, stop - start)
        some.append(part.null_count < len(part))
    found = []
    for is_some, columns in groupby(range(len(some)), key=lambda i: some[i]):
        if is_some:
            places = list(columns)
            found.append((places[0], places[-1] + 1))
    return found


def _grid(cells: Cells, header: Header, stop: int, first: int, last: int) -> Grid:
    """Takes the rows of a table out of its sheet, blank ones left out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    start = header.last + 1
    count = max(stop - start, 0)
    texts = tuple(text.slice(start, count) for text in cells.texts[first:last])
    types = tuple(None if kind is None else kind.slice(start, count) for kind in cells.types[first:last])
    some = pa.repeat(pa.scalar(False), count)
    for text in texts:
        some = pc.or_(some, pc.is_valid(text))
    grid = Grid(
        sheet=cells.sheet,
        in_text=cells.in_text,
        header_row=cells.rows[header.last].as_py(),
        headers=header.labels,
        texts=texts,
        types=types,
        rows=cells.rows.slice(start, count),
        header_rows=() if header.first == header.last else tuple(cells.rows[row].as_py() for row in header.rows),
        first=first,
    )
    return grid if pc.all(some).as_py() is not False else grid.where(some)


def _without_repeats(grid: Grid) -> tuple[Grid, list[ReadFinding]]:
    """Leaves out rows that only repeat the headers, as printed pages do."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(grid.rows):
        return grid, []
    same = pa.repeat(pa.scalar(True), len(grid.rows))
    for text, label in zip(grid.texts, grid.headers, strict=True):
        one = pc.is_null(text) if not label.strip() else pc.fill_null(pc.equal(text, label), fill_value=False)
        same = pc.and_(same, one)
        if not pc.any(same).as_py():
            return grid, []
    rows = grid.rows.filter(same)
    finding = ReadFinding(
        "read.header-again",
        sheet=grid.sheet or None,
        cell=grid.address(0, rows[0].as_py()),
        line=rows[0].as_py() if grid.in_text else None,
        args={"rows": str(len(rows))},
    )
    return grid.where(pc.invert(same)), [finding]


def _without_notes(grid: Grid) -> tuple[Grid, list[ReadFinding]]:
    """Leaves out lines of prose below a table: one cell of words each, after a gap."""
    import pyarrow as pa

    count, notes = len(grid.rows), []
    at = count
    while at > 1:
        row = [(i, text[at - 1].as_py()) for i, text in enumerate(grid.texts) if text[at - 1].is_valid]
        if (
            len(row) != 1
            or len(row[0][1].strip()) < _NOTE
            or " " not in row[0][1].strip()
            or not _is_text(grid, row[0][0], at - 1)
        ):
            break
        notes.append((at - 1, *row[0]))
        at -= 1
    if not notes or len(grid.texts) < 3 or grid.rows[at].as_py() == grid.rows[at - 1].as_py() + 1:
        return grid, []
    findings = []
    for index, position, text in reversed(notes):
        row = grid.rows[index].as_py()
        findings.append(
            ReadFinding(
                "read.note-below",
                sheet=grid.sheet or None,
                cell=grid.address(position, row),
                line=row if grid.in_text else None,
                value=" ".join(text.split())[:300],
            )
        )
    return grid.where(pa.array([i < at for i in range(count)])), findings


def _is_text(grid: Grid, position: int, index: int) -> bool:
    types = grid.types[position]
    return types is None or types[index].as_py() == "s"
