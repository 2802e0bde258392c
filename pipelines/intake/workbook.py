"""Workbooks (xlsx, xls, ods) to tables: sheets recognised by their headers, addresses exact.

Belongs here: which sheets hold what, and opening the file. Does not belong here: typed cells (typedcells), the XML
of xlsx (sheetxml), what headers mean (headers), what a cell means.
"""

from __future__ import annotations

import io
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any
from xml.parsers import expat

from pipelines.intake import biff, ceilings, identity, odsxml, sheetnotes, sheetxml
from pipelines.intake.facts import BookFacts, SheetFacts
from pipelines.intake.grid import letter, to_tables
from pipelines.intake.header_maps import HeaderMap
from pipelines.intake.header_rows import SEARCHED
from pipelines.intake.headers import Reading, field_types
from pipelines.intake.identity import Sender
from pipelines.intake.merged import repeat
from pipelines.intake.model import Extract, ReadFinding, Table
from pipelines.intake.regions import Cells, Region, cut
from pipelines.intake.totals import take_out
from pipelines.intake.typedcells import Fault, TypedColumn, columns


@dataclass(frozen=True)
class _Sheet:
    """The cells of one sheet; `numbers` are the sheet rows, which have gaps where a sheet is sparse."""

    name: str
    hidden: bool
    columns: list[TypedColumn]
    numbers: Sequence[int]
    facts: SheetFacts


@dataclass
class _Gathered:
    """What the sheets read so far gave."""

    book: BookFacts
    sender: Sender
    tables: list[Table]
    readings: list[tuple[str, Reading]]
    findings: list[ReadFinding]
    unread: list[tuple[str, int, str]]
    repaired: list[str]


def read(path: Path, form: str, own: HeaderMap | None = None) -> Extract:
    """Reads a workbook of a known form (xlsx, xlsb, xls, ods); what is wrong with it becomes findings.

    `own` are the words of the partner whose workbook it is. Macros are never run.
    """
    raw = path.read_bytes()
    gathered = _Gathered(BookFacts(), Sender(), [], [], [], [], [])
    for sheet in _opened(raw, form, gathered):
        if isinstance(sheet, ReadFinding):
            return Extract("unreadable", "none", findings=(sheet,))
        _gather(sheet, own, gathered)
        sheet.columns.clear()
    found = _extract(gathered, form)
    notes = (*sheetnotes.of_book(gathered.book), *sheetnotes.renamed(gathered.readings))
    return replace(found, findings=(*found.findings, *notes)) if found.tables else found


def _opened(raw: bytes, form: str, gathered: _Gathered) -> Iterator[_Sheet | ReadFinding]:
    """Gives sheet after sheet, so that the cells of one are let go before the next is unpacked; last, what stops it."""
    from python_calamine import CalamineError, PasswordError

    try:
        if form != "xls" and (size := sheetxml.size(raw)) > ceilings.BYTES:
            yield ceilings.met("bytes", size)
            return
        gathered.book, sheets = _open(raw, form)
        yield from sheets
    except _Refused as refused:
        yield refused.finding
    except PasswordError:
        yield ReadFinding("read.password")
    except (CalamineError, *sheetxml.BROKEN, expat.ExpatError) as problem:
        yield _damaged(problem)
    except BaseException as problem:
        # The reader is native code; where it meets the impossible it panics, which is no ordinary exception.
        if type(problem).__name__ != "PanicException":
            raise
        yield _damaged(problem)


class _Refused(Exception):
    def __init__(self, finding: ReadFinding) -> None:
        super().__init__(finding.rule_id)
        self.finding = finding


def _open(raw: bytes, form: str) -> tuple[BookFacts, Iterator[_Sheet]]:
    """Opens a workbook: what is known of it, and its sheets, which are read one by one."""
    from python_calamine import CalamineWorkbook

    gaps: dict[str, list[int] | None] = {}
    # By content, since a received file has no extension and a sent one may have a wrong one.
    source = io.BytesIO(raw)
    book = BookFacts()
    if form == "xlsx":
        scanned = sheetxml.scan(raw)
        book = scanned.book
        if scanned.sparse:
            source, gaps = sheetxml.compact(raw, scanned.sparse)
    elif form == "ods":
        book = odsxml.scan(raw)
    elif form == "xls":
        book = biff.scan(raw)
    return book, _sheets(CalamineWorkbook.from_filelike(source), book, gaps)


def _sheets(opened: Any, book: BookFacts, gaps: Mapping[str, list[int] | None]) -> Iterator[_Sheet]:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    for about in opened.sheets_metadata:
        if about.typ != SheetTypeEnum.WorkSheet:
            continue
        if about.name in gaps and gaps[about.name] is None:
            raise _Refused(ReadFinding("read.too-large", sheet=about.name))
        sheet = opened.get_sheet_by_name(about.name)
        last_row, last_column = sheet.end or (-1, -1)
        if (area := (last_row + 1) * (last_column + 1)) > ceilings.CELLS:
            raise _Refused(ceilings.met("cells", area, about.name))
        if last_column + 1 > ceilings.COLUMNS:
            raise _Refused(ceilings.met("columns", last_column + 1, about.name))
        facts = book.sheets.get(about.name, SheetFacts())
        if not facts.merged and (ranges := sheet.merged_cell_ranges):
            facts = replace(facts, merged=tuple((a[0] + 1, a[1], b[0] + 1, b[1]) for a, b in ranges))
        numbers = gaps.get(about.name)
        first = sheet.start[1] if sheet.start else 0
        rows = (
            _marked(sheet.iter_rows(), numbers or count(1), facts.errors, first) if facts.errors else sheet.iter_rows()
        )
        cells = columns(rows, first)
        del sheet, rows
        filled = numbers or range(1, (len(cells[0].text) if cells else 0) + 1)
        yield _Sheet(about.name, about.visible != SheetVisibleEnum.Visible, cells, filled, facts)


def _marked(
    rows: Iterator[list[Any]], numbers: Iterable[int], errors: Mapping[tuple[int, int], str], first: int
) -> Iterator[list[Any]]:
    """Puts error cells, which the reader gives as empty ones, back in their places."""
    by_row: dict[int, list[tuple[int, str]]] = {}
    for (number, position), text in errors.items():
        by_row.setdefault(number, []).append((position - first, text))
    for number, row in zip(numbers, rows, strict=False):
        for position, text in by_row.get(number, ()):
            if 0 <= position < len(row):
                row[position] = Fault(text)
        yield row


def _gather(sheet: _Sheet, own: HeaderMap | None, gathered: _Gathered) -> None:
    """Reads one sheet as the identity of the sender, as tables, or not at all."""
    import pyarrow as pa

    if not sheet.columns or not len(sheet.columns[0].text):
        return
    index = {number: i for i, number in enumerate(sheet.numbers)} if sheet.facts.merged else {}
    cells = Cells(
        sheet=sheet.name,
        in_text=False,
        texts=tuple(cells.text for cells in sheet.columns),
        types=tuple(cells.type for cells in sheet.columns),
        rows=pa.array(sheet.numbers, pa.int64()),
        spans={(index[r], c): last - c + 1 for r, c, _, last in sheet.facts.merged if r in index and last > c},
        down={
            index[r]: index[last]
            for r, _, last, _ in sorted(sheet.facts.merged, key=lambda merged: merged[2])
            if last > r and {r, last} <= index.keys()
        },
    )
    head = cells.head(0, SEARCHED)

    def address(row: int, position: int) -> str:
        return f"{letter(position)}{sheet.numbers[row]}"

    if identity.is_identity(sheet.name):
        gathered.sender = identity.read(head, sheet.name, address, gathered.sender)
        return
    regions, findings = cut(cells, own)
    gathered.sender = identity.read(_beside(head, regions, sheet.numbers), sheet.name, address, gathered.sender)
    for region in regions:
        types = field_types(region.reading)
        grid, merged = repeat(region.grid, types, sheet.facts.merged)
        grid, totals = take_out(grid, types)
        grid, shown = sheetnotes.as_shown(grid, types, sheet.facts, gathered.book.from_1904)
        tables, of_columns = to_tables(grid, region.reading)
        gathered.readings.append((sheet.name, region.reading))
        if region.reading.layout != gathered.readings[0][1].layout:
            tables = tuple(replace(table, layout=region.reading.layout) for table in tables)
        gathered.tables += tables
        gathered.findings += [*of_columns, *merged, *totals, *shown]
    if regions:
        gathered.findings += findings
        gathered.findings += sheetnotes.of_sheet(cells, sheet.hidden, sheet.facts, [r.grid for r in regions])
        gathered.repaired += [cells.repaired for cells in sheet.columns if cells.repaired is not None]
    elif not (sheet.hidden or identity.is_guidance(sheet.name)):
        filled = [(i, row) for i, row in enumerate(head) if any(cell.strip() for cell in row)]
        if filled:
            row, cells_there = max(filled, key=lambda found: sum(1 for cell in found[1] if cell.strip()))
            words = " | ".join(" ".join(cell.split()) for cell in cells_there if cell.strip())
            gathered.unread.append((sheet.name, sheet.numbers[row], words[:300]))


def _beside(head: list[tuple[str, ...]], regions: list[Region], numbers: Sequence[int]) -> list[tuple[str, ...]]:
    """Gives the rows above the last table of a sheet, blank where a table stands: a cell of a table says nothing of the report."""
    until = min(max((region.above for region in regions), default=0), len(head))
    within: set[int] = set()
    for region in regions:
        last = region.grid.rows[-1].as_py() if len(region.grid.rows) else region.grid.header_row
        within.update(range(region.above, min(bisect_left(numbers, last) + 1, until)))
    return [() if i in within else row for i, row in enumerate(head[:until])]


def _extract(gathered: _Gathered, form: str) -> Extract:
    sender, findings = gathered.sender, [*gathered.sender.findings, *gathered.findings]
    if not gathered.tables:
        finding = ReadFinding("read.blank")
        if gathered.unread:
            sheet, row, words = gathered.unread[0]
            finding = ReadFinding("read.unknown-headers", sheet, f"A{row}", value=words)
        # Who sent it is known even so, and with it whose words its headers may be in.
        return Extract(form, "none", sender_id=sender.id, sender_name=sender.name, findings=(finding,))
    if not any(table.rows for table in gathered.tables):
        findings.append(ReadFinding("read.no-rows", sheet=gathered.tables[0].sheet))
    findings += [ReadFinding("read.sheet-not-read", sheet=sheet, value=words) for sheet, _, words in gathered.unread]
    if gathered.repaired:
        places = str(len(gathered.repaired))
        findings.append(ReadFinding("V25.repaired", value=gathered.repaired[0], args={"places": places}))
    return Extract(
        format=form,
        layout=gathered.readings[0][1].layout,
        language=next((r.language for _, r in gathered.readings if r.language), None),
        sender_id=sender.id,
        sender_name=sender.name,
        sender_cell=sender.cell,
        period=sender.period,
        tables=tuple(gathered.tables),
        findings=tuple(findings),
    )


def _damaged(problem: BaseException) -> ReadFinding:
    return ReadFinding("read.damaged", args={"detail": " ".join(str(problem).split())[:200]})
