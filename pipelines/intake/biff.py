"""What a workbook reader does not tell of an xls: what is hidden, shown as a percentage or an error, and macros.

An xls is a small file system (a compound file) with a stream of records, of which a dozen kinds are looked at here.
What does not make sense is left alone: the values come from a reader of its own, and say so if the file is damaged.

Belongs here: the records of BIFF8, as Excel 97 and later write them. Does not belong here: values (workbook).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipelines.intake.facts import BookFacts, SheetFacts

_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}
_BIFF8 = 0x0600
#: Formats 9 and 10 are percentages in every workbook.
_PERCENT = {9, 10}
_LAST = 0xFFFFFFFA


@dataclass
class _Sheet:
    """What was seen of one sheet."""

    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    percent: dict[int, set[int]] = field(default_factory=dict)


def scan(raw: bytes) -> BookFacts:
    """Looks through an xls; what cannot be followed in it gives no facts."""
    try:
        names, stream = _streams(raw)
        return _facts(stream, any("VBA" in name for name in names))
    except (struct.error, IndexError, KeyError, ValueError, OverflowError):
        return BookFacts()


def _streams(raw: bytes) -> tuple[list[str], bytes]:
    """Gives the names of all streams of a compound file, and the one that holds the workbook."""
    size = 1 << struct.unpack_from("<H", raw, 30)[0]
    first_folder, _, cutoff = struct.unpack_from("<III", raw, 48)
    tables = [s for s in struct.unpack_from("<109I", raw, 76) if s < _LAST]
    more, count = struct.unpack_from("<II", raw, 68)
    per = size // 4
    for _ in range(count):
        if more >= _LAST:
            break
        *found, more = struct.unpack_from(f"<{per}I", raw, (more + 1) * size)
        tables += [s for s in found if s < _LAST]
    chain = [s for table in tables for s in struct.unpack_from(f"<{per}I", raw, (table + 1) * size)]

    def read(sector: int) -> bytes:
        pieces, left = [], len(chain)
        while sector < _LAST and left:
            pieces.append(raw[(sector + 1) * size : (sector + 2) * size])
            sector, left = chain[sector], left - 1
        return b"".join(pieces)

    folder, names, stream = read(first_folder), [], b""
    for at in range(0, len(folder) - 127, 128):
        length = struct.unpack_from("<H", folder, at + 64)[0]
        name = folder[at : at + max(length - 2, 0)].decode("utf-16-le", "replace")
        names.append(name)
        start, total = struct.unpack_from("<II", folder, at + 116)
        if name == "Workbook" and total >= cutoff:
            stream = read(start)[:total]
    return names, stream


def _records(stream: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Gives kind, place and length of each record up to the end of a sheet."""
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, at + 4, length
        if kind == 0x0A:
            return
        at += 4 + length


def _facts(stream: bytes, macros: bool) -> BookFacts:
    sheets: dict[str, int] = {}
    formats, used = set(_PERCENT), []
    from_1904 = False
    for kind, at, length in _records(stream, 0):
        if kind == 0x809 and struct.unpack_from("<H", stream, at)[0] != _BIFF8:
            return BookFacts(macros=macros)
        if kind == 0x22:
            from_1904 = struct.unpack_from("<H", stream, at)[0] == 1
        elif kind == 0x41E and b"%" in stream[at + 2 : at + length]:
            formats.add(struct.unpack_from("<H", stream, at)[0])
        elif kind == 0xE0:
            used.append(struct.unpack_from("<H", stream, at + 2)[0])
        elif kind == 0x85:
            start, _, count, wide = struct.unpack_from("<IHBB", stream, at)
            text = stream[at + 8 : at + 8 + count * (1 + (wide & 1))]
            sheets[text.decode("utf-16-le" if wide & 1 else "latin-1")] = start
    percent = frozenset(i for i, number in enumerate(used) if number in formats)
    return BookFacts({name: _sheet(stream, start, percent) for name, start in sheets.items()}, macros, from_1904)


def _sheet(stream: bytes, start: int, percent: frozenset[int]) -> SheetFacts:
    seen = _Sheet()
    for kind, at, length in _records(stream, start):
        if kind == 0x208 and struct.unpack_from("<H", stream, at + 12)[0] & 0x20:
            seen.hidden_rows.append(struct.unpack_from("<H", stream, at)[0] + 1)
        elif kind == 0x7D:
            first, last, _, _, flags = struct.unpack_from("<5H", stream, at)
            if flags & 1:
                seen.hidden_columns += range(first, min(last, 255) + 1)
        elif kind in (0x203, 0x27E, 0x06, 0x205):
            row, column, style = struct.unpack_from("<3H", stream, at)
            if style in percent:
                seen.percent.setdefault(column, set()).add(row + 1)
            code = _error(stream, kind, at)
            if code is not None:
                seen.errors[row + 1, column] = _ERRORS.get(code, "#N/A")
        elif kind == 0xBD and percent:
            row, column = struct.unpack_from("<2H", stream, at)
            for i in range((length - 6) // 6):
                if struct.unpack_from("<H", stream, at + 4 + i * 6)[0] in percent:
                    seen.percent.setdefault(column + i, set()).add(row + 1)
    return SheetFacts(
        errors=seen.errors,
        hidden_rows=tuple(seen.hidden_rows),
        hidden_columns=tuple(seen.hidden_columns),
        percent={column: frozenset(rows) for column, rows in seen.percent.items()},
    )


def _error(stream: bytes, kind: int, at: int) -> int | None:
    """Gives the code of an error cell, or of a formula whose result is an error."""
    if kind == 0x205 and stream[at + 7] == 1:
        return stream[at + 6]
    if kind == 0x06 and stream[at + 12 : at + 14] == b"\xff\xff" and stream[at + 6] == 2:
        return stream[at + 8]
    return None
