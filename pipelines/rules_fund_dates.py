"""Rules over days that cannot well be: after the day of receipt, too far ahead, too long ago (V03).

No clock is asked: a day is held against the quarter reported, against another day of its row, or against the day of receipt,
which only the fund knows.

Belongs here: days that can be read and still look wrong. Does not belong here: days that cannot be read (parsing), a first day
after the last (contracts), reports that are late (rules_fund_projects).
"""

from __future__ import annotations

from pipelines.contract import reports
from pipelines.rules_fund_query import Query, at, worded

#: Years that a project is planned for, at most, and years that anything in a report lies back, at most.
AHEAD, BACK = 12, 25

#: Days on which something had been done when it was reported, each with the rows that say so.
DONE = (
    ("transactions", "transaction_date", "true"),
    ("cofinancing", "secured_on", "coalesce(state, '') <> 'pledged'"),
    ("cofinancing", "received_on", "true"),
    # Each party of an alliance has a row, and all of them the same agreement.
    ("alliances", "agreement_date", """true qualify row_number() over (
        partition by submission_id, alliance_id, agreement_date order by source_row, row_id) = 1"""),
    ("engagements", "engagement_date", "coalesce(state, '') <> 'intention'"),
    ("inkind", "given_on", "true"),
    ("baselines", "taken_on", "true"),
)  # fmt: skip

#: A publication of activities tells of those of all times; grants and our own reports are of their years.
_OF_ALL_TIMES = "iati"


def _after_receipt(kind: str, field: str, is_done: str) -> Query:
    return Query(
        "V03.after-receipt",
        (kind,),
        f"""
        select {at("a", kind, field)}, '≤ ' || r.received_on as expected, cast(a.{field} - r.received_on as varchar) as difference,
            {worded(day=f"a.{field}", received="r.received_on")} as args
        from accepted.{kind} a join received r using (submission_id) where a.{field} > r.received_on and {is_done}""",
    )


def _long_ago(kind: str) -> Query:
    """A day that lies far before the quarter that the report is of."""
    first_day = (
        "make_date(cast(left(report_period, 4) as integer), 3 * cast(right(report_period, 1) as integer) - 2, 1)"
    )
    earliest = f"cast({first_day} - interval {BACK} year as date)"
    return Query("V03.long-ago", (kind,), _earlier(kind, earliest, f"accepted.{kind} a", "a.layout = 'template'"))


def _long_before_receipt(kind: str) -> Query:
    earliest = f"cast(r.received_on - interval {BACK} year as date)"
    rows = f"accepted.{kind} a join received r using (submission_id)"
    of_its_years = (
        f"(a.layout not in ('template', '{_OF_ALL_TIMES}') or a.layout = 'template' and a.report_period is null)"
    )
    return Query("V03.long-before-receipt", (kind,), _earlier(kind, earliest, rows, of_its_years))


def _earlier(kind: str, earliest: str, rows: str, of: str) -> str:
    fields = [f.name for f in reports()[kind].fields.values() if f.type == "date"]
    return " union all ".join(
        f"""select {at("a", kind, field)}, '≥ ' || {earliest} as expected, {worded(day=f"a.{field}")} as args
            from {rows} where {of} and a.{field} < {earliest}"""
        for field in fields
    )


_DATED = tuple(kind for kind, c in reports().items() if any(f.type == "date" for f in c.fields.values()))

QUERIES: tuple[Query, ...] = (
    *(_after_receipt(*done) for done in DONE),
    *(_long_ago(kind) for kind in _DATED),
    *(_long_before_receipt(kind) for kind in _DATED),
    Query("V03.far-end", ("projects",), f"""
        with begun as (select *, coalesce(planned_start_date, actual_start_date) as starts from accepted.projects)
        select {at("a", "projects", "planned_end_date")}, '≤ ' || cast(starts + interval {AHEAD} year as date) as expected,
            {worded(starts="starts", ends="a.planned_end_date")} as args
        from begun a where a.planned_end_date > starts + interval {AHEAD} year"""),
    Query("V03.far-end-from-receipt", ("projects",), f"""
        select {at("a", "projects", "planned_end_date")}, '≤ ' || cast(r.received_on + interval {AHEAD} year as date) as expected,
            {worded(received="r.received_on", ends="a.planned_end_date")} as args
        from accepted.projects a join received r using (submission_id)
        where coalesce(a.planned_start_date, a.actual_start_date) is null
            and a.planned_end_date > r.received_on + interval {AHEAD} year"""),
)  # fmt: skip
