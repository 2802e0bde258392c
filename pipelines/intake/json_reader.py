"""JSON files to tables: our own shape, 360Giving, JSON Lines; every cell with its JSON pointer.

Our own shape is an object with `partner`, `period` and one list of objects per kind, under the kind's name or title; the
keys of its rows are field names, or any spelling of a header. A bare list of objects is read by its keys alone.

Belongs here: which values are rows, who sends them, what is handed over. Does not belong here: the grammar of JSON
(json_text), flattening (json_columns), what keys mean (headers).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.contract import fold, reports
from pipelines.intake import headers, identity
from pipelines.intake.decoding import Decoded, decode
from pipelines.intake.grid import Grid, to_tables
from pipelines.intake.header_maps import HeaderMap
from pipelines.intake.json_columns import JsonColumn, columns, pointer, sound, written
from pipelines.intake.json_text import MAXIMUM_BYTES, Document, Refused, another, parse
from pipelines.intake.model import Extract, ReadFinding, Table

if TYPE_CHECKING:
    import pyarrow as pa

#: A place in the grid, where columns are numbered from 1; it becomes the pointer of that column's first value.
_IN_GRID = re.compile(r"L\d+C(\d+)")


@dataclass(frozen=True)
class _Rows:
    """A list of objects: the path that leads to it, and its lines in JSON Lines; `alone`: one object, not in a list."""

    path: tuple[str, ...]
    items: Sequence[Any]
    lines: tuple[int, ...] = ()
    alone: bool = False

    @property
    def name(self) -> str:
        return self.path[-1] if self.path else ""

    def place(self, index: int) -> str:
        """Gives the pointer of one row."""
        if self.lines:
            return f"L{self.lines[index]} "
        return pointer(self.path) if self.alone else f"{pointer(self.path)}/{index}"


def read(path: Path, own: HeaderMap | None = None) -> Extract:
    """Reads a JSON file whole, or hands over the one finding that says why not; never raises for what is in it.

    `own` are the words of the partner for what others call otherwise.
    """
    size = path.stat().st_size
    if size > MAXIMUM_BYTES:
        args = {"size": str(size // 2**20)}
        return _unreadable(ReadFinding("json.too-large", expected=str(MAXIMUM_BYTES // 2**20), args=args))
    decoded = decode(path.read_bytes())
    try:
        document = parse(decoded.utf8.decode())
        return _extract(document, decoded, own)
    except Refused as refused:
        return _unreadable(refused.finding, decoded.encoding)


def _extract(document: Document, decoded: Decoded, own: HeaderMap | None) -> Extract:
    found, about = _tables_of(document)
    findings = [*_encoding(decoded), *_oddities(document)]
    sender = identity.read([pair for pair, _ in about], None, lambda row, _: about[row][1])
    tables: list[Table] = []
    first: headers.Reading | None = None
    for rows in found:
        flat = columns([item if type(item) is dict else {} for item in rows.items])
        reading = _reading(rows, flat, own)
        if reading is None or (first is not None and reading.layout != first.layout):
            findings.append(_no_table(document) if rows.alone else _unknown(rows, flat))
            continue
        first = first or reading
        more, said = _to_tables(rows, flat, reading)
        tables += more
        findings += [*_strays(rows), *(f for f in said if f.value not in _again(document))]
    if not found:
        findings.append(_no_table(document))
    return Extract(
        format="json",
        layout=first.layout if first else "none",
        encoding=decoded.encoding,
        language=first.language if first else None,
        sender_id=sender.id,
        sender_name=sender.name,
        sender_cell=sender.cell,
        period=sender.period,
        tables=tuple(tables),
        findings=(*findings, *sender.findings),
    )


def _tables_of(document: Document) -> tuple[list[_Rows], list[tuple[tuple[str, str], str]]]:
    """Finds the lists of objects, and beside them what the file says of itself: (label, text) and where it stands."""
    if len(document.values) != 1:
        return ([_Rows((), document.values, document.lines)] if document.values else []), []
    [value] = document.values
    if type(value) is list:
        return ([_Rows((), value)] if any(type(item) is dict for item in value) else []), []
    path: tuple[str, ...] = ()
    about: list[tuple[tuple[str, str], str]] = []
    while type(value) is dict:
        lists = {key: item for key, item in value.items() if type(item) is list and any(type(x) is dict for x in item)}
        objects = {key: item for key, item in value.items() if type(item) is dict}
        about += _about(path, value)
        if lists:
            return [_Rows((*path, key), items) for key, items in lists.items()], about
        if len(objects) != 1:
            # A single row, or nothing that is known; lists that are empty speak for the first being a report.
            known = value and not any(type(item) is list for item in value.values())
            return ([_Rows(path, [value], alone=True)] if known else []), about
        [(key, value)] = objects.items()
        path = (*path, key)
    return [], about


def _about(path: tuple[str, ...], value: dict[str, Any]) -> list[tuple[tuple[str, str], str]]:
    """Gives what stands beside the lists as labels and texts: `partner` is the sender's identifier, or has one inside."""
    plain = {key: item for key, item in value.items() if type(item) is not list}
    said = []
    for column in columns([plain]):
        text = column.text[0].as_py()
        if text is not None:
            label = "partner id" if fold(column.header) in ("partner", "partenaire") else column.header
            said.append(((label, text), pointer(path) + column.pointer))
    return said


def _reading(rows: _Rows, flat: list[JsonColumn], own: HeaderMap | None) -> headers.Reading | None:
    """Says what the keys mean; a list that is named after a kind is of that kind, or of none."""
    found = headers.read([column.header for column in flat], rows.name, own)
    named = next(
        (k for k, c in reports().items() if fold(rows.name) in {fold(k), fold(c.title.en), fold(c.title.fr)}), None
    )
    return found if found is None or named is None or found.kind == named else None


def _to_tables(rows: _Rows, flat: list[JsonColumn], reading: headers.Reading) -> tuple[list[Table], list[ReadFinding]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    filled = pc.is_valid(flat[0].text)
    for column in flat[1:]:
        filled = pc.or_(filled, pc.is_valid(column.text))
    places = pa.array([rows.place(index) for index in range(len(rows.items))], pa.string()).filter(filled)
    numbers = pa.array(rows.lines or range(1, len(rows.items) + 1), pa.int64()).filter(filled)
    texts = tuple(column.text.filter(filled) for column in flat)
    pointers = [pc.binary_join_element_wise(places, column.pointer, "") for column in flat]
    grid = Grid(
        sheet="",
        in_text=True,
        header_row=0,
        headers=tuple(column.header for column in flat),
        texts=texts,
        types=tuple(None if column.type is None else column.type.filter(filled) for column in flat),
        rows=numbers,
        cells=dict(enumerate(pointers)),
    )
    tables, findings = to_tables(grid, reading)
    firsts = [
        cells.filter(pc.is_valid(text)).slice(0, 1).to_pylist() for text, cells in zip(texts, pointers, strict=True)
    ]
    return [_placed(table, places) for table in tables], [_said(finding, firsts) for finding in findings]


def _placed(table: Table, places: pa.StringArray) -> Table:
    """Puts the pointers of the rows where the grid has its own places of rows."""
    import pyarrow.compute as pc

    data, theirs = table.data, table.data["row_cell"].combine_chunks()
    ours = pc.utf8_rtrim_whitespace(places)
    for index, name in enumerate(data.column_names):
        if name == "row_cell" or name.endswith("__cell"):
            cells = data.column(index).combine_chunks()
            data = data.set_column(index, data.schema.field(index), pc.if_else(pc.equal(cells, theirs), ours, cells))
    return replace(table, data=data)


def _said(finding: ReadFinding, firsts: list[list[str]]) -> ReadFinding:
    """Places what is said of a column at its first value; there is no row of headers."""
    place = _IN_GRID.fullmatch(finding.cell or "")
    cells = firsts[int(place[1]) - 1] if place else []
    return replace(finding, cell=cells[0] if cells else None, line=None)


def _strays(rows: _Rows) -> list[ReadFinding]:
    """Says which items of a list are no objects."""
    stray = [index for index, item in enumerate(rows.items) if type(item) is not dict]
    if not stray:
        return []
    value = sound(written(rows.items[stray[0]]))[:100]
    args = {"count": str(len(stray))}
    return [ReadFinding("json.not-a-row", cell=rows.place(stray[0]).strip(), value=value, args=args)]


def _unknown(rows: _Rows, flat: list[JsonColumn]) -> ReadFinding:
    value = " | ".join(column.header for column in flat)[:300]
    return ReadFinding("json.unknown-keys", cell=pointer(rows.path) or None, value=value, args={"list": rows.name})


def _oddities(document: Document) -> list[ReadFinding]:
    """Says what is no sound JSON and was read all the same."""
    found = []
    if document.repeated:
        key = document.repeated[0]
        place = next(filter(None, (_pointer_of(another(key, 2), value, ()) for value in document.values)), None)
        found.append(ReadFinding("json.same-key", cell=place, value=key, args={"count": str(len(document.repeated))}))
    if document.constants:
        args = {"count": str(len(document.constants))}
        found.append(ReadFinding("json.constant", value=document.constants[0], args=args))
    return found


def _pointer_of(key: str, value: Any, path: tuple[str, ...]) -> str | None:
    """Finds the first object that has a key."""
    if type(value) is dict and key in value:
        return pointer(path)
    inside = value.items() if type(value) is dict else enumerate(value) if type(value) is list else ()
    return next((place for k, item in inside if (place := _pointer_of(key, item, (*path, str(k)))) is not None), None)


def _again(document: Document) -> set[str]:
    """Gives the names under which the later of two equal keys are kept, of which is told once."""
    return {another(key, 2) for key in document.repeated}


def _no_table(document: Document) -> ReadFinding:
    """Says that there is no row: lists that are empty speak for a report with nothing to report."""
    members = [item for value in document.values for item in (value.values() if type(value) is dict else [value])]
    rule = "json.no-rows" if any(type(item) is list and not item for item in members) else "json.no-table"
    beginning = sound(written(document.values[0]))[:200] if document.values else None
    return ReadFinding(rule, value=beginning)


def _encoding(decoded: Decoded) -> list[ReadFinding]:
    found = []
    if not decoded.encoding.startswith("utf-8"):
        found.append(ReadFinding("V25.encoding", value=decoded.encoding, expected="UTF-8"))
    if decoded.repaired:
        found.append(ReadFinding("V25.repaired", value=decoded.example, args={"places": str(decoded.repaired)}))
    return found


def _unreadable(finding: ReadFinding, encoding: str | None = None) -> Extract:
    return Extract("unreadable", "none", encoding, findings=(finding,))
