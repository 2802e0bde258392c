"""Quarters and their deadlines: when a report is due, when the release comes out, who has reported and who is late.

Belongs here: the arithmetic of quarters, the stated calendar of the fund (`data/reference/calendar.csv`), and the
standing of each partner against it. Does not belong here: reading reports, attributing them, and any clock: whoever
asks says what day it is.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pipelines.errors import RegisterError
from pipelines.paths import DataRoot

#: Deadlines are days of the fund's own calendar, not of the machine's.
ZONE = ZoneInfo("Europe/Paris")
DUE_DAY = 5
RELEASE_DAY = 10

State = Literal["on_time", "late", "missing", "awaited"]

_QUARTER = re.compile(r"(\d{4})-Q([1-4])")


@dataclass(frozen=True)
class Deadline:
    """The days of one quarter: the last on which a report is on time, and that of the release."""

    period: str
    due_on: date
    release_on: date


@dataclass(frozen=True)
class Partner:
    """Who is expected to report."""

    partner_id: str
    name: str
    is_active: bool = True


@dataclass(frozen=True)
class Arrival:
    """One report that came: from whom, for which quarter, when."""

    partner_id: str
    period: str
    received_at: datetime


@dataclass(frozen=True)
class Standing:
    """Where one partner stands for one quarter; `received_on` is the day of the first report, in Paris."""

    partner_id: str
    name: str
    period: str
    due_on: date
    state: State
    received_on: date | None
    days_late: int


def standings(
    partners: Iterable[Partner],
    arrivals: Iterable[Arrival],
    periods: Iterable[str],
    stated: Mapping[str, Deadline],
    today: date,
) -> tuple[Standing, ...]:
    """Says for each quarter and partner whether the report came on time, late, is missing or still awaited.

    A partner who is no longer active is listed only for the quarters for which it reported.
    """
    first: dict[tuple[str, str], date] = {}
    for arrival in arrivals:
        day = arrival.received_at.astimezone(ZONE).date()
        key = (arrival.partner_id, arrival.period)
        first[key] = min(day, first.get(key, day))
    return tuple(
        _standing(partner, deadline(period, stated), first.get((partner.partner_id, period)), today)
        for period in periods
        for partner in partners
        if partner.is_active or (partner.partner_id, period) in first
    )


def deadline(period: str, stated: Mapping[str, Deadline]) -> Deadline:
    """Gives the deadlines of a quarter: as the fund's calendar states, else the 5th and 10th of the month after."""
    if period in stated:
        return stated[period]
    after = last_day(period) + timedelta(days=1)
    return Deadline(period, after.replace(day=DUE_DAY), after.replace(day=RELEASE_DAY))


def read_calendar(root: DataRoot) -> dict[str, Deadline]:
    """Reads `reference/calendar.csv` (period, due_on, release_on); no file means that the default days hold."""
    path = root.reference / "calendar.csv"
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as text:
        rows = list(csv.DictReader(text))
    try:
        stated = [Deadline(r["period"], _day(r["due_on"]), _day(r["release_on"])) for r in rows]
        for entry in stated:
            first_day(entry.period)
    except (KeyError, TypeError, ValueError) as problem:
        raise RegisterError(
            f"The calendar {path} cannot be read: {problem}.",
            "Columns: period,due_on,release_on; for example 2026-Q2,2026-07-05,2026-07-10.",
        ) from None
    return {entry.period: entry for entry in stated}


def first_day(period: str) -> date:
    """Gives the first day of a quarter such as `2026-Q2`; raises ValueError for anything else."""
    found = _QUARTER.fullmatch(period)
    if found is None:
        raise ValueError(f"{period!r} is not a quarter such as 2026-Q2")
    return date(int(found[1]), 3 * int(found[2]) - 2, 1)


def last_day(period: str) -> date:
    """Gives the last day of a quarter."""
    return first_day(following(period)) - timedelta(days=1)


def quarter_of(day: date) -> str:
    """Gives the quarter in which a day lies."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


def following(period: str) -> str:
    """Gives the quarter after."""
    return quarter_of(first_day(period) + timedelta(days=95))


def closed_quarter(day: date) -> str:
    """Gives the last quarter that was over on a day."""
    return quarter_of(first_day(quarter_of(day)) - timedelta(days=1))


def is_quarter(period: str | None) -> bool:
    """Says whether a period is a quarter; a publication (IATI, SCDL) has none."""
    return period is not None and _QUARTER.fullmatch(period) is not None


def _standing(partner: Partner, due: Deadline, received_on: date | None, today: date) -> Standing:
    late = ((received_on or today) - due.due_on).days
    state: State
    if received_on is not None:
        state = "late" if late > 0 else "on_time"
    else:
        state = "missing" if late > 0 else "awaited"
    return Standing(
        partner.partner_id, partner.name, due.period, due.due_on, state, received_on, days_late=max(late, 0)
    )


def _day(text: str) -> date:
    return date.fromisoformat(text.strip())
