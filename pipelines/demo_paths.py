"""The paths of the fictional fund's partners: how they see themselves, and the steps they take.

Belongs here: the rows of self-diagnoses and of A.D.O.C. steps. Does not belong here: who reports them (`demo_tables`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from pipelines.calendar import first_day
from pipelines.demo_world import Row, Subject, World, place_of

#: Three levers, then three axes.
LEVERS = ("human", "financial", "alliance")
AXES = ("capitalisation_savoir", "digitalisation", "competence_proximite")
#: What the fund's catalogue offers, branch by branch: a step is begun every second quarter.
STEPS = (("informer", "R-02"), ("former", "R-06"), ("agir", "R-04"))


def self_diagnosis(world: World, of: Subject) -> Iterator[Row]:
    """Gives a partner's own scores at the start and in the last quarter, what a peer thinks of its second territory, and one
    score a quarter that the fund gives each partner, in its own report.
    """
    last = len(world.quarters) - 1
    for quarter in range(of.start, len(world.quarters)):
        if of.letter == 0:
            axis, day = (LEVERS + AXES)[quarter % 6], first_day(world.quarters[quarter]) + timedelta(days=60)
            yield {
                "_partner": world.fund.index, "_quarter": quarter, "org_id": of.partner.siren, "org_name": of.partner.name,
                "axis": axis, "assessor": "fund", "diagnosed_on": day, "score": Decimal(int(of.chances[quarter % 6] * 8)) / 2,
            }  # fmt: skip
    for quarter in sorted({of.start, last}):
        later = quarter != of.start
        day = first_day(world.quarters[quarter]) + timedelta(days=35 + of.number)
        scored = LEVERS + AXES if of.letter == 0 else AXES
        for n, axis in enumerate(scored):
            score = int(of.chances[n] * 6) + (1 if later else 0)
            row: Row = {"_quarter": quarter, "axis": axis, "diagnosed_on": day, "score": Decimal(score) / 2}
            if of.letter == 0:
                yield row | {"org_id": of.partner.siren, "org_name": of.partner.name, "assessor": "self"}
            else:
                yield row | {"territory_code": place_of(of)[1], "assessor": "peer"}


def adoc_steps(world: World, of: Subject) -> Iterator[Row]:
    """Gives the steps of a partner and of its town; what is begun in one quarter is done in the next and told again."""
    if of.letter:
        return
    town = of.circle[0]
    for who, steps in ((of.partner, STEPS), (town, STEPS[:1])):
        for n, (branch, step) in enumerate(steps):
            begun = of.start + 2 * n
            if begun >= len(world.quarters):
                break
            row: Row = {
                "_quarter": begun,
                "org_id": who.siren,
                "org_name": who.name,
                "branch": branch,
                "step": step,
                "opened_on": first_day(world.quarters[begun]) + timedelta(days=40 + n),
            }
            yield row
            if begun + 1 < len(world.quarters):
                done_on = first_day(world.quarters[begun + 1]) + timedelta(days=10 + of.number)
                yield row | {"_quarter": begun + 1, "done_on": done_on}
