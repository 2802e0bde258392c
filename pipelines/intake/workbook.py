"""Workbooks (xlsx, xls, ods) to tables: sheets recognised by their headers, addresses exact.

Belongs here: which sheets hold what, and opening the file. Does not belong here: typed cells (typedcells), the XML
of xlsx (sheetxml), what headers mean (headers), what a cell means.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.intake import identity, sheetxml
from pipelines.intake.grid import Grid, letter, to_tables
from pipelines.intake.headers import SEARCHED, Reading, find
from pipelines.intake.identity import Sender
from pipelines.intake.model import Extract, ReadFinding, Table
from pipelines.intake.typedcells import Fault, column, shown

#: Cells of one sheet beyond which it is not unpacked: ten times the largest report that a workbook is fit for.
_MAXIMUM_CELLS = 60_000_000


@dataclass(frozen=True)
class _Sheet:
    """The cells of one sheet by row; `numbers` are the sheet rows, which have gaps where a sheet is sparse."""

    name: str
    hidden: bool
    rows: list[list[Any]]
    numbers: Sequence[int]
    uncomputed: tuple[str, ...]


@dataclass
class _Gathered:
    """What the sheets read so far gave."""

    sender: Sender
    tables: list[Table]
    readings: list[Reading]
    findings: list[ReadFinding]
    unread: list[tuple[str, int, str]]
    repaired: list[str]


def read(path: Path, form: str) -> Extract:
    """Reads a workbook of a known form (xlsx, xlsb, xls, ods); what is wrong with it becomes findings."""
    from python_calamine import CalamineError, PasswordError

    raw = path.read_bytes()
    try:
        if form != "xls" and sheetxml.size(raw) > sheetxml.MAXIMUM_BYTES:
            return _unreadable(ReadFinding("read.too-large"))
        sheets = list(_sheets(raw, form))
    except _TooLarge as large:
        return _unreadable(ReadFinding("read.too-large", sheet=large.sheet))
    except PasswordError:
        return _unreadable(ReadFinding("read.password"))
    except (CalamineError, *sheetxml.BROKEN) as problem:
        return _damaged(problem)
    except BaseException as problem:
        # The reader is native code; where it meets the impossible it panics, which is no ordinary exception.
        if type(problem).__name__ != "PanicException":
            raise
        return _damaged(problem)
    gathered = _Gathered(Sender(), [], [], [], [], [])
    for sheet in sheets:
        _gather(sheet, gathered)
    return _extract(gathered, form)


class _TooLarge(Exception):
    def __init__(self, sheet: str) -> None:
        super().__init__(sheet)
        self.sheet = sheet


def _sheets(raw: bytes, form: str) -> Iterator[_Sheet]:
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    facts: dict[str, sheetxml.SheetFacts] = {}
    gaps: dict[str, list[int] | None] = {}
    # By content, since a received file has no extension and a sent one may have a wrong one.
    source = io.BytesIO(raw)
    if form == "xlsx":
        facts = sheetxml.scan(raw)
        if any(fact.sparse for fact in facts.values()):
            source, gaps = sheetxml.compact(raw, facts)
    with CalamineWorkbook.from_filelike(source) as book:
        for about in book.sheets_metadata:
            if about.typ != SheetTypeEnum.WorkSheet:
                continue
            if about.name in gaps and gaps[about.name] is None:
                raise _TooLarge(about.name)
            sheet = book.get_sheet_by_name(about.name)
            if sheet.total_height * sheet.total_width > _MAXIMUM_CELLS:
                raise _TooLarge(about.name)
            rows = sheet.to_python(skip_empty_area=False)
            numbers = gaps.get(about.name) or range(1, len(rows) + 1)
            fact = facts.get(about.name)
            if fact is not None and fact.errors:
                _mark(rows, numbers, fact.errors)
            hidden = about.visible != SheetVisibleEnum.Visible
            yield _Sheet(about.name, hidden, rows, numbers, fact.uncomputed if fact else ())


def _mark(rows: list[list[Any]], numbers: Sequence[int], errors: dict[tuple[int, int], str]) -> None:
    """Puts error cells, which the reader gives as empty ones, back in their places."""
    index = {number: i for i, number in enumerate(numbers)}
    for (number, position), text in errors.items():
        if number in index and position < len(rows[index[number]]):
            rows[index[number]][position] = Fault(text)


def _gather(sheet: _Sheet, gathered: _Gathered) -> None:
    """Reads one sheet as the identity of the sender, as a table, or not at all."""
    head = shown(sheet.rows[:SEARCHED])

    def address(row: int, position: int) -> str:
        return f"{letter(position)}{sheet.numbers[row]}"

    if identity.is_identity(sheet.name):
        gathered.sender = identity.read(head, sheet.name, address, gathered.sender)
    elif (found := find(head, sheet.name)) is not None:
        header, reading = found
        gathered.sender = identity.read(head[:header], sheet.name, address, gathered.sender)
        _gather_table(sheet, header, reading, head[header], gathered)
    elif not (sheet.hidden or identity.is_guidance(sheet.name)):
        filled = [(i, row) for i, row in enumerate(head) if any(cell.strip() for cell in row)]
        if filled:
            row, cells = max(filled, key=lambda found: sum(1 for cell in found[1] if cell.strip()))
            words = " | ".join(" ".join(cell.split()) for cell in cells if cell.strip())
            gathered.unread.append((sheet.name, sheet.numbers[row], words[:300]))


def _gather_table(sheet: _Sheet, header: int, reading: Reading, headers: tuple[str, ...], gathered: _Gathered) -> None:
    import pyarrow as pa

    below = sheet.rows[header + 1 :]
    columns = [column(values) for values in (zip(*below, strict=True) if below else [()] * len(headers))]
    grid = Grid(
        sheet=sheet.name,
        in_text=False,
        header_row=sheet.numbers[header],
        headers=headers,
        texts=tuple(cells.text for cells in columns),
        types=tuple(cells.type for cells in columns),
        rows=pa.array(sheet.numbers[header + 1 :], pa.int64()),
    )
    tables, findings = to_tables(grid, reading)
    gathered.tables += tables
    gathered.readings.append(reading)
    gathered.findings += findings
    gathered.repaired += [cells.repaired for cells in columns if cells.repaired is not None]
    if sheet.hidden:
        gathered.findings.append(ReadFinding("V25.hidden-sheet", sheet=sheet.name))
    if sheet.uncomputed:
        count = str(len(sheet.uncomputed))
        gathered.findings.append(
            ReadFinding("V25.formula-without-value", sheet=sheet.name, cell=sheet.uncomputed[0], args={"cells": count})
        )


def _extract(gathered: _Gathered, form: str) -> Extract:
    sender, findings = gathered.sender, [*gathered.sender.findings, *gathered.findings]
    if not gathered.tables:
        if not gathered.unread:
            return Extract(form, "none", findings=(ReadFinding("read.blank"),))
        sheet, row, words = gathered.unread[0]
        return Extract(form, "none", findings=(ReadFinding("read.unknown-headers", sheet, f"A{row}", value=words),))
    if not any(table.rows for table in gathered.tables):
        findings.append(ReadFinding("read.no-rows", sheet=gathered.tables[0].sheet))
    findings += [ReadFinding("read.sheet-not-read", sheet=sheet, value=words) for sheet, _, words in gathered.unread]
    if gathered.repaired:
        places = str(len(gathered.repaired))
        findings.append(ReadFinding("V25.repaired", value=gathered.repaired[0], args={"places": places}))
    return Extract(
        format=form,
        layout=gathered.readings[0].layout,
        language=next((r.language for r in gathered.readings if r.language), None),
        sender_id=sender.id,
        sender_name=sender.name,
        sender_cell=sender.cell,
        period=sender.period,
        tables=tuple(gathered.tables),
        findings=tuple(findings),
    )


def _damaged(problem: BaseException) -> Extract:
    return _unreadable(ReadFinding("read.damaged", args={"detail": " ".join(str(problem).split())[:200]}))


def _unreadable(finding: ReadFinding) -> Extract:
    return Extract("unreadable", "none", findings=(finding,))
