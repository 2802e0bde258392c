"""The release: a folder built aside, moved into place in one step, and never changed.

    <release>/core/*.parquet  metrics/*.parquet  sdg17.duckdb  dictionary.en.md  dictionary.fr.md  manifest.json

Belongs here: when to publish, under which name, what is in the folder, how it gets into place. Does not belong here: any
figure, and any clock: the same inputs give the same bytes. (The engine does not repeat the bytes of its own file; the
manifest has a hash of the content of every table in it.)
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import calendar, dictionary, inputs, parquet, warehouse
from pipelines.errors import ReleaseError
from pipelines.intake import ledger
from pipelines.paths import DataRoot, replace_file

if TYPE_CHECKING:
    from pipelines.inputs import Inputs

#: Names beside the releases that are no release.
RESERVED = ("latest", "final", "site", "approvals.jsonl")

DATABASE = "sdg17.duckdb"
MANIFEST = "manifest.json"

#: Version of the layout of a release.
LAYOUT = 1

_ASIDE = ".aside-"


@dataclass(frozen=True)
class Published:
    """The release of the present inputs; `is_new` says whether this call put it there, `reason` why it did not."""

    name: str
    folder: Path
    is_new: bool
    reason: str
    tables: int
    rows: int


def publish(root: DataRoot, name: str | None = None) -> Published:
    """Publishes what is built, unless a release of the same inputs is there already.

    Raises ReleaseError where the name is taken by a release of other inputs, or nothing was ever received.
    """
    present = inputs.read(root)
    root.published.mkdir(parents=True, exist_ok=True)
    _clear(root)
    if name is None and (newest := latest(root)) and _input_hash(root.release(newest)) == present.hash:
        return _standing(root, newest)
    name = _checked(name) if name else release_name(root, present)
    folder = root.release(name)
    if folder.exists():
        if _input_hash(folder) != present.hash:
            raise ReleaseError(
                f"There is a release {name} already, made from other inputs.",
                "A release never changes. Give another name with --release, or none.",
            )
        if latest(root) != name:  # the process was killed between the two steps
            _point(root, name)
        return _standing(root, name)
    aside = root.published / f"{_ASIDE}{os.getpid()}"
    rows = _build(root, aside, name, present)
    _settle(aside)
    aside.rename(folder)
    _settle_folder(root.published)
    _point(root, name)
    return Published(name, folder, True, "", len(rows), sum(rows.values()))


def latest(root: DataRoot) -> str | None:
    """Gives the name of the newest release; null before the first."""
    try:
        name = root.latest.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    return name if name and (root.release(name) / MANIFEST).is_file() else None


def release_name(root: DataRoot, present: Inputs) -> str:
    """Names a release by the last quarter that was over when the latest report came, and by its inputs."""
    received = ledger.submissions(root)
    if not received:
        raise ReleaseError("Nothing has been received yet.", f"Put reports into {root.inbox}/<partner>/<quarter>/.")
    last = max(datetime.fromisoformat(s.received_at) for s in received)
    return f"{calendar.closed_quarter(last.astimezone(calendar.ZONE).date())}-{present.hash[:8]}"


def read_manifest(folder: Path) -> dict[str, Any]:
    """Reads the manifest of a release; raises ReleaseError where a folder is none."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ReleaseError(f"{folder} is no release.", "Move it out of the folder of releases.") from None
    return manifest


def _input_hash(folder: Path) -> str:
    return str(read_manifest(folder).get("input_hash"))


def _standing(root: DataRoot, name: str) -> Published:
    tables = read_manifest(root.release(name))["tables"]
    rows = sum(table["rows"] for table in tables.values())
    return Published(
        name, root.release(name), False, "Nothing new: the inputs are those of this release.", len(tables), rows
    )


def _checked(name: str) -> str:
    if name in RESERVED or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
        raise ReleaseError(
            f"{name!r} cannot be the name of a release.",
            f"Use letters, digits, dots and dashes; not {', '.join(RESERVED)}.",
        )
    return name


def _clear(root: DataRoot) -> None:
    """Removes what a killed process left beside the releases."""
    for path in root.published.glob(f"{_ASIDE}*"):
        shutil.rmtree(path)
    for path in root.published.glob(f".{root.latest.name}.*.aside"):
        path.unlink()


def _build(root: DataRoot, folder: Path, name: str, present: Inputs) -> dict[str, int]:
    """Writes everything of a release into a folder, the manifest last; gives the rows of each table."""
    tables: dict[str, dict[str, Any]] = {}
    files: dict[str, dict[str, Any]] = {}
    for model in warehouse.models():
        built, copy = root.table(model.layer, model.table), folder / model.layer / f"{model.table}.parquet"
        if not built.is_file():
            raise ReleaseError(f"{model.name} is not built.", "Run the stages before it: sdg17 run.")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(built, copy)
        place = copy.relative_to(folder).as_posix()
        rows = parquet.row_count(copy)
        tables[model.name] = {"file": place, "rows": rows, "content_sha256": parquet.content_hash(copy)}
        files[place] = _described(copy) | {"rows": rows}
    for language in dictionary.WORDS:
        page = folder / f"dictionary.{language}.md"
        page.write_text(dictionary.page(language), encoding="utf-8")
        files[page.name] = _described(page)
    _write_database(folder)
    _write_manifest(folder, name, present, tables, files)
    return {table: about["rows"] for table, about in tables.items()}


def _write_database(folder: Path) -> None:
    """Writes all tables into one DuckDB file, with what they and their columns mean, in a format older engines open."""
    import duckdb

    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as con:
        con.execute(f"attach {_quoted(str(folder / DATABASE))} as release (storage_version 'v1.5.0')")
        con.execute("begin")
        for model in warehouse.models():
            table = f"release.{model.name}"
            file = _quoted(str(folder / model.layer / f"{model.table}.parquet"))
            con.execute(f"create schema if not exists release.{model.layer}")
            con.execute(f"create table {table} as from read_parquet({file})")
            con.execute(f"comment on table {table} is {_quoted(f'{model.doc} | {model.doc_fr}')}")
            for c in model.columns:
                unit = f" [{c.unit}]" if c.unit else ""
                con.execute(
                    f'comment on column {table}."{c.name}" is {_quoted(f"{c.meaning}{unit} | {c.meaning_fr}{unit}")}'
                )
        con.execute("commit; checkpoint release; detach release")


def _write_manifest(
    folder: Path, name: str, present: Inputs, tables: dict[str, dict[str, Any]], files: dict[str, dict[str, Any]]
) -> None:
    manifest = {
        "layout": LAYOUT,
        "release": name,
        "input_hash": present.hash,
        "inputs": {
            "reports": [vars(report) for report in present.reports],
            "registers": dict(present.registers),
        },
        "code": {"version": present.version, "sha256": present.code},
        "sql": {"sha256": present.sql},
        "contracts": {"sha256": present.contracts},
        "code_lists": dict(present.code_lists),
        "layouts": {"sha256": present.layouts},
        "engines": {library: metadata.version(library) for library in ("duckdb", "pyarrow", "great-expectations")},
        "tables": tables,
        "files": files,
        "database": {"file": DATABASE, "tables": {t: about["content_sha256"] for t, about in tables.items()}},
    }
    text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _described(path: Path) -> dict[str, Any]:
    with path.open("rb") as opened:
        return {"sha256": hashlib.file_digest(opened, "sha256").hexdigest(), "bytes": path.stat().st_size}


def _settle(folder: Path) -> None:
    """Makes sure that all files of a folder are on the disk before it gets its name."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as written:
                os.fsync(written.fileno())
        else:
            _settle_folder(path)
    _settle_folder(folder)


def _settle_folder(folder: Path) -> None:
    entry = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(entry)
    finally:
        os.close(entry)


def _point(root: DataRoot, name: str) -> None:
    with replace_file(root.latest) as aside:
        aside.write_text(name + "\n", encoding="utf-8")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
