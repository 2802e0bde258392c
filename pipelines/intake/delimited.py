"""Delimited text (csv, tsv) to tables: encoding and delimiter found and recorded, every line number exact.

Belongs here: lines, quotes, delimiters. Does not belong here: characters (decoding), what headers mean (headers).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.intake import ceilings, identity
from pipelines.intake.decoding import Decoded, decode
from pipelines.intake.grid import to_tables
from pipelines.intake.header_maps import HeaderMap
from pipelines.intake.header_rows import SEARCHED, Header, find
from pipelines.intake.headers import field_types
from pipelines.intake.model import Extract, ReadFinding, Table
from pipelines.intake.regions import Cells, blanked, cut
from pipelines.intake.totals import take_out

if TYPE_CHECKING:
    import pyarrow as pa

DELIMITERS = (";", ",", "\t", "|")
#: Characters in which the delimiter and the header row are looked for.
_HEAD = 400_000

# The module's own limit of 131,072 characters is there for programs that read row by row.
csv.field_size_limit(2**31 - 1)


@dataclass(frozen=True)
class _Start:
    """The first records of a text under one delimiter; `lines` counts the lines up to the end of each."""

    delimiter: str
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    header: Header | None
    fit: tuple[float, float, int]


@dataclass(frozen=True)
class _Body:
    """The records below the header as columns of one length, with the line each record starts on."""

    columns: tuple[pa.StringArray, ...]
    lines: pa.Int64Array
    findings: tuple[ReadFinding, ...]


def read(path: Path, own: HeaderMap | None = None) -> Extract:
    """Reads delimited text whatever its name; never raises for what is in it. `own` are the words of its partner."""
    decoded = decode(path.read_bytes())
    if not decoded.utf8.strip():
        return Extract("unreadable", "none", decoded.encoding, findings=(ReadFinding("read.empty"),))
    head = decoded.utf8[:_HEAD].decode("utf-8", "ignore")
    start = max((_start(head, d, own) for d in DELIMITERS), key=lambda s: s.fit)
    if start.header is None:
        return _unknown(decoded, start)
    above = start.rows[: start.header.first]
    sender = identity.read(above, None, lambda row, column: f"L{_first(start, row)}C{column + 1}")
    body = _body(decoded.utf8, head, start, start.header)
    for what, count in (("columns", len(body.columns)), ("rows", len(body.lines))):
        if count > getattr(ceilings, what.upper()):
            return Extract("unreadable", "none", decoded.encoding, findings=(ceilings.met(what, count),))
    regions, around = cut(blanked(_cells(start, start.header, body)), own)
    tables: list[Table] = []
    findings: list[ReadFinding] = []
    for region in regions:
        grid, totals = take_out(region.grid, field_types(region.reading))
        found, of_columns = to_tables(grid, region.reading)
        tables += found
        findings += [*of_columns, *totals]
    reading = start.header.reading
    line = _first(start, start.header.last)
    empty = () if any(table.rows for table in tables) else (ReadFinding("read.no-rows", line=line),)
    return Extract(
        format="csv",
        layout=reading.layout,
        encoding=decoded.encoding,
        delimiter=start.delimiter,
        language=reading.language,
        sender_id=sender.id,
        sender_name=sender.name,
        sender_cell=sender.cell,
        period=sender.period,
        tables=tuple(tables),
        findings=(*_encoding_findings(decoded), *sender.findings, *findings, *around, *body.findings, *empty),
    )


def _cells(start: _Start, header: Header, body: _Body) -> Cells:
    """Puts the header on top of the body again, so that text is cut into tables as a sheet is."""
    import pyarrow as pa

    on_top = range(header.first, header.last + 1)
    cells = [
        [row[i] if i < len(row) else "" for row in (start.rows[at] for at in on_top)] for i in range(len(body.columns))
    ]
    return Cells(
        sheet="",
        in_text=True,
        texts=tuple(
            pa.concat_arrays([pa.array(c, pa.string()), text]) for c, text in zip(cells, body.columns, strict=True)
        ),
        types=(None,) * len(body.columns),
        rows=pa.concat_arrays([pa.array([_first(start, row) for row in on_top], pa.int64()), body.lines]),
        spans={},
    )


def _start(head: str, delimiter: str, own: HeaderMap | None) -> _Start:
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter)
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    for row in reader:
        rows.append(tuple(row))
        lines.append(reader.line_num)
        if len(rows) == SEARCHED:
            break
    width = max(map(len, rows), default=0)
    header = find([row + ("",) * (width - len(row)) for row in rows], own=own)
    widths = [len(row) for row in rows if any(cell.strip() for cell in row)]
    usual = max(set(widths), key=widths.count, default=1)
    steady = widths.count(usual) / len(widths) if usual > 1 else 0.0
    score = header.reading.score if header else 0
    return _Start(delimiter, tuple(rows), tuple(lines), header, (score, steady, usual))


def _first(start: _Start, row: int) -> int:
    """Gives the line on which a record starts."""
    return start.lines[row - 1] + 1 if row else 1


def _unknown(decoded: Decoded, start: _Start) -> Extract:
    row = next((i for i, cells in enumerate(start.rows) if any(c.strip() for c in cells)), 0)
    cells = [" ".join(c.split()) for c in start.rows[row]]
    rule = "read.one-column" if start.fit[2] == 1 else "read.unknown-headers"
    value = " | ".join(cells)[:300]
    sender = identity.read(start.rows, None, lambda row, column: f"L{_first(start, row)}C{column + 1}")
    return Extract(
        format="csv",
        layout="none",
        encoding=decoded.encoding,
        delimiter=start.delimiter if len(cells) > 1 else None,
        # Who sent it is known even so, and with it whose words its headers may be in.
        sender_id=sender.id,
        sender_name=sender.name,
        findings=(ReadFinding(rule, line=_first(start, row), value=value),),
    )


def _body(utf8: bytes, head: str, start: _Start, header: Header) -> _Body:
    above = start.lines[header.last]
    lines = io.StringIO(head, newline="")
    body = utf8[sum(len(lines.readline().encode()) for _ in range(above)) :].rstrip(b"\r\n")
    width = len(start.rows[header.last])
    # Lines that end in a lone carriage return, and a quote that is never closed, are for the careful way.
    plain = body.count(b"\r") == body.count(b"\r\n") and body.count(b'"') % 2 == 0
    fast = _in_one_go(body, start.delimiter, width, above) if plain and body else None
    return fast or _with_care(body.decode(), start.delimiter, width, above)


def _in_one_go(body: bytes, delimiter: str, width: int, above: int) -> _Body | None:
    """Parses in whole columns; None where a row has another number of cells than the header."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv as arrow_csv

    names = [str(i) for i in range(width)]
    quoted = b'"' in body
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(body),
            # A row must fit in a block.
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=max(1 << 20, len(body) // 8 + 1)),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=quoted, ignore_empty_lines=False
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    columns = tuple(table.column(name).combine_chunks() for name in names)
    lines = pa.repeat(pa.scalar(1, pa.int64()), table.num_rows)
    for column in columns if quoted else ():
        breaks = pc.count_substring(column, "\n").cast(pa.int64())
        if pc.max(breaks).as_py() == 0:
            continue
        # A cell that holds as many delimiters as a row has swallowed a row: a quote was not closed.
        swallowed = pc.and_(pc.greater(breaks, 0), pc.greater_equal(pc.count_substring(column, delimiter), width - 1))
        if pc.any(swallowed).as_py():
            return None
        lines = pc.add(lines, breaks)
    # The line a record starts on is the one after all lines of the records before it.
    firsts = pc.add(pc.subtract(pc.cumulative_sum(lines), lines), above + 1)
    return _Body(columns, firsts, ())


def _with_care(body: str, delimiter: str, width: int, above: int) -> _Body:
    """Parses record by record: ragged rows keep all their cells, and a quote never closed spoils its own line only."""
    import pyarrow as pa

    rows, firsts, unclosed = _records(body, delimiter, width)
    filled = [i for i, row in enumerate(rows) if any(map(str.strip, row))]
    short = [i for i in filled if len(rows[i]) < width]
    long = [i for i in filled if any(map(str.strip, rows[i][width:]))]
    widest = max((len(rows[i]) for i in long), default=width)
    for row in rows:
        row.extend([""] * (widest - len(row)))
    columns = tuple(pa.array(list(map(itemgetter(i), rows)), pa.string()) for i in range(widest))
    findings = []
    if short or long:
        line = above + firsts[min(short + long)] + 1
        findings.append(
            ReadFinding(
                "read.ragged",
                line=line,
                expected=str(width),
                args={"rows": str(len({*short, *long})), "short": str(len(short)), "long": str(len(long))},
            )
        )
    if unclosed:
        findings.append(ReadFinding("read.quote", line=above + unclosed[0] + 1, args={"rows": str(len(unclosed))}))
    return _Body(columns, pa.array([above + first + 1 for first in firsts], pa.int64()), tuple(findings))


def _records(body: str, delimiter: str, width: int) -> tuple[list[list[str]], list[int], list[int]]:
    """Gives all records, the index of the line each starts on, and the lines whose quote is never closed."""
    lines = list(io.StringIO(body, newline=""))
    rows: list[list[str]] = []
    firsts: list[int] = []
    unclosed: list[int] = []
    at = 0
    while at < len(lines):
        for row, first, last in _parsed(lines, at, delimiter):
            firsts.append(first)
            if last - first > 1 and _is_unclosed(lines, first, last, delimiter, width, len(row)):
                rows.append(_literal(lines[first], delimiter))
                unclosed.append(first)
                at = first + 1
                break
            rows.append(row)
        else:
            break
    return rows, firsts, unclosed


def _is_unclosed(lines: Sequence[str], first: int, last: int, delimiter: str, width: int, cells: int) -> bool:
    """Says whether a record of several lines is really a whole row and what its quote, never closed, has swallowed."""
    if len(_literal(lines[first], delimiter)) != width:
        return False
    to_the_end = last == len(lines) and "".join(lines[first:last]).count('"') % 2 == 1
    return cells != width or to_the_end or len(_literal(lines[first + 1], delimiter)) == width


def _parsed(lines: Sequence[str], at: int, delimiter: str) -> Iterator[tuple[list[str], int, int]]:
    reader = csv.reader((lines[i] for i in range(at, len(lines))), delimiter=delimiter)
    first = at
    for row in reader:
        last = at + reader.line_num
        yield row, first, last
        first = last


def _literal(line: str, delimiter: str) -> list[str]:
    cells = line.rstrip("\r\n").split(delimiter)
    return [cell[1:-1].replace('""', '"') if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell for cell in cells]


def _encoding_findings(decoded: Decoded) -> Iterator[ReadFinding]:
    if not decoded.encoding.startswith("utf-8"):
        yield ReadFinding("V25.encoding", value=decoded.encoding, expected="UTF-8")
    if decoded.repaired:
        yield ReadFinding("V25.repaired", value=decoded.example, args={"places": str(decoded.repaired)})
