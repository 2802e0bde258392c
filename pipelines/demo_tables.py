"""What the partners of the fictional fund report, one table per kind, as values a careful partner would give.

Belongs here: who reports which kinds; the rows of projects, targets and time. Does not belong here: transactions, which
are many (`demo_money`), what comes from others (`demo_allies`), how projects and partners fare (`demo_progress`,
`demo_paths`), and how a value is typed into a file (`demo_reports`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from pipelines.calendar import last_day
from pipelines.contract import Field, load_all, reports
from pipelines.demo_allies import alliances, cofinancing, engagements, inkind
from pipelines.demo_money import transactions
from pipelines.demo_paths import adoc_steps, self_diagnosis
from pipelines.demo_progress import baselines, budgets, observations
from pipelines.demo_world import Partner, Row, Subject, World, place_of, subjects, wave_of
from pipelines.errors import ProjectError

if TYPE_CHECKING:
    import pyarrow as pa

TITLES = {
    "fr": ("Les compétences voisines", "Le numérique partagé", "La mémoire des savoir-faire", "Mobilités solidaires",
           "La table commune", "Jeunes et premiers emplois", "Habiter ensemble", "L’eau en partage"),
    "en": ("Skills next door", "Shared digital tools", "The memory of know-how", "Rides together",
           "The common table", "Young people and first jobs", "Living side by side", "Sharing water"),
}  # fmt: skip
#: Targets of the way of acting and, by title, of the purpose; the weights of each family sum to 100.
HOW = (
    (("17.17", 50), ("17.16", 30), ("17.14", 20)),
    (("17.17", 60), ("17.16", 40)),
    (("17.16", 100),),
    (("17", 100),),
)
WHAT = (
    (("4.4", 60), ("8.5", 40)), (("9.4", 100),), (("11.4", 70), ("4.7", 30)), (("11.2", 100),),
    (("2.4", 50), ("12.3", 50)), (("8.6", 100),), (("11.1", 60), ("10.2", 40)), (("6.b", 100),),
)  # fmt: skip


def tables(world: World) -> dict[str, pa.Table]:
    """Gives the rows of every kind, ordered by partner and quarter; `_partner` and `_quarter` are positions."""
    rows: dict[str, list[Row]] = {k: [] for k in WRITERS}
    for subject in subjects(world):
        for kind in kinds_of(subject.partner):
            if kind in WRITERS:
                sender: Row = {"_partner": subject.partner.index}
                rows[kind] += [sender | row for row in WRITERS[kind](world, subject)]
    return {"transactions": transactions(world)} | {k: _table(k, found) for k, found in rows.items() if found}


def kinds_of(partner: Partner) -> tuple[str, ...]:
    """Gives the kinds that a partner reports: all in a workbook, fewer in exports, the fund its money and its scores."""
    if partner.index == 0:
        return ("transactions", "self_diagnosis")
    match partner.form:
        case "xlsx":
            return tuple(reports())
        case "iati":
            return ("projects", "sdg_links", "transactions", "alliances", "budgets", "observations")
        case "csv":
            return (
                "projects",
                "transactions",
                "observations",
                "sdg_links" if partner.index % 4 == 2 else "engagements",
            )


def _projects(world: World, of: Subject) -> Iterator[Row]:
    language = of.partner.language
    scale, code = place_of(of)
    # A workbook carries its projects on every quarter; an export states a project once.
    quarters = range(of.start, len(world.quarters)) if of.partner.form == "xlsx" else (of.start,)
    for quarter in quarters:
        yield {
            "_quarter": quarter,
            "project_id": of.project_id,
            "title": f"{TITLES[language][of.number % len(TITLES[language])]} – {of.partner.place}",
            "project_kind": "projet_de_territoire" if of.letter == 2 else "alliance",
            "lead_id": of.partner.siren,
            "lead_name": of.partner.name,
            "status_code": "2",
            "planned_start_date": of.start_on,
            # A year and a half, or as long as the demo lasts.
            "planned_end_date": max(of.start_on + timedelta(days=540), last_day(world.quarters[-1])),
            "actual_start_date": of.start_on + timedelta(days=7),
            "scale": scale,
            "territory_code": code,
            "cog_year": 2026,
            "country_code": "FR",
            "wave_id": wave_of(of),
        }


def _sdg_links(world: World, of: Subject) -> Iterator[Row]:
    how, what = HOW[of.number % len(HOW)], WHAT[of.number % len(WHAT)]
    for n, (target, weight) in enumerate(how + what):
        yield {
            "_quarter": of.start,
            "project_id": of.project_id,
            "target_code": target,
            "weight_pct": Decimal(weight),
            "is_principal": n == 0,
            "method": "declared",
            "coded_on": of.start_on,
        }


def _time(world: World, of: Subject) -> Iterator[Row]:
    for quarter in range(of.start, len(world.quarters)):
        chance = of.chances[3 + quarter % 4]
        shared: Row = {"_quarter": quarter, "project_id": of.project_id, "period": world.quarters[quarter]}
        yield shared | {
            "category": "benevolat",
            "people": 4 + int(chance * 30),
            "hours": Decimal(40 + int(chance * 800)) / 2,
            "valuation_method": "smic",
        }
        yield shared | {
            "category": "salarie",
            "provider_id": of.partner.siren,
            "provider_name": of.partner.name,
            "people": 1 + of.letter,
            "fte": Decimal(20 + int(chance * 60)) / 100,
        }
        if chance > 0.4:
            digital = of.circle[2]
            yield shared | {
                "category": "mecenat_competences",
                "provider_id": digital.siren,
                "provider_name": digital.name,
                "people": 2,
                "days": Decimal(4 + int(chance * 20)) / 4,
                "declared_cost": Decimal(300 + 10 * int(chance * 9)),
                "declared_cost_basis": "per_day",
                "currency": "EUR",
                "form": "mise_a_disposition",
            }


WRITERS = {
    "projects": _projects,
    "sdg_links": _sdg_links,
    "cofinancing": cofinancing,
    "alliances": alliances,
    "engagements": engagements,
    "time": _time,
    "budgets": budgets,
    "inkind": inkind,
    "baselines": baselines,
    "observations": observations,
    "self_diagnosis": self_diagnosis,
    "adoc_steps": adoc_steps,
}


def _table(kind: str, rows: list[Row]) -> pa.Table:
    """Orders rows by partner and quarter, their columns as the contract does."""
    import pyarrow as pa

    contract = load_all()[kind]
    stated = {name for row in rows for name in row}
    schema = pa.schema(
        [("_partner", pa.int64()), ("_quarter", pa.int64())]
        + [(f.name, _arrow_type(f)) for f in contract.fields.values() if f.name in stated]
    )
    if unknown := sorted(stated - set(schema.names)):
        raise ProjectError(f"The contract of {kind} knows no {', '.join(unknown)}.", "Follow the contract in the demo.")
    rows.sort(key=_place)
    return pa.Table.from_pylist(rows, schema=schema)


def _place(row: Row) -> tuple[int, int]:
    partner, quarter = row["_partner"], row["_quarter"]
    assert isinstance(partner, int) and isinstance(quarter, int)
    return partner, quarter


def _arrow_type(field: Field) -> pa.DataType:
    import pyarrow as pa

    match field.type:
        case "money" | "number" | "percent":
            return pa.decimal128(20, 2)
        case "integer":
            return pa.int64()
        case "date":
            return pa.date32()
        case "boolean":
            return pa.bool_()
        case _:
            return pa.string()
