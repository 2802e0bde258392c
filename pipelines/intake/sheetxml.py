"""What a workbook reader does not tell of an xlsx sheet: error cells, formulas never computed, a wildly sparse sheet.

calamine gives an error cell as an empty one, and sets aside memory for every cell up to the last, so that a file of
6 KB whose last cell is in row 1,000,000 takes a gigabyte. Both are seen in the XML of the sheet, at little cost.

Belongs here: the zip parts of an xlsx. Does not belong here: values (workbook), other formats.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from xml.etree import ElementTree

#: What reading a damaged zip raises, of whichever layer; the bytes are in memory, so that none is the machine's fault.
BROKEN = (
    zipfile.BadZipFile, zlib.error, ElementTree.ParseError, struct.error,
    OSError, EOFError, ValueError, LookupError, RuntimeError,
)  # fmt: skip
#: A sheet is sparse if it claims this many cells and 20 times as many as it has.
_LARGE = 2_000_000
_SPARSE = 20
#: No honest report comes near; beyond it, a file would be a way to fill the memory.
MAXIMUM_BYTES = 1_000_000_000

_CELL = re.compile(rb'<c\b[^>]*?\br="([A-Z]+)(\d+)"')
_BEYOND = re.compile(rb'<c r="[A-Z]{2}')
_ROW = re.compile(rb'<row\b[^>]*?\br="(\d+)"')
_ERROR = re.compile(
    rb'<c\b(?=[^>]*\bt="e")[^>]*?\br="([A-Z]+)(\d+)"[^>]*>(?:<f\b[^>]*/>|<f\b[^<]*</f>)?\s*<v>([^<]*)</v>'
)
_NEVER = re.compile(
    rb'<c\b(?![^>]*\bt="str")[^>]*?\br="([A-Z]+\d+)"[^>]*><f\b(?:[^>]*/>|[^<]*</f>)(?:<v\s*/>|<v></v>)?</c>'
)


@dataclass(frozen=True)
class SheetFacts:
    """What the XML of one sheet says: error cells by row number and column index, formulas without a value."""

    part: str
    errors: dict[tuple[int, int], str]
    uncomputed: tuple[str, ...]
    sparse: bool


def scan(raw: bytes) -> dict[str, SheetFacts]:
    """Looks through every sheet of an xlsx, by sheet name; raises one of BROKEN if it is damaged."""
    with zipfile.ZipFile(io.BytesIO(raw)) as package:
        return {name: _facts(part, package.read(part)) for name, part in _parts(package).items()}


def size(raw: bytes) -> int:
    """Gives the bytes that all parts of a zip unpack to, as its directory states; raises one of BROKEN."""
    with zipfile.ZipFile(io.BytesIO(raw)) as package:
        return sum(part.file_size for part in package.infolist())


def compact(raw: bytes, facts: dict[str, SheetFacts]) -> tuple[io.BytesIO, dict[str, list[int] | None]]:
    """Copies an xlsx with the empty rows of its sparse sheets left out; gives the true numbers of the rows left.

    A sheet that is sparse even so has None: its cells are scattered so widely that it is no report.
    """
    copy = io.BytesIO()
    rows: dict[str, list[int] | None] = {}
    sparse = {f.part: name for name, f in facts.items() if f.sparse}
    with zipfile.ZipFile(io.BytesIO(raw)) as package, zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as packed:
        for part in package.namelist():
            content = package.read(part)
            if part in sparse:
                content, numbers = _dense(content)
                rows[sparse[part]] = None if _is_sparse(content) else numbers
            packed.writestr(part, content)
    copy.seek(0)
    return copy, rows


def _parts(package: zipfile.ZipFile) -> dict[str, str]:
    book = _tree(package, "xl/workbook.xml")
    targets = {r.get("Id"): r.get("Target", "") for r in _tree(package, "xl/_rels/workbook.xml.rels")}
    found: dict[str, str] = {}
    for sheet in book.iter():
        link = next((value for name, value in sheet.attrib.items() if name.endswith("}id")), None)
        target = targets.get(link) if sheet.tag.endswith("}sheet") else None
        if target and "worksheets/" in target:
            found[sheet.get("name", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return found


def _tree(package: zipfile.ZipFile, part: str) -> ElementTree.Element:
    raw = package.read(part)
    if b"<!DOCTYPE" in raw:
        raise zipfile.BadZipFile(f"{part} holds a document type, which no workbook does")
    return ElementTree.fromstring(raw)  # noqa: S314 - without a document type there are no entities


def _facts(part: str, raw: bytes) -> SheetFacts:
    errors = {}
    if b't="e"' in raw:
        errors = {
            (int(found[2]), column_number(found[1].decode()) - 1): found[3].decode() for found in _ERROR.finditer(raw)
        }
    uncomputed = tuple(found[1].decode() for found in _NEVER.finditer(raw)) if b"<f" in raw else ()
    return SheetFacts(part, errors, uncomputed, _is_sparse(raw))


def _is_sparse(raw: bytes) -> bool:
    last = raw.rfind(b"<row")
    found = _ROW.match(raw, last) if last >= 0 else None
    rows = int(found[1]) if found else 0
    cells = max(raw.count(b"<c "), 1)
    claimed = rows * 26
    # Not with 26 columns; so only if there are more, which one look for a cell beyond column Z tells.
    if claimed <= max(cells * _SPARSE, _LARGE) and _BEYOND.search(raw) is None:
        return False
    widest = max((cell[1] for cell in _CELL.finditer(raw)), key=lambda name: (len(name), name), default=b"A")
    claimed = rows * column_number(widest.decode())
    return claimed > _LARGE and claimed > cells * _SPARSE


def column_number(letters: str) -> int:
    """Gives the number of a sheet column: A is 1, AA is 27."""
    number = 0
    for char in letters:
        number = number * 26 + ord(char) - 64
    return number


def _dense(raw: bytes) -> tuple[bytes, list[int]]:
    """Leaves out rows without a value and numbers the others from 1."""
    numbers: list[int] = []
    head, *pieces = re.split(rb"(?=<row\b)", raw)
    tail = b""
    kept = []
    for piece in pieces:
        row, end, rest = piece.partition(b"</row>")
        tail = rest if end else re.sub(rb"^<row\b[^>]*/>", b"", piece)
        found = _ROW.match(row)
        if found is None or not (b"<v>" in row or b"<is>" in row):
            continue
        numbers.append(int(found[1]))
        number = b"%d" % len(numbers)
        row = re.sub(rb'^(<row\b[^>]*?\br=")\d+', rb"\g<1>" + number, row)
        kept.append(re.sub(rb'(<c\b[^>]*?\br="[A-Z]+)\d+', rb"\g<1>" + number, row) + end)
    return head + b"".join(kept) + tail, numbers
