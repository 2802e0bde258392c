"""Writes large workbooks fast: whole columns become XML by Arrow, never one cell at a time.

What belongs here: an Arrow table as an xlsx file such as Excel writes (shared strings, typed cells). What does not:
what stands in it; and workbooks that a person is to look at.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

EPOCH = date(1899, 12, 30)
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"

#: Style 1 is a date.
STYLES = (
    f'{HEAD}<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill><patternFill/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def write(
    path: Path,
    table: pa.Table,
    sheet: str = "Sheet1",
    typed_in: Mapping[str, pa.Array] | None = None,
    rows: list[int] | None = None,
) -> None:
    """Writes a table to a workbook of one sheet, its column names in row 1.

    `typed_in` holds, per column, texts that stand in the cell instead of its value, null where the value stays.
    `rows` are the sheet rows of the table's rows, from 2 on without a gap unless given.
    """
    numbers = pa.array(rows if rows is not None else range(2, table.num_rows + 2), pa.int64()).cast(pa.string())
    names = table.column_names
    typed = {name: _texts(table[name]) for name in names}
    over = {name: (typed_in or {}).get(name, pa.nulls(table.num_rows, pa.string())) for name in names}
    words, index = _shared(
        [pa.array(names, pa.string()), *(t for t in typed.values() if t is not None), *over.values()]
    )
    header_index, rest = index[0].to_pylist(), iter(index[1:])
    found = {name: next(rest) for name, t in typed.items() if t is not None}
    replaced = {name: next(rest) for name in names}

    cells = [pc.binary_join_element_wise('<row r="', numbers, '">', "")]
    for position, name in enumerate(names):
        column = column_letters(position)
        own = _text_cells(column, numbers, found[name]) if name in found else _value_cells(column, numbers, table[name])
        cell = pc.coalesce(_text_cells(column, numbers, replaced[name]), own)
        cells.append(pc.fill_null(cell, ""))
    body = pc.binary_join_element_wise(*cells, pa.scalar("</row>"), "")
    header = "".join(f'<c r="{column_letters(i)}1" t="s"><v>{at}</v></c>' for i, at in enumerate(header_index))
    last = f"{column_letters(len(names) - 1)}{numbers[-1].as_py()}"
    _pack(path, sheet, f'<dimension ref="A1:{last}"/><sheetData><row r="1">{header}</row>', body, words)


def column_letters(position: int) -> str:
    """Gives the letters of a column by its place, from 0 on."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _texts(column: pa.ChunkedArray) -> pa.Array | None:
    return column.combine_chunks() if pa.types.is_string(column.type) else None


def _shared(columns: list[pa.Array]) -> tuple[pa.Array, list[pa.Array]]:
    """Gives the distinct texts, and for each column the place of its texts among them."""
    coded = pa.concat_arrays(columns).dictionary_encode()
    starts = [0]
    for column in columns:
        starts.append(starts[-1] + len(column))
    index = coded.indices.cast(pa.string())
    return coded.dictionary, [index[a:b] for a, b in pairwise(starts)]


def _text_cells(column: str, numbers: pa.Array, index: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(f'<c r="{column}', numbers, '" t="s"><v>', index, "</v></c>", "")


def _value_cells(column: str, numbers: pa.Array, values: pa.ChunkedArray) -> pa.Array:
    style = ""
    if pa.types.is_date(values.type):
        values = pc.subtract(values.cast(pa.int32()), (EPOCH - date(1970, 1, 1)).days)
        style = ' s="1'
    written = values.combine_chunks().cast(pa.string())
    closing = f'"{style}"><v>' if style else '"><v>'
    return pc.binary_join_element_wise(f'<c r="{column}', numbers, closing, written, "</v></c>", "")


def _pack(path: Path, sheet: str, opening: str, body: pa.Array, words: pa.Array) -> None:
    for plain, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        words = pc.replace_substring(words, plain, escaped)
    strings = pc.binary_join_element_wise('<si><t xml:space="preserve">', words, "</t></si>", "")
    parts = {
        "[Content_Types].xml": (
            f'{HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{TYPES}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{TYPES}.worksheet+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{TYPES}.styles+xml"/>'
            f'<Override PartName="/xl/sharedStrings.xml" ContentType="{TYPES}.sharedStrings+xml"/></Types>'
        ),
        "_rels/.rels": (
            f'{HEAD}<Relationships xmlns="{RELATIONS}">'
            f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
        ),
        "xl/workbook.xml": (
            f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">'
            f'<sheets><sheet name="{sheet}" sheetId="1" r:id="rId1"/></sheets></workbook>'
        ),
        "xl/_rels/workbook.xml.rels": (
            f'{HEAD}<Relationships xmlns="{RELATIONS}">'
            f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
            f'<Relationship Id="rId2" Type="{OFFICE}/styles" Target="styles.xml"/>'
            f'<Relationship Id="rId3" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
        ),
        "xl/styles.xml": STYLES,
        "xl/sharedStrings.xml": f'{HEAD}<sst xmlns="{MAIN}">{"".join(strings.to_pylist())}</sst>',
        "xl/worksheets/sheet1.xml": (
            f'{HEAD}<worksheet xmlns="{MAIN}">{opening}{"".join(body.to_pylist())}</sheetData></worksheet>'
        ),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as packed:
        for name, content in parts.items():
            # Without a time of its own, so that equal cells are equal bytes.
            packed.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 4)
