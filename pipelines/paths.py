"""Where things are: the only module that knows folder names, and how a file is put in place whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
CHECKOUT = PACKAGE.parent
CONTRACTS = PACKAGE / "contracts"
CODES = CONTRACTS / "codes"
LAYOUTS = PACKAGE / "layouts"
SQL = CHECKOUT / "sql"


@dataclass(frozen=True)
class DataRoot:
    """The folders of one fund, below one root."""

    root: Path

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def receipts(self) -> Path:
        """`file,received_at`: when a report really came, for files that were dropped later."""
        return self.inbox / "receipts.csv"

    @property
    def reference(self) -> Path:
        return self.root / "reference"

    @property
    def corrections(self) -> Path:
        return self.root / "corrections"

    @property
    def received(self) -> Path:
        return self.root / "received"

    @property
    def ledger(self) -> Path:
        return self.received / "ledger.jsonl"

    @property
    def build(self) -> Path:
        return self.root / "build"

    @property
    def extracts(self) -> Path:
        return self.build / "extracts"

    @property
    def findings(self) -> Path:
        return self.build / "findings.parquet"

    @property
    def counts(self) -> Path:
        return self.build / "counts.parquet"

    @property
    def corrections_table(self) -> Path:
        """What signed corrections changed."""
        return self.build / "corrections.parquet"

    @property
    def submissions(self) -> Path:
        return self.build / "submissions.parquet"

    @property
    def ledger_table(self) -> Path:
        return self.build / "ledger.parquet"

    @property
    def published(self) -> Path:
        return self.root / "published"

    @property
    def latest(self) -> Path:
        """One line of text: the name of the newest release."""
        return self.published / "latest"

    @property
    def outbox(self) -> Path:
        return self.root / "outbox"

    @property
    def dagster(self) -> Path:
        return self.root / "dagster"

    @property
    def lock(self) -> Path:
        """Held by the one process that writes."""
        return self.root / ".lock"

    def received_file(self, sha256: str) -> Path:
        """Gives the place of the received bytes with this hash."""
        return self.received / "files" / sha256[:2] / sha256

    def table(self, layer: str, name: str) -> Path:
        """Gives the Parquet file of a built table, such as `build/core/transaction.parquet`."""
        return self.build / layer / f"{name}.parquet"

    def release(self, name: str) -> Path:
        """Gives the folder of a published release."""
        return self.published / name


def default_root() -> DataRoot:
    """Gives the data root: the variable SDG17_DATA, else `data/` of the checkout."""
    stated = os.environ.get("SDG17_DATA")
    return DataRoot(Path(stated) if stated else CHECKOUT / "data")


@contextmanager
def replace_file(target: Path) -> Iterator[Path]:
    """Yields a path beside `target` to write to; moves it into place in one step when the block ends well.

    Whatever is killed when, a reader sees the old file or the new one, never half of one.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.{os.getpid()}.aside")
    try:
        yield aside
        with aside.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(aside, target)
    finally:
        aside.unlink(missing_ok=True)
