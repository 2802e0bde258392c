"""IATI activity files 2.01-2.03 to tables of addressed text.

Belongs here: a file's bytes and encoding, and what is handed over.
Does not belong here: XML events (iati_elements), which element feeds which field (layouts/iati.toml, iati_rows).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pipelines.intake.iati_elements import Refused, read_elements
from pipelines.intake.iati_layout import load
from pipelines.intake.iati_rows import write_rows
from pipelines.intake.model import Extract, ReadFinding, Table

_CHUNK = 1 << 20
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z][\w.-]*)["']""")

_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    codecs.BOM_UTF8: "utf-8",
    b"<\0": "utf-16",
    b"\0<": "utf-16",
}

#: A byte order mark that was encoded a second time.
_MARK_TWICE = "ï»¿".encode()

#: What the parser reads by itself, and what to tell it; anything else becomes UTF-8 on the way, which moves no line.
_NATIVE = {"utf-8": "utf-8", "utf-16": None, "iso8859-1": "iso-8859-1", "ascii": "us-ascii"}


def read(path: Path, name: str) -> Extract:
    """Reads an IATI activity file whole, or hands over the one finding that says why not.

    `name` is not used: a file says itself what it is.
    """
    layout = load()
    with path.open("rb") as file:
        encoding = _encoding(file)
        try:
            raw = read_elements(*_chunks(file, encoding), layout)
        except Refused as refused:
            return Extract("unreadable", layout.shape, encoding=encoding, findings=(refused.finding,))
    tables, settled = write_rows(raw, layout)
    sender_id, sender_name, sender_cell = _sender(tables)
    return Extract(
        format="iati",
        layout=layout.shape,
        encoding=encoding,
        language=raw.language,
        sender_id=sender_id,
        sender_name=sender_name,
        sender_cell=sender_cell,
        tables=tables,
        findings=(*raw.findings, *settled),
        not_read=raw.not_read,
    )


def _sender(tables: tuple[Table, ...]) -> tuple[str | None, str | None, str | None]:
    """The first reporting organisation that is named, and the cell that names it."""
    import pyarrow.compute as pc

    for table in tables:
        told = table.data.select(["partner_id", "partner_name", "partner_id__cell", "partner_name__cell"])
        told = told.filter(pc.or_(pc.is_valid(told["partner_id"]), pc.is_valid(told["partner_name"])))
        for row in told.slice(0, 1).to_pylist():
            return row["partner_id"], row["partner_name"], row["partner_id__cell"] or row["partner_name__cell"]
    return None, None, None


def _encoding(file: BinaryIO) -> str:
    """The encoding that the file's mark or declaration states, UTF-8 where it states none; leaves `file` at its start."""
    head = file.read(1024)
    file.seek(len(_MARK_TWICE) if head.startswith(_MARK_TWICE) else 0)
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    found = _DECLARED.search(head.removeprefix(_MARK_TWICE))
    stated = found[1].decode().lower() if found else "utf-8"
    # A declaration that reads as single bytes is not in UTF-16, whatever it says; some exporters do this.
    return "utf-8" if stated.startswith(("utf-16", "utf-32", "utf16", "ucs")) else stated


def _chunks(file: BinaryIO, encoding: str) -> tuple[Iterator[bytes], str | None]:
    """The file's bytes, and the encoding that the parser is to be told; None: it finds out by itself."""
    try:
        "".encode(encoding)
        codec = codecs.lookup(encoding)
    except (LookupError, UnicodeError):
        raise Refused(ReadFinding("iati.encoding", cell="L1", line=1, value=encoding, expected="utf-8")) from None
    typed = iter(lambda: file.read(_CHUNK), b"")
    if codec.name in _NATIVE:
        return typed, _NATIVE[codec.name]
    return (text.encode() for text in codecs.iterdecode(typed, encoding)), "utf-8"
