"""What a workbook reader does not tell of an ods: what is hidden or merged, or shown as a percentage.

Belongs here: the content of an ods. Does not belong here: values (workbook), other formats.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from xml.parsers import expat

from pipelines.intake.facts import BookFacts, SheetFacts

_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
#: Marks of any of what is looked for; without them the content need not be parsed.
_MARKS = (b'visibility="', b'-spanned="', b'"percentage"')
#: Rows and columns that a sheet can have; what is repeated to fill it up says nothing of any one of them.
_ROWS, _COLUMNS = 1_048_576, 16_384
#: Repeated rows or columns beyond this many are the blank rest of a sheet.
_REST = 10_000


@dataclass
class _Sheet:
    """What was seen of a sheet so far; rows and columns count those passed."""

    row: int = 0
    column: int = 0
    repeated: int = 1
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    percent: dict[int, set[int]] = field(default_factory=dict)


def scan(raw: bytes) -> BookFacts:
    """Looks through the content of an ods; raises what zip or expat raise if it is damaged."""
    with zipfile.ZipFile(io.BytesIO(raw)) as package:
        inside = package.namelist()
        content = package.read("content.xml") if "content.xml" in inside else b""
    macros = any(name.startswith(("Basic/", "Scripts/")) and not name.endswith("/") for name in inside)
    if b"<!DOCTYPE" in content or not any(mark in content for mark in _MARKS):
        return BookFacts(macros=macros)
    sheets = {name: _facts(sheet) for name, sheet in _sheets(content).items()}
    return BookFacts(sheets, macros=macros)


def _sheets(content: bytes) -> dict[str, _Sheet]:
    sheets: dict[str, _Sheet] = {}
    within: list[_Sheet] = []

    def start(tag: str, about: dict[str, str]) -> None:
        space, _, name = tag.rpartition(" ")
        if space != _TABLE:
            return
        if name == "table":
            within.append(sheets.setdefault(about.get(f"{_TABLE} name", ""), _Sheet()) if not within else _Sheet())
        elif within:
            _see(within[-1], name, about)

    def end(tag: str) -> None:
        if not within:
            return
        if tag == f"{_TABLE} table":
            within.pop()
        elif tag == f"{_TABLE} table-row":
            within[-1].row += within[-1].repeated

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.Parse(content, True)
    return sheets


def _see(sheet: _Sheet, name: str, about: dict[str, str]) -> None:
    hidden = about.get(f"{_TABLE} visibility") in ("collapse", "filter")
    if name == "table-column":
        count = _number(about, "number-columns-repeated", _COLUMNS)
        if hidden:
            sheet.hidden_columns += range(sheet.column, min(sheet.column + count, _COLUMNS))
        sheet.column += count
    elif name == "table-row":
        sheet.repeated, sheet.column = _number(about, "number-rows-repeated", _ROWS), 0
        if hidden and sheet.repeated < _REST:
            sheet.hidden_rows += range(sheet.row + 1, sheet.row + sheet.repeated + 1)
    elif name in ("table-cell", "covered-table-cell"):
        row, column = sheet.row + 1, sheet.column
        wide = _number(about, "number-columns-spanned", _COLUMNS)
        tall = _number(about, "number-rows-spanned", _ROWS)
        if wide > 1 or tall > 1:
            sheet.merged.append((row, column, row + tall - 1, column + wide - 1))
        count = _number(about, "number-columns-repeated", _COLUMNS)
        if about.get(f"{_OFFICE} value-type") == "percentage" and count < _REST and sheet.repeated < _REST:
            for position in range(column, column + count):
                sheet.percent.setdefault(position, set()).update(range(row, row + sheet.repeated))
        sheet.column += count


def _number(about: dict[str, str], name: str, most: int) -> int:
    text = about.get(f"{_TABLE} {name}", "1")
    return min(max(int(text), 1), most) if text.isdecimal() else 1


def _facts(sheet: _Sheet) -> SheetFacts:
    return SheetFacts(
        hidden_rows=tuple(sheet.hidden_rows),
        hidden_columns=tuple(sheet.hidden_columns),
        percent={column: frozenset(rows) for column, rows in sheet.percent.items()},
        merged=tuple(sheet.merged),
    )
