"""What a workbook reader does not tell of an xlsx: error cells, formulas never computed, what is hidden or merged or
shown as a percentage, a wildly sparse sheet.

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

from pipelines.intake.facts import BookFacts, SheetFacts, column_number

#: What reading a damaged zip raises, of whichever layer; the bytes are in memory, so that none is the machine's fault.
BROKEN = (
    zipfile.BadZipFile, zlib.error, ElementTree.ParseError, struct.error,
    OSError, EOFError, ValueError, LookupError, RuntimeError,
)  # fmt: skip
#: A sheet is sparse if it claims this many cells and 20 times as many as it has.
_LARGE = 2_000_000
_SPARSE = 20
_CELL = re.compile(rb'<c\b[^>]*?\br="([A-Z]+)(\d+)"')
_BEYOND = re.compile(rb'<c r="[A-Z]{2}')
_ROW = re.compile(rb'<row\b[^>]*?\br="(\d+)"')
_ERROR = re.compile(
    rb'<c\b(?=[^>]*\bt="e")[^>]*?\br="([A-Z]+)(\d+)"[^>]*>(?:<f\b[^>]*/>|<f\b[^<]*</f>)?\s*<v>([^<]*)</v>'
)
_NEVER = re.compile(
    rb'<c\b(?![^>]*\bt="str")[^>]*?\br="([A-Z]+\d+)"[^>]*><f\b(?:[^>]*/>|[^<]*</f>)(?:<v\s*/>|<v></v>)?</c>'
)


_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_HIDDEN_ROW = re.compile(rb'<row\b(?=[^>]*\bhidden="(?:1|true)")[^>]*?\br="(\d+)"')
_COLUMN = re.compile(rb'<col\b(?=[^>]*\bhidden="(?:1|true)")(?=[^>]*\bmin="(\d+)")[^>]*\bmax="(\d+)"')
_MERGED = re.compile(rb'<mergeCell\b[^>]*\bref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')
#: Formats that every xlsx has without stating them; 9 and 10 are percentages.
_PERCENT = {9, 10}
#: Columns of a sheet; a range of hidden columns often runs to the last.
_LAST_COLUMN = 16_384


@dataclass(frozen=True)
class Scanned:
    """What the parts of an xlsx say; `sparse` are the parts of sheets that are mostly holes, by name."""

    book: BookFacts
    sparse: dict[str, str]


def scan(raw: bytes) -> Scanned:
    """Looks through every sheet of an xlsx; raises one of BROKEN if it is damaged."""
    with zipfile.ZipFile(io.BytesIO(raw)) as package:
        inside = set(package.namelist())
        styles = _percent_styles(package) if "xl/styles.xml" in inside else ()
        sheets, sparse = {}, {}
        for name, part in _parts(package).items():
            content = package.read(part)
            sheets[name] = _facts(content, styles)
            if _is_sparse(content):
                sparse[part] = name
        from_1904 = re.search(rb'\bdate1904="(?:1|true)"', package.read("xl/workbook.xml")) is not None
        return Scanned(BookFacts(sheets, "xl/vbaProject.bin" in inside, from_1904), sparse)


def size(raw: bytes) -> int:
    """Gives the bytes that all parts of a zip unpack to, as its directory states; raises one of BROKEN."""
    with zipfile.ZipFile(io.BytesIO(raw)) as package:
        return sum(part.file_size for part in package.infolist())


def compact(raw: bytes, sparse: dict[str, str]) -> tuple[io.BytesIO, dict[str, list[int] | None]]:
    """Copies an xlsx with the empty rows of its sparse sheets left out; gives the true numbers of the rows left.

    A sheet that is sparse even so has None: its cells are scattered so widely that it is no report.
    """
    copy = io.BytesIO()
    rows: dict[str, list[int] | None] = {}
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


def _percent_styles(package: zipfile.ZipFile) -> tuple[bytes, ...]:
    """Gives the numbers of the cell styles that show a percentage."""
    raw = package.read("xl/styles.xml")
    stated = {
        int(found[1]) for found in re.finditer(rb'<numFmt\b[^>]*\bnumFmtId="(\d+)"[^>]*>', raw) if b"%" in found[0]
    }
    formats = re.search(rb"<cellXfs\b.*?</cellXfs>", raw, re.DOTALL)
    used = [re.search(rb'numFmtId="(\d+)"', xf) for xf in re.findall(rb"<xf\b[^>]*>", formats[0] if formats else b"")]
    return tuple(b"%d" % i for i, found in enumerate(used) if found and int(found[1]) in stated | _PERCENT)


def _facts(raw: bytes, percent_styles: tuple[bytes, ...]) -> SheetFacts:
    errors = {}
    if b't="e"' in raw:
        errors = {
            (int(found[2]), column_number(found[1].decode()) - 1): found[3].decode() for found in _ERROR.finditer(raw)
        }
    uncomputed = tuple(found[1].decode() for found in _NEVER.finditer(raw)) if b"<f" in raw else ()
    body = raw.find(b"<sheetData")
    columns = [
        (int(found[1]) - 1, min(int(found[2]), _LAST_COLUMN)) for found in _COLUMN.finditer(raw, 0, max(body, 0))
    ]
    percent: dict[int, set[int]] = {}
    if percent_styles:
        shown = re.compile(rb'<c\b(?=[^>]*\bs="(?:' + b"|".join(percent_styles) + rb')")[^>]*?\br="([A-Z]+)(\d+)"')
        for found in shown.finditer(raw):
            percent.setdefault(column_number(found[1].decode()) - 1, set()).add(int(found[2]))
    return SheetFacts(
        errors=errors,
        uncomputed=uncomputed,
        hidden_rows=tuple(int(found[1]) for found in _HIDDEN_ROW.finditer(raw)) if _HIDDEN.search(raw) else (),
        hidden_columns=tuple(i for first, last in columns for i in range(first, last)),
        percent={column: frozenset(rows) for column, rows in percent.items()},
        merged=tuple(
            (int(found[2]), column_number(found[1].decode()) - 1, int(found[4]), column_number(found[3].decode()) - 1)
            for found in _MERGED.finditer(raw, max(raw.rfind(b"</sheetData>"), 0))
        ),
    )


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
