"""Quarters, deadlines, and who stands where against them.

Belongs here: `pipelines/calendar.py`. Does not belong here: how the command line shows it (test_cli.py).
"""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import calendar
from pipelines.calendar import Arrival, Deadline, Partner
from pipelines.errors import RegisterError
from pipelines.paths import DataRoot

QUARTERS = st.builds("{:04d}-Q{}".format, st.integers(1990, 2090), st.integers(1, 4))


@given(QUARTERS)
def test_a_quarter_is_the_days_between_its_first_and_last(period: str) -> None:
    first, last = calendar.first_day(period), calendar.last_day(period)
    assert calendar.quarter_of(first) == calendar.quarter_of(last) == period
    assert (last - first).days in (89, 90, 91)
    assert calendar.quarter_of(calendar.first_day(calendar.following(period))) == calendar.following(period) > period
    assert calendar.closed_quarter(calendar.first_day(calendar.following(period))) == period


@pytest.mark.parametrize("text", ["2026-Q5", "2026Q1", "2026-T1", "26-Q1", "2026-Q1 ", ""])
def test_what_is_no_quarter_is_refused(text: str) -> None:
    assert not calendar.is_quarter(text)
    with pytest.raises(ValueError, match="is not a quarter"):
        calendar.first_day(text)


@pytest.mark.parametrize(
    ("period", "due_on", "release_on"),
    [
        ("2026-Q2", date(2026, 7, 5), date(2026, 7, 10)),
        ("2025-Q4", date(2026, 1, 5), date(2026, 1, 10)),
    ],
)
def test_a_report_is_due_on_the_fifth_and_the_release_on_the_tenth(period: str, due_on: date, release_on: date) -> None:
    assert calendar.deadline(period, {}) == Deadline(period, due_on, release_on)


def test_the_fund_may_state_other_days(root: DataRoot) -> None:
    assert calendar.read_calendar(root) == {}
    (root.reference / "calendar.csv").write_text(
        "\ufeffperiod,due_on,release_on\n2026-Q2,2026-07-15,2026-07-20\n", encoding="utf-8"
    )
    stated = calendar.read_calendar(root)
    assert calendar.deadline("2026-Q2", stated).due_on == date(2026, 7, 15)
    assert calendar.deadline("2026-Q3", stated).due_on == date(2026, 10, 5)


@pytest.mark.parametrize(
    "text",
    [
        "period,due_on\n2026-Q2,2026-07-15\n",
        "period,due_on,release_on\n2026-Q2,15/07/2026,2026-07-20\n",
        "period,due_on,release_on\n2026-T2,2026-07-15,2026-07-20\n",
    ],
)
def test_a_calendar_that_cannot_be_read_says_how_to_write_it(root: DataRoot, text: str) -> None:
    (root.reference / "calendar.csv").write_text(text, encoding="utf-8")
    with pytest.raises(RegisterError, match=r"calendar\.csv cannot be read") as problem:
        calendar.read_calendar(root)
    assert "period,due_on,release_on" in problem.value.hint


def standing(*received_at: str, today: date, active: bool = True) -> tuple[calendar.Standing, ...]:
    arrivals = [Arrival("aube", "2026-Q2", datetime.fromisoformat(moment)) for moment in received_at]
    return calendar.standings([Partner("aube", "L’Aube", active)], arrivals, ["2026-Q2"], {}, today)


def test_a_report_stands_by_the_day_it_came_in_paris() -> None:
    after = date(2026, 8, 1)
    # Half past ten in the evening of the 5th by UTC is already the 6th in Paris.
    assert standing("2026-07-05T21:59:00+00:00", today=after)[0].state == "on_time"
    assert standing("2026-07-05T22:30:00+00:00", today=after)[0] == calendar.Standing(
        "aube", "L’Aube", "2026-Q2", date(2026, 7, 5), "late", date(2026, 7, 6), 1
    )


def test_a_correction_does_not_make_a_report_late() -> None:
    (of,) = standing("2026-07-20T08:00:00+00:00", "2026-07-02T08:00:00+00:00", today=date(2026, 8, 1))
    assert (of.state, of.received_on) == ("on_time", date(2026, 7, 2))


def test_what_did_not_come_is_awaited_until_its_day_is_over_then_missing() -> None:
    assert standing(today=date(2026, 7, 5))[0].state == "awaited"
    (missing,) = standing(today=date(2026, 7, 8))
    assert (missing.state, missing.days_late, missing.received_on) == ("missing", 3, None)


def test_who_is_no_longer_active_is_listed_only_where_it_reported() -> None:
    now = datetime(2026, 7, 1, tzinfo=UTC)
    partners = [Partner("aube", "L’Aube", is_active=False)]
    arrivals = [Arrival("aube", "2026-Q1", now)]
    found = calendar.standings(partners, arrivals, ["2026-Q1", "2026-Q2"], {}, now.date())
    assert [(of.period, of.state) for of in found] == [("2026-Q1", "late")]
