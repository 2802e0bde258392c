"""One writer at a time below a data root, whoever starts it: the command line, Dagster, a notebook.

Belongs here: the file lock and the words about who holds it. Does not belong here: what is written. The operating
system frees the lock when its process ends, however it ends, so a killed run never leaves one behind.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pipelines.errors import BusyError
from pipelines.paths import DataRoot

#: How often this process has entered each lock that it holds: a run holds it while its stages take it again.
_held: dict[Path, int] = {}
_entering = threading.RLock()


@contextmanager
def writing(root: DataRoot, what: str) -> Iterator[None]:
    """Holds the data root for writing while the block runs; raises BusyError, naming the holder, if it is taken.

    Within one process it may be entered again, so that a run can hold it over all its stages.
    """
    path = root.lock.resolve()
    with _entering:
        if path in _held:
            _held[path] += 1
            descriptor = None
        else:
            descriptor = _take(path, what)
            _held[path] = 1
    try:
        yield
    finally:
        with _entering:
            _held[path] -= 1
            if not _held[path]:
                del _held[path]
        if descriptor is not None:
            os.close(descriptor)


def _take(path: Path, what: str) -> int:
    import fcntl  # not on every system on which a partner checks a file

    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 1000).decode("utf-8", "replace")
        os.close(descriptor)
        raise BusyError(
            f"Another process is writing in {path.parent}: {_words(holder)}.",
            "Wait until it has ended, then run the command again. Nothing was changed.",
        ) from None
    note = {"what": what, "process": os.getpid(), "since": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")}
    os.ftruncate(descriptor, 0)
    os.write(descriptor, json.dumps(note).encode())
    return descriptor


def _words(holder: str) -> str:
    try:
        note = json.loads(holder)
        return f"{note['what']}, process {note['process']}, since {note['since']}"
    except (ValueError, KeyError, TypeError):
        return "it has not yet said which"
