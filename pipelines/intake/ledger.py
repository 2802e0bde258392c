"""The ledger: what was received, when, from whom, and what became of it; append-only, one line of JSON per event.

Every file is copied by its content hash before anything reads it, so that what was received is never lost and never
changed, whatever happens in the inbox later.

Belongs here: the inbox, the received copies, the events. Does not belong here: what is in a file.
"""

from __future__ import annotations

import csv
import fcntl
import hashlib
import json
import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.errors import ProjectError
from pipelines.intake.period import quarter
from pipelines.paths import DataRoot, replace_file


@dataclass(frozen=True)
class Submission:
    """One file as received; `source_file` is its path in the inbox, shown safely; times are UTC, ISO 8601."""

    submission_id: str
    sha256: str
    source_file: str
    size: int
    partner_id: str | None
    period: str | None
    received_at: str


@dataclass(frozen=True)
class Judged:
    """What became of one submission."""

    submission_id: str
    input_hash: str
    read: int
    accepted: int
    refused: int
    superseded: int
    duplicate: int
    findings: int


def receive(root: DataRoot) -> list[Submission]:
    """Copies every new file of the inbox and enters it; gives the new submissions, in order of path.

    A file is new where its bytes are not those that came last under its name: who sends an earlier version again means it.
    """
    before = submissions(root)
    standing = {s.source_file: s.sha256 for s in before}
    times = Counter((s.source_file, s.sha256) for s in before)
    receipts = _receipts(root)
    new: list[Submission] = []
    for path in _files(root.inbox):
        relative = os.fsencode(path.relative_to(root.inbox).as_posix())
        source_file = shown(relative)
        if standing.get(source_file) == _hash(path):
            continue
        sha256, size = _copy(root, path)
        partner_id, period = _from_path(source_file)
        received_at = receipts.get(relative.decode("utf-8", "surrogateescape")) or _now()
        again = f"\n{times[source_file, sha256]}" if times[source_file, sha256] else ""
        identity = hashlib.sha256(f"{sha256}\n{source_file}{again}".encode()).hexdigest()[:16]
        new.append(Submission(f"S-{identity}", sha256, source_file, size, partner_id, period, received_at))
    _append(root, ({"event": "received", **asdict(submission)} for submission in new))
    return new


def submissions(root: DataRoot) -> list[Submission]:
    """Gives all submissions ever received, in order of receipt, then path."""
    found: dict[str, Submission] = {}
    for event in events(root):
        if event.get("event") == "received":
            entry = Submission(**{name: event[name] for name in Submission.__dataclass_fields__})
            found.setdefault(entry.submission_id, entry)
    return sorted(found.values(), key=lambda s: (s.received_at, s.source_file))


def record(root: DataRoot, judged: Iterable[Judged]) -> int:
    """Enters what became of submissions where that has changed; gives the number of events entered."""
    last = {event["submission_id"]: event for event in events(root) if event.get("event") == "judged"}
    changed = []
    for verdict in judged:
        now = {"event": "judged", **asdict(verdict)}
        before = last.get(verdict.submission_id, {})
        # The inputs of a build change with every new file; that alone changes nothing for the others.
        if any(before.get(name) != value for name, value in now.items() if name != "input_hash"):
            changed.append(now)
    _append(root, changed)
    return len(changed)


def events(root: DataRoot) -> list[dict[str, Any]]:
    """Reads all events; a line torn by a process killed while writing it is no event, and harms no other."""
    if not root.ledger.exists():
        return []
    found: list[dict[str, Any]] = []
    for line in root.ledger.read_bytes().split(b"\n"):
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            found.append(event)
    return found


def to_parquet(root: DataRoot) -> None:
    """Writes the ledger as the table `build/ledger.parquet`, one row per event."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = (
        "event",
        "at",
        "submission_id",
        "sha256",
        "source_file",
        "partner_id",
        "period",
        "received_at",
        "input_hash",
    )
    counts = ("size", "read", "accepted", "refused", "superseded", "duplicate", "findings")
    schema = pa.schema([(name, pa.string()) for name in texts] + [(name, pa.int64()) for name in counts])
    rows = [{name: event.get(name) for name in schema.names} for event in events(root)]
    with replace_file(root.ledger_table) as aside:
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), aside, compression="zstd")


def shown(name: bytes) -> str:
    """Writes a file name so that it can be shown and kept as text: control characters and stray bytes as `\\x0a`."""
    text = name.decode("utf-8", "surrogateescape").replace("\\", "\\\\")
    return "".join(c if is_plain(c) else "".join(f"\\x{b:02x}" for b in os.fsencode(c)) for c in text)


def is_plain(text: str) -> bool:
    """Says whether a text can be shown as it is; spaces of all widths can, line breaks and stray bytes cannot."""
    return all(c.isprintable() or unicodedata.category(c) == "Zs" for c in text)


def _files(inbox: Path) -> Iterator[Path]:
    """Gives the files of the inbox in order of path, without receipts, hidden ones, and locks of office programs."""
    found: list[Path] = []
    seen: set[tuple[int, int]] = set()
    if not inbox.is_dir():
        return iter(())
    for folder, folders, names in os.walk(inbox, followlinks=True, onerror=_refuse):
        about = Path(folder).stat()
        # A linked folder may hold itself.
        if (about.st_dev, about.st_ino) in seen:
            folders.clear()
            continue
        seen.add((about.st_dev, about.st_ino))
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(folder, name) for name in names if not name.startswith((".", "~$"))]
    return iter(sorted((p for p in found if p.is_file() and p != inbox / "receipts.csv"), key=os.fsencode))


def _refuse(problem: OSError) -> None:
    raise ProjectError(f"{problem.filename} cannot be opened: {problem.strerror}.", "Check its permissions.")


def _hash(path: Path) -> str:
    try:
        with path.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as problem:
        raise ProjectError(f"{path} cannot be read: {problem.strerror}.", "Check its permissions.") from None


def _copy(root: DataRoot, path: Path) -> tuple[str, int]:
    """Copies a file to the place of its hash, computed of what was copied: a file may change while it is being read."""
    folder = root.received_file("00").parent.parent
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{os.getpid()}.aside"
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as source, aside.open("wb") as copy:
            while block := source.read(1 << 20):
                copy.write(block)
                digest.update(block)
                size += len(block)
            copy.flush()
            os.fsync(copy.fileno())
        target = root.received_file(digest.hexdigest())
        target.parent.mkdir(exist_ok=True)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
    return digest.hexdigest(), size


def _receipts(root: DataRoot) -> dict[str, str]:
    """Reads when files were received that were dropped later; times without a zone are UTC."""
    if not root.receipts.exists():
        return {}
    hint = "Columns: file,received_at; for example partner/2026-Q2/report.xlsx,2026-07-03T09:15:00Z."
    found: dict[str, str] = {}
    with root.receipts.open(encoding="utf-8-sig", newline="") as opened:
        for number, row in enumerate(csv.DictReader(opened), start=2):
            try:
                moment = datetime.fromisoformat((row["received_at"] or "").strip())
                found[PurePosixPath((row["file"] or "").strip()).as_posix()] = _iso(moment)
            except (KeyError, ValueError) as problem:
                raise ProjectError(f"{root.receipts} line {number} cannot be read: {problem}.", hint) from None
    return found


def _from_path(source_file: str) -> tuple[str | None, str | None]:
    """Reads partner and period from `<partner>/<period>/file`, as far as the path has them."""
    folders = PurePosixPath(source_file).parts[:-1]
    partner = folders[0] if folders and quarter(folders[0]) is None else None
    period = next((found for folder in folders[:2] if (found := quarter(folder)) is not None), None)
    return partner, period


def _append(root: DataRoot, entries: Iterable[dict[str, Any]]) -> None:
    lines = [json.dumps({**entry, "at": _now()}, ensure_ascii=False).encode() + b"\n" for entry in entries]
    if not lines:
        return
    root.received.mkdir(parents=True, exist_ok=True)
    with root.ledger.open("ab+") as opened:
        fcntl.flock(opened, fcntl.LOCK_EX)
        opened.seek(0, os.SEEK_END)
        if opened.tell():
            opened.seek(-1, os.SEEK_END)
            # A torn last line is closed off, so that the next event has a line of its own.
            if opened.read(1) != b"\n":
                lines.insert(0, b"\n")
        opened.write(b"".join(lines))
        opened.flush()
        os.fsync(opened.fileno())


def _now() -> str:
    return _iso(datetime.now(UTC))


def _iso(moment: datetime) -> str:
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return zoned.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
