"""The inbox of the fictional fund: every partner's files, each in its folder `<partner>/<quarter>/`.

Belongs here: which rows go into which file, under which name, and when it came. Does not belong here: the forms of
files (`demo_reports`, `demo_iati`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.calendar import last_day
from pipelines.demo_iati import write_activities
from pipelines.demo_mistakes import Slip
from pipelines.demo_reports import (
    OLD_ENCODING,
    Planted,
    dialect_of,
    found,
    spelled_period,
    typed_columns,
    write_export,
    write_workbook,
)
from pipelines.demo_tables import kinds_of
from pipelines.demo_world import Partner, World

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

#: A report, as the positions of its partner and its quarter.
Place = tuple[int, int]
Written = Iterator[tuple["Sent", list[Planted]]]

#: A corrected report comes so many days after the first.
SECOND_THOUGHT = 21


@dataclass(frozen=True)
class Sent:
    """One file in the inbox; `rows` per kind, where its rows are rows of our kinds."""

    file: str
    partner_id: str
    period: str
    received_at: datetime
    rows: Mapping[str, int]


@dataclass(frozen=True)
class Habits:
    """Which reports come late, never, or twice; and how many days after the quarter."""

    late: frozenset[Place]
    missing: frozenset[Place]
    restated: frozenset[Place]
    days: Mapping[Place, int]


@dataclass(frozen=True)
class _Stock:
    """The rows of one kind, ordered by partner and quarter, and the mistakes in them, ordered by row."""

    kind: str
    rows: pa.Table
    slips: Sequence[Slip]
    quarters: int

    @cached_property
    def keys(self) -> NDArray[np.int64]:
        keys: NDArray[np.int64] = self.rows["_partner"].to_numpy() * self.quarters + self.rows["_quarter"].to_numpy()
        return keys

    def of(self, partner: int, first: int, last: int) -> tuple[pa.Table, list[Slip]]:
        """Gives what a partner says of some quarters, with the mistakes counted from its first row."""
        start, end = self.span(partner, first, last)
        low, high = (bisect_left(self.slips, row, key=lambda s: s.row) for row in (start, end))
        return self.rows.slice(start, end - start), [replace(s, row=s.row - start) for s in self.slips[low:high]]

    def span(self, partner: int, first: int, last: int) -> tuple[int, int]:
        import numpy as np

        key = partner * self.quarters
        start, end = np.searchsorted(self.keys, [key + first, key + last + 1])
        return int(start), int(end)


def write_inbox(
    world: World, habits: Habits, rows: Mapping[str, pa.Table], slips: Mapping[str, Sequence[Slip]], inbox: Path
) -> Written:
    """Writes every file of the inbox; gives each with its mistakes."""
    stocks = {kind: _Stock(kind, table, slips[kind], len(world.quarters)) for kind, table in rows.items()}
    for partner in world.partners:
        if partner.form == "xlsx":
            yield from _workbooks(world, habits, stocks, partner, inbox)
        elif partner.form == "iati":
            yield from _publications(world, habits, stocks, partner, inbox)
    for stock in stocks.values():
        yield from _exports(world, habits, stock, inbox)


def _workbooks(world: World, habits: Habits, stocks: Mapping[str, _Stock], partner: Partner, inbox: Path) -> Written:
    report, corrected = ("rapport", "rectifie") if partner.language == "fr" else ("report", "corrected")
    for quarter, period in enumerate(world.quarters):
        place = (partner.index, quarter)
        if place in habits.missing:
            continue
        name = f"{report}-{spelled_period(period, partner.language)}"
        book = {k: stocks[k].of(partner.index, quarter, quarter) for k in kinds_of(partner) if k in stocks}
        versions = {f"{name}.xlsx": book}
        if place in habits.restated:
            first = book | {"transactions": (_before_correction(book["transactions"][0]), [])}
            versions = {f"{name}.xlsx": first, f"{name}-{corrected}.xlsx": book}
        for n, (file, tables) in enumerate(versions.items()):
            sent = _sent(
                world, habits, place, file, n * SECOND_THOUGHT, {k: t.num_rows for k, (t, _) in tables.items()}
            )
            yield sent, write_workbook(_make(inbox, sent), sent.file, partner, period, tables)


def _publications(world: World, habits: Habits, stocks: Mapping[str, _Stock], partner: Partner, inbox: Path) -> Written:
    """Publishes every second quarter all that has been since the start; only the last one is read with its mistakes."""
    last = len(world.quarters) - 1
    for quarter in range(last % 2, last + 1, 2):
        tables = {k: stocks[k].of(partner.index, 0, quarter) for k in kinds_of(partner)}
        if quarter != last:
            tables = {k: (table, []) for k, (table, _) in tables.items()}
        sent = _sent(world, habits, (partner.index, quarter), "activities.xml", 0, {})
        yield sent, write_activities(_make(inbox, sent), sent.file, partner, tables)


def _exports(world: World, habits: Habits, stock: _Stock, inbox: Path) -> Written:
    """Writes one kind of all exporting partners, dialect by dialect: whole columns become text before any is cut."""
    import numpy as np

    senders = [p for p in world.partners if p.form == "csv" and stock.kind in kinds_of(p)]
    owner = stock.rows["_partner"].to_numpy()
    for dialect in dict.fromkeys(dialect_of(p) for p in senders):
        speakers = [p for p in senders if dialect_of(p) == dialect]
        mask = np.isin(owner, [p.index for p in speakers])
        position = np.cumsum(mask) - 1
        slips = [replace(s, row=int(position[s.row])) for s in stock.slips if mask[s.row]]
        part = _Stock(stock.kind, stock.rows.filter(mask), slips, stock.quarters)
        texts = typed_columns(world, stock.kind, part.rows, slips, dialect)
        for partner in speakers:
            for quarter in range(stock.quarters):
                start, end = part.span(partner.index, quarter, quarter)
                if start == end:
                    continue
                _, wrong = part.of(partner.index, quarter, quarter)
                sent = _sent(world, habits, (partner.index, quarter), f"{stock.kind}.csv", 0, {stock.kind: end - start})
                write_export(_make(inbox, sent), stock.kind, texts.slice(start, end - start), dialect, partner.language)
                columns = {name: n for n, name in enumerate(texts.column_names, start=1)}
                planted = [found(sent.file, "", f"L{s.row + 2}C{columns[s.field]}", stock.kind, s) for s in wrong]
                if dialect.encoding == OLD_ENCODING:
                    planted.append(Planted(sent.file, "", "", stock.kind, "", OLD_ENCODING, "V25.encoding"))
                yield sent, planted


def _sent(world: World, habits: Habits, place: Place, name: str, later: int, rows: Mapping[str, int]) -> Sent:
    partner, period = world.partners[place[0]], world.quarters[place[1]]
    day = last_day(period) + timedelta(days=habits.days[place] + later)
    minute = (37 * place[0] + 11 * place[1]) % 540
    received_at = datetime.combine(day, time(7), UTC) + timedelta(minutes=minute)
    return Sent(f"{partner.partner_id}/{period}/{name}", partner.partner_id, period, received_at, rows)


def _make(inbox: Path, sent: Sent) -> Path:
    path = inbox / sent.file
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _before_correction(rows: pa.Table) -> pa.Table:
    """Gives the money as it was first reported: the last line is not yet there, the one before a tenth too high."""
    import pyarrow as pa

    if rows.num_rows < 2:
        return rows
    shorter = rows.slice(0, rows.num_rows - 1)
    amounts = shorter["amount"].to_pylist()
    amounts[-1] = (amounts[-1] * Decimal("1.1")).quantize(Decimal("0.01"))
    column = shorter.column_names.index("amount")
    return shorter.set_column(column, "amount", pa.array(amounts, shorter.schema.field("amount").type))
