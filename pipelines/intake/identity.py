"""Who sends a file and for which quarter, where the file says so beside its tables.

Belongs here: label and value pairs of an identity sheet or of the lines above a header. Does not belong here: the
partners register, and columns that say it row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from pipelines.contract import fold
from pipelines.intake.layouts import load_identity
from pipelines.intake.model import ReadFinding
from pipelines.intake.period import quarter


@dataclass(frozen=True)
class Sender:
    """What a file says of itself; `cell` is where the identifier stands, else the name."""

    id: str | None = None
    name: str | None = None
    cell: str | None = None
    period: str | None = None
    findings: tuple[ReadFinding, ...] = field(default=())


def read(
    rows: Sequence[Sequence[str]], sheet: str | None, address: Callable[[int, int], str], known: Sender | None = None
) -> Sender:
    """Reads label and value pairs; what `known` holds already is kept. `address` takes row and column indexes."""
    sender = known or Sender()
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            label, colon, beside = cell.partition(":")
            what = _labels().get(fold(cell)) or (_labels().get(fold(label)) if colon else None)
            if what is None:
                continue
            at = (
                column if beside.strip() else next((i for i in range(column + 1, len(cells)) if cells[i].strip()), None)
            )
            if at is None:
                continue
            value = beside.strip() if at == column else cells[at].strip()
            # A label beside a label is a row of headers.
            if fold(value) not in _labels():
                sender = _with(sender, what, value, sheet, address(row, at))
    return sender


def is_identity(sheet: str) -> bool:
    """Says whether a sheet is named as one that says who reports."""
    return fold(sheet) in {fold(name) for name in load_identity().sheets}


def is_guidance(sheet: str) -> bool:
    """Says whether a sheet is named as one that holds guidance only."""
    return fold(sheet) in {fold(name) for name in load_identity().guidance}


def _with(sender: Sender, what: str, value: str, sheet: str | None, cell: str) -> Sender:
    if what == "sender_id":
        return sender if sender.id else replace(sender, id=value, cell=cell)
    if what == "sender_name":
        return sender if sender.name else replace(sender, name=value, cell=sender.cell or cell)
    if sender.period:
        return sender
    if (found := quarter(value)) is not None:
        return replace(sender, period=found)
    return replace(sender, findings=(*sender.findings, ReadFinding("read.period", sheet=sheet, cell=cell, value=value)))


@cache
def _labels() -> dict[str, str]:
    words = load_identity()
    named = (("sender_id", words.sender_id), ("sender_name", words.sender_name), ("period", words.period))
    return {fold(label): what for what, labels in named for label in labels}
