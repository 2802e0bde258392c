"""Files that hold files: one that is gzipped, several in a zip. Each is read for what it is, by its own content.

A zip gives one Extract: the tables and findings of its members, each with the member before the sheet in `sheet`
(`2026/rapport.xlsx › Feuil1`, or `notes.csv` alone for a text), so that an address says member, sheet and cell. Where
members name different senders or quarters, their rows carry these themselves.

Belongs here: unpacking, within the ceilings. Does not belong here: how a member is read (extract).
"""

from __future__ import annotations

import gzip
import hashlib
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import IO

from pipelines.contract import reports
from pipelines.intake import ceilings
from pipelines.intake.ledger import is_plain, shown
from pipelines.intake.model import Extract, ReadFinding, Table, data_schema

#: What reading a damaged archive raises.
BROKEN = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, LookupError, RuntimeError, NotImplementedError)
#: What operating systems and office programs leave in folders, which nobody sends on purpose.
_LITTER = ("__MACOSX", "Thumbs.db", "desktop.ini")
#: Between a member and its sheet.
BETWEEN = " › "
_PIECE = 1 << 20
#: What may be said of a member that holds no table; beside others that do, it was left aside.
_ASIDE = {"read.unknown-format", "read.one-column", "read.unknown-headers", "read.empty", "read.blank"}
#: A general purpose bit of zip: the member is encrypted; its name is in UTF-8.
_ENCRYPTED, _UTF8 = 0x1, 0x800

#: Reads one unpacked file under its name.
Read = Callable[[Path, str], Extract]


def read_gzip(path: Path, name: str, depth: int, read: Read) -> Extract:
    """Reads a gzipped file as what it holds."""
    if depth > ceilings.DEPTH:
        return _refused(ceilings.met("depth", depth))
    with tempfile.TemporaryDirectory() as folder:
        unpacked = Path(folder) / "0"
        try:
            with gzip.open(path) as packed:
                size = _pour(packed, unpacked, ceilings.BYTES)
        except BROKEN as problem:
            return _refused(_damaged(problem))
        if size > ceilings.BYTES:
            return _refused(ceilings.met("bytes", size))
        return replace(read(unpacked, name), packing="gzip")


def read_zip(path: Path, depth: int, read: Read) -> Extract:
    """Reads all members of a zip into one Extract; None of its members being a file gives one finding."""
    if depth > ceilings.DEPTH:
        return _refused(ceilings.met("depth", depth))
    try:
        with zipfile.ZipFile(path) as package:
            members = [info for info in package.infolist() if not (info.is_dir() or _is_litter(info.filename))]
            if len(members) > ceilings.MEMBERS:
                return _refused(ceilings.met("members", len(members)))
            # The directory may lie, but no member is unpacked beyond what it states there.
            if (size := sum(info.file_size for info in members)) > ceilings.BYTES:
                return _refused(ceilings.met("bytes", size))
            found = list(_members(package, members, read))
    except BROKEN as problem:
        return _refused(_damaged(problem))
    if not found:
        return _refused(ReadFinding("read.unknown-format", value="zip", args={"what": "zip"}))
    return _put_together(found)


def _members(package: zipfile.ZipFile, members: list[zipfile.ZipInfo], read: Read) -> Iterator[tuple[str, Extract]]:
    """Reads member after member; what is wrong with one is said of that one."""
    seen: dict[str, str] = {}
    for info in sorted(members, key=lambda info: info.filename):
        name = _name(info)
        if info.flag_bits & _ENCRYPTED:
            yield name, _refused(ReadFinding("read.password"))
            continue
        with tempfile.TemporaryDirectory() as folder:
            unpacked = Path(folder) / "0"
            try:
                with package.open(info) as packed:
                    _pour(packed, unpacked, info.file_size)
            except BROKEN as problem:
                yield name, _refused(_damaged(problem))
                continue
            with unpacked.open("rb") as opened:
                content = hashlib.file_digest(opened, "sha256").hexdigest()
            if content in seen:
                yield name, _refused(ReadFinding("read.member-again", value=seen[content]))
                continue
            seen[content] = name
            yield name, read(unpacked, name)


def _pour(packed: IO[bytes] | gzip.GzipFile, target: Path, ceiling: int) -> int:
    """Unpacks piece by piece, and no further than just beyond the ceiling; gives the bytes unpacked."""
    size = 0
    with target.open("wb") as out:
        while size <= ceiling and (piece := packed.read(_PIECE)):
            size += len(piece)
            out.write(piece)
    return size


def _name(info: zipfile.ZipInfo) -> str:
    """Gives the name of a member as its sender sees it; without the bit for UTF-8 it is in the code page of their system."""
    name = info.filename
    if not info.flag_bits & _UTF8:
        raw = name.encode("cp437", "surrogateescape")
        try:
            name = raw.decode("utf-8")
        except UnicodeDecodeError:
            # What French Windows writes.
            name = raw.decode("cp850")
    return name if is_plain(name) else shown(name.encode("utf-8", "surrogateescape"))


def _is_litter(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return not parts or any(part in _LITTER or (part.startswith((".", "~$")) and part != "..") for part in parts)


def _put_together(found: list[tuple[str, Extract]]) -> Extract:
    """Makes one Extract of those of all members."""
    read = [(name, each) for name, each in found if each.tables]
    findings = [_of_member(name, f, bool(read)) for name, each in found for f in each.findings]
    if not read:
        return Extract("unreadable", "none", findings=tuple(findings))
    senders = {(e.sender_id, e.sender_name) for _, e in read}
    periods = {e.period for _, e in read}
    layouts = {e.layout for _, e in read}
    first = read[0][1]
    one_sender = first if len(senders) == 1 else None
    tables: list[Table] = []
    for name, each in read:
        more: dict[str, str | None] = {}
        if one_sender is None:
            more |= {"partner_id": each.sender_id, "partner_name": each.sender_name}
        if len(periods) > 1:
            more["report_period"] = each.period
        for table in each.tables:
            moved = replace(_stating(table, more), sheet=_within(name, table.sheet))
            tables.append(moved if len(layouts) == 1 else replace(moved, layout=table.layout or each.layout))
    return Extract(
        format="zip",
        layout=first.layout,
        language=next((each.language for _, each in read if each.language), None),
        sender_id=one_sender.sender_id if one_sender else None,
        sender_name=one_sender.sender_name if one_sender else None,
        sender_cell=one_sender.sender_cell if one_sender else None,
        period=first.period if len(periods) == 1 else None,
        tables=tuple(tables),
        findings=tuple(findings),
        not_read={what: sum(e.not_read.get(what, 0) for _, e in read) for _, each in read for what in each.not_read},
    )


def _within(member: str, sheet: str | None) -> str:
    return f"{member}{BETWEEN}{sheet}" if sheet else member


def _of_member(member: str, finding: ReadFinding, others: bool) -> ReadFinding:
    if others and finding.rule_id in _ASIDE:
        value = finding.value or finding.args.get("what")
        return ReadFinding("read.member-not-read", sheet=_within(member, finding.sheet), value=value or "-")
    return replace(finding, sheet=_within(member, finding.sheet))


def _stating(table: Table, said: dict[str, str | None]) -> Table:
    """Adds to every row what its file says of all, where the row does not say it for itself."""
    import pyarrow as pa

    columns = {name: table.data[name] for name in table.data.column_names}
    missing = {field: text for field, text in said.items() if text is not None and field not in columns}
    if "partner_id" in columns or "partner_name" in columns:
        missing = {field: text for field, text in missing.items() if not field.startswith("partner_")}
    if not missing:
        return table
    for field, text in missing.items():
        columns[field] = pa.repeat(text, table.rows)
        columns[f"{field}__cell"] = columns["row_cell"]
        columns[f"{field}__type"] = pa.repeat("s", table.rows)
    known = tuple(field for field in reports()[table.kind].fields if field in columns)
    schema = data_schema(known)
    return replace(table, data=pa.table([columns[name] for name in schema.names], schema=schema))


def _damaged(problem: BaseException) -> ReadFinding:
    return ReadFinding("read.damaged", args={"detail": " ".join(str(problem).split())[:200]})


def _refused(finding: ReadFinding) -> Extract:
    return Extract("unreadable", "none", findings=(finding,))
