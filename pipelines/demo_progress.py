"""How the projects of the fictional fund fare: budgets, what was there at award, and indicators.

Belongs here: the rows of these three kinds. Does not belong here: who reports them (`demo_tables`), and the money itself
(`demo_money`): a budget is a plan and its account, no movement.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from pipelines.calendar import first_day, last_day
from pipelines.demo_allies import at_award
from pipelines.demo_world import Row, Subject, World

#: Account, label in French and in English, thousandths of the fund's commitment; charges and income sum to the same. The
#: last pair, classes 86 and 87, is what volunteers give.
CHARGES = (
    ("60", "Achats", "Purchases", 400),
    ("62", "Autres services extérieurs", "Other external services", 600),
    ("64", "Charges de personnel", "Staff costs", 1000),
    ("86", "Emplois des contributions volontaires", "Use of voluntary contributions", 150),
)
INCOME = (
    ("70", "Ventes et prestations", "Sales and services", 120),
    ("74", "Subventions et dotations", "Grants", 1700),
    ("75", "Autres produits de gestion", "Other income", 180),
    ("87", "Contributions volontaires", "Voluntary contributions", 150),
)
#: A project runs evenly, so many per cent of its budget in a quarter.
PACE = 17
#: What some projects spend above plan on this account, in per cent, and what pays for it.
OVERRUN, DEARER, PAID_BY = 20, "62", "74"
WHY = {
    "fr": "Location prolongée, prise en charge par la subvention",
    "en": "Hire went on longer, covered by the grant",
}

INDICATORS = {
    "fr": {
        "BEN": ("Personnes accompagnées", "personnes"),
        "REU": ("Rencontres tenues", "rencontres"),
        "DEL": ("Délai moyen de réponse", "jours"),
    },
    "en": {
        "BEN": ("People supported", "people"),
        "REU": ("Meetings held", "meetings"),
        "DEL": ("Mean time to answer", "days"),
    },
}
WOMEN_AND_MEN = {"fr": ("femmes", "hommes"), "en": ("women", "men")}


def budgets(world: World, of: Subject) -> Iterator[Row]:
    """Gives every line with what has been spent or received so far; a second project revises its budget after half a year.

    Charges equal income, in the plan and in the account of every quarter.
    """
    for quarter in range(of.start, len(world.quarters)):
        after = quarter - of.start
        revised = of.letter == 1 and after >= 2
        dearer = of.number % 3 == 0 and after >= 3
        shared: Row = {
            "_quarter": quarter,
            "project_id": of.project_id,
            "budget_version": "revised" if revised else "original",
            "period_start": of.start_on,
            "period_end": last_day(world.quarters[quarter]),
            "currency": "EUR",
            "measure_basis": "cumulative",
            "evidence_tier": "1",
        }
        done = min(100, PACE * (after + 1))
        moved = {account: _so_far(of, share, revised, dearer and account in (DEARER, PAID_BY), done)
                 for account, _, _, share in CHARGES + INCOME}  # fmt: skip
        # Cents that rounding leaves go where the grants are, so that income is what was spent.
        moved[PAID_BY] += sum(moved[line[0]] for line in CHARGES) - sum(moved[line[0]] for line in INCOME)
        for side, lines in (("charge", CHARGES), ("income", INCOME)):
            for account, french, english, share in lines:
                yield shared | {
                    "side": side,
                    "line_code": account,
                    "line_label": french if of.partner.language == "fr" else english,
                    "planned": Decimal(of.euros * _whole(share, revised)) / 1000,
                    "actual": Decimal(moved[account]) / 100,
                    "explanation": WHY[of.partner.language] if dearer and account == DEARER else None,
                }


def _whole(share: int, revised: bool) -> int:
    return share + (share // 10 if revised else 0)


def _so_far(of: Subject, share: int, revised: bool, dearer: bool, done: int) -> int:
    """Gives the cents of a line when so many per cent of a project are done; what is dearer costs more than planned."""
    more = next(planned for account, _, _, planned in CHARGES if account == DEARER) * OVERRUN if dearer else 0
    return of.euros * (_whole(share, revised) * 100 + more) * done // 100_000


def baselines(world: World, of: Subject) -> Iterator[Row]:
    """Gives what was there at award, per lever, as the engagements themselves count it; a zero is said, not left out."""
    there = at_award(of)
    for lever in ("human", "financial", "alliance"):
        yield {
            "_quarter": of.start,
            "project_id": of.project_id,
            "lever": lever,
            "taken_on": of.start_on - timedelta(days=6),
            "engagement_count": there.count(lever),
            "amount": Decimal(1500 * there.count(lever)) if lever == "financial" else None,
            "currency": "EUR" if lever == "financial" else None,
            "evidence_tier": "1",
        }


def observations(world: World, of: Subject) -> Iterator[Row]:
    """Gives indicators: people so far, in all and by sex, meetings of the quarter, and a delay that is to fall.

    The first project has counted some people twice, and says so when it puts that right in the last quarter.
    """
    people = 0
    for quarter in range(of.start, len(world.quarters)):
        period, after = world.quarters[quarter], quarter - of.start
        chance = of.chances[3 + quarter % 4]
        restates = of.number == 0 and quarter == len(world.quarters) - 1 and after > 1
        people += -9 if restates else 12 + int(chance * 40)
        women = people * (45 + of.letter * 10) // 100

        since, start = first_day(period), first_day(world.quarters[of.start])
        part_of: Row = {"measure_basis": "cumulative", "is_restatement": restates, "period_start": start}
        whole: Row = {"baseline_value": Decimal(0), "target_value": Decimal(250)}
        yield _value(of, quarter, period, "BEN", people) | part_of | whole
        for part, count in zip(WOMEN_AND_MEN[of.partner.language], (women, people - women), strict=True):
            yield _value(of, quarter, period, "BEN", count) | part_of | {"breakdown": part, "breakdown_overlaps": False}
        alone: Row = {"measure_basis": "period", "period_start": since, "activation": "gestion"}
        yield _value(of, quarter, period, "REU", 1 + int(chance * 5)) | alone | {"target_value": Decimal(4)}
        aim: Row = {"direction": "down", "baseline_value": Decimal(30), "target_value": Decimal(10)}
        yield _value(of, quarter, period, "DEL", max(8, 30 - 3 * after)) | alone | aim


def _value(of: Subject, quarter: int, period: str, code: str, value: int) -> Row:
    title, unit = INDICATORS[of.partner.language][code]
    return {
        "_quarter": quarter,
        "project_id": of.project_id,
        "indicator_code": code,
        "indicator_title": title,
        "indicator_unit": unit,
        "direction": "up",
        "activation": "action",
        "period_end": last_day(period),
        "value": Decimal(value),
        "evidence_tier": "0",
    }
