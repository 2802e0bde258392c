"""What a file yielded, kept under its content key, so that no file is read twice.

Belongs here: storing and loading an Extract. Does not belong here: reading files (extract), which files there are
(ledger).
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.contract import contracts_hash
from pipelines.intake import header_maps
from pipelines.intake.extract import named, read
from pipelines.intake.header_maps import HeaderMap
from pipelines.intake.layouts import layouts_hash
from pipelines.intake.model import Column, Extract, ReadFinding, Table
from pipelines.paths import DataRoot


def load_or_extract(root: DataRoot, sha256: str, path: Path, name: str) -> Extract:
    """Gives the Extract of a file: the kept one, or else, or if that is damaged, a new one, which is then kept.

    The words of its partner are looked up by the folder it lay in, and by what the file says of its sender.
    """
    kept = in_own_words(root, name, lambda own: _kept(root, sha256, path, name, own))
    # The name is not part of the content, and one content may come under two names.
    return named(kept, name)


def in_own_words(root: DataRoot, name: str, reading: Callable[[HeaderMap | None], Extract]) -> Extract:
    """Reads with the words of the partner in whose folder the file lay, or else of the sender that the file states."""
    maps = header_maps.load(root.reference / "header_maps")
    own = header_maps.of_partner(maps, *PurePosixPath(name).parts[:-1][:1])
    found = reading(own)
    said = header_maps.of_partner(maps, found.sender_id, found.sender_name)
    if said is not None and said != own:
        found = reading(said)
    holds = said or own
    return dataclasses.replace(found, locale=holds.locale) if holds else found


def content_key(sha256: str, own: HeaderMap | None = None) -> str:
    """Hashes all that an Extract depends on: bytes, contracts, layouts, the words of the partner, the reader itself."""
    parts = [sha256, contracts_hash(), layouts_hash(), reader_version()]
    return hashlib.sha256("\n".join([*parts, own.digest] if own else parts).encode()).hexdigest()


def _kept(root: DataRoot, sha256: str, path: Path, name: str, own: HeaderMap | None) -> Extract:
    folder = root.extracts / content_key(sha256, own)
    kept = _load(folder)
    if kept is None:
        kept = read(path, name, own)
        _keep(kept, folder)
    return kept


@cache
def reader_version() -> str:
    """Hashes the source of the readers, so that a change of theirs is never forgotten."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()


def _load(folder: Path) -> Extract | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        kept = json.loads((folder / "extract.json").read_text(encoding="utf-8"))
        tables = []
        for number, about in enumerate(kept.pop("tables")):
            data = pq.read_table(folder / f"{number}.parquet", page_checksum_verification=True)
            if data.num_rows != about["rows"]:
                return None
            columns = tuple(Column(**column) for column in about.pop("columns"))
            tables.append(Table(**about, columns=columns, data=data))
        findings = tuple(ReadFinding(**finding) for finding in kept.pop("findings"))
        return Extract(**kept, tables=tuple(tables), findings=findings)
    # Whatever is wrong with what was kept, the file itself is there to be read again.
    except (OSError, ValueError, TypeError, KeyError, AttributeError, pa.ArrowException):
        return None


def _keep(extract: Extract, folder: Path) -> None:
    """Writes an Extract aside and moves it into place whole."""
    import pyarrow.parquet as pq

    aside = folder.with_name(f".{folder.name}.{os.getpid()}.aside")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        for number, table in enumerate(extract.tables):
            pq.write_table(table.data, aside / f"{number}.parquet", compression="zstd", write_page_checksum=True)
        (aside / "extract.json").write_text(json.dumps(_plain(extract), ensure_ascii=False), encoding="utf-8")
        for written in aside.iterdir():
            with written.open("rb") as opened:
                os.fsync(opened.fileno())
        if folder.exists():
            shutil.rmtree(folder)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _plain(extract: Extract) -> dict[str, Any]:
    def members(thing: Any, left_out: str) -> dict[str, Any]:
        return {f.name: getattr(thing, f.name) for f in dataclasses.fields(thing) if f.name != left_out}

    plain = members(extract, "tables")
    plain["findings"] = [dataclasses.asdict(finding) for finding in extract.findings]
    plain["tables"] = [
        members(table, "data") | {"columns": [dataclasses.asdict(column) for column in table.columns]}
        for table in extract.tables
    ]
    return plain
