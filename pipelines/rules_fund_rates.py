"""Rules over rates of exchange: V10 where a currency has none on the day that needs one.

Belongs here: amounts that get no value in euros for want of a rate. Does not belong here: converting them (sql/core).
"""

from __future__ import annotations

from pipelines.rules_fund_query import Query, at

#: Days that a rate may be older than the day that needs it.
OLDEST = 7


def _no_rate(kind: str, measure: str, day: str) -> Query:
    """Amounts in a currency without a rate on their day or in the week before it, or without a day.

    A currency with a fixed parity, the euro among them, needs neither.
    """
    return Query("V10.no-rate", (kind,), f"""
        with stated as (
            select *, {day} as rate_day from accepted.{kind}
            where {measure} is not null and currency is not null
                and currency not in (select currency from reference.fixed_parities)
        ), needed as (
            select distinct currency, rate_day from stated
        ), without as (
            select n.currency, n.rate_day from needed n
            anti join exchange_rates r on r.currency = n.currency and r.rate_date between n.rate_day - {OLDEST} and n.rate_day
        )
        select {at("s", kind, measure)}, map {{
            'day_en': coalesce(cast(s.rate_day as varchar), 'a day that is not stated'),
            'day_fr': coalesce(strftime(s.rate_day, '%d/%m/%Y'), 'un jour non indiqué'),
            'currency': s.currency}} as args
        from stated s join without w on w.currency = s.currency and w.rate_day is not distinct from s.rate_day""",
        needs=("exchange_rates",))  # fmt: skip


QUERIES: tuple[Query, ...] = (
    _no_rate("transactions", "amount", "coalesce(value_date, transaction_date)"),
    _no_rate("cofinancing", "amount", "secured_on"),
    _no_rate("cofinancing", "received", "received_on"),
    _no_rate(
        "time",
        "declared_cost",
        """cast(make_date(cast(left(period, 4) as integer), 3 * cast(right(period, 1) as integer), 1)
        + interval 1 month - interval 1 day as date)""",
    ),
)
