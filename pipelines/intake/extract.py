"""One file to one Extract, whatever it is: the kind of file is found in its bytes, never in its name.

Belongs here: recognising a file and calling its reader. Does not belong here: reading any format.
"""

from __future__ import annotations

import codecs
import os
import re
import zipfile
from dataclasses import replace
from pathlib import Path, PurePosixPath

from pipelines.intake import ceilings, containers, delimited, iati, json_reader, sheetxml, workbook
from pipelines.intake.header_maps import HeaderMap
from pipelines.intake.ledger import is_plain, shown
from pipelines.intake.model import Extract, ReadFinding

_ZIP = b"PK\x03\x04"
_GZIP = b"\x1f\x8b"
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: First bytes of files that hold no table we read, with what they are.
_OTHERS = (
    (b"%PDF", "PDF"),
    (b"{\\rtf", "RTF"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!", "RAR"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"PAR1", "Parquet"),
    (b"SQLite format 3", "SQLite"),
)
#: A byte order mark that was encoded a second time.
_MARK_TWICE = "ï»¿".encode()
_HTML = re.compile(rb"<(!doctype html|html|table|head|body|meta|!--)", re.IGNORECASE)
_JSON = re.compile(rb'\s*(\{\s*["}]|\[\s*[\[{"\]])')
#: File name endings that agree with what was found inside; any other ending is told.
_ENDINGS = {
    "xlsx": {"xlsx", "xlsm", "xltx", "xltm"},
    "xlsb": {"xlsb"},
    "xls": {"xls", "xlt"},
    "ods": {"ods", "ots"},
    "csv": {"csv", "tsv", "txt", "tab"},
    "iati": {"xml"},
    "zip": {"zip"},
    "json": {"json", "jsonl", "ndjson"},
}


def extract(path: Path, name: str, own: HeaderMap | None = None) -> Extract:
    """Reads any file; `name` is what its sender called it, and is for messages only. Never raises for its content.

    `own` are the words of the partner it is from.
    """
    return named(read(path, name, own), name)


def read(path: Path, name: str, own: HeaderMap | None = None, depth: int = 0) -> Extract:
    """Reads the bytes of a file, whatever its name: what is kept under its content key.

    `depth` counts the archives it was taken out of.
    """

    def read_inside(unpacked: Path, member: str) -> Extract:
        return read(unpacked, member, own, depth + 1)

    def read_member(unpacked: Path, member: str) -> Extract:
        return named(read_inside(unpacked, member), member)

    if (size := path.stat().st_size) > ceilings.BYTES:
        return _refused(ceilings.met("bytes", size))
    with path.open("rb") as opened:
        head = opened.read(8192)
    text = head.removeprefix(codecs.BOM_UTF8).removeprefix(_MARK_TWICE)
    if not head:
        return _refused(ReadFinding("read.empty"))
    if head.startswith((_ZIP, b"PK\x05\x06")):
        return _packed(path, own) or containers.read_zip(path, depth + 1, read_member)
    if head.startswith(_GZIP):
        return containers.read_gzip(path, name, depth + 1, read_inside)
    if head.startswith(_COMPOUND):
        return workbook.read(path, "xls", own)
    if (other := next((what for mark, what in _OTHERS if head.startswith(mark)), None)) is not None:
        return _unknown(other)
    plain = (
        text.decode("utf-16", "ignore").encode()
        if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        else text
    )
    plain = plain.replace(b"\0", b"").lstrip()
    if _HTML.match(plain) and b"<iati-activities" not in plain:
        return _unknown("HTML")
    if plain.startswith(b"<"):
        return iati.read(path, name)
    if _JSON.match(plain):
        return json_reader.read(path, own)
    if _is_binary(head):
        return _unknown("")
    return delimited.read(path, own)


def named(extract: Extract, name: str) -> Extract:
    """Adds what is to be said of the name of a file."""
    findings = []
    # The ledger writes what cannot be shown with a backslash, and no name has one otherwise.
    if ".." in name.split("/") or "\\" in name or not is_plain(name):
        findings.append(ReadFinding("read.file-name", value=name if is_plain(name) else shown(os.fsencode(name))))
    ending = PurePosixPath(name).suffix.lstrip(".").lower()
    right, form = _ENDINGS.get(extract.format, {ending}), extract.format
    if extract.packing is not None:
        right, form = {"gz", "gzip"}, extract.packing
    if extract.tables and ending and ending not in right:
        findings.append(ReadFinding("read.extension", value=ending, expected=form))
    return replace(extract, findings=(*findings, *extract.findings)) if findings else extract


def _packed(path: Path, own: HeaderMap | None) -> Extract | None:
    """Reads a zip as the document it may be; None where it is an archive of files."""
    try:
        with zipfile.ZipFile(path) as package:
            inside = set(package.namelist())
            kind = ""
            if "mimetype" in inside:
                with package.open("mimetype") as opened:
                    kind = opened.read(200).decode("ascii", "replace")
    except sheetxml.BROKEN as problem:
        return _refused(ReadFinding("read.damaged", args={"detail": " ".join(str(problem).split())[:200]}))
    if "xl/workbook.xml" in inside:
        return workbook.read(path, "xlsx", own)
    if "xl/workbook.bin" in inside:
        return workbook.read(path, "xlsb", own)
    if "opendocument.spreadsheet" in kind:
        return workbook.read(path, "ods", own)
    if "word/document.xml" in inside or "opendocument.text" in kind:
        return _unknown("Word")
    if "[Content_Types].xml" in inside or kind:
        return _unknown("Office")
    return None


def _is_binary(head: bytes) -> bool:
    """Says whether bytes are no text in any encoding we know; UTF-16 has zeros, but no more than every second byte."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return False
    zeros = head.count(0)
    if zeros and not len(head) * 0.3 < zeros <= len(head) * 0.51:
        return True
    controls = sum(head.count(byte) for byte in range(1, 32) if byte not in b"\t\n\v\f\r\x1a\x1b\x1c\x1d\x1e\x1f")
    return controls > len(head) * 0.02


def _unknown(what: str) -> Extract:
    return _refused(ReadFinding("read.unknown-format", value=what or None, args={"what": what or "?"}))


def _refused(finding: ReadFinding) -> Extract:
    return Extract("unreadable", "none", findings=(finding,))
