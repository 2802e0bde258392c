"""Rows of reports as a careful partner fills them in, and the mistakes that are planted in them.

Belongs here: right values of every kind, by field, and each way of getting one wrong with the rule that must find it. Does not
belong here: how the rows are laid out on a sheet (planted).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from pipelines.demo_world import luhn_key, siren, siret

#: A value as it is typed: a text, a number, a day, or nothing.
Value = str | int | float | date | bool | None
Row = dict[str, Value]

START = date(2026, 1, 5)


def clean(kind: str, n: int, rng: Random) -> Row:
    """Gives the row of number `n` of a kind; rows of different numbers have different keys."""
    row = _ROWS[kind](n, rng)
    return row | {"project_id": f"P-{n:04d}"} if kind not in ("self_diagnosis", "adoc_steps") else row


def _day(rng: Random, after: int = 0) -> date:
    return START + timedelta(days=after + rng.randrange(80))


def _money(rng: Random) -> float:
    return rng.randrange(1_000_01, 90_000_00) / 100


def _org(n: int, rng: Random) -> str:
    number = siren(50_000 + n)
    return siret(number) if rng.random() < 0.3 else number


def _name(n: int) -> str:
    return f"Les Amis du lac n° {n}"


def _projects(n: int, rng: Random) -> Row:
    start = _day(rng)
    return {
        "title": f"Ateliers partagés {n}", "lead_id": _org(n, rng), "lead_name": _name(n), "status_code": "2",
        "planned_start_date": start, "planned_end_date": start + timedelta(days=400), "scale": "commune",
        "territory_code": rng.choice(("44109", "86194", "31555", "15014")), "cog_year": 2026, "country_code": "FR",
    }  # fmt: skip


def _sdg_links(n: int, rng: Random) -> Row:
    return {
        "target_code": rng.choice(("17.17", "17.16", "4.4", "11.2")), "weight_pct": 100, "is_principal": "oui",
        "method": "declared", "coded_on": _day(rng), "rationale": "Alliance locale",
    }  # fmt: skip


def _transactions(n: int, rng: Random) -> Row:
    return {
        "transaction_id": f"T-{n:05d}", "transaction_type_code": rng.choice("34"), "transaction_date": _day(rng),
        "amount": _money(rng), "currency": "EUR", "provider_id": _org(n, rng), "provider_name": _name(n),
        "description": "Achat de fournitures", "measure_basis": "period",
    }  # fmt: skip


def _cofinancing(n: int, rng: Random) -> Row:
    amount = _money(rng)
    return {
        "cofinancing_id": f"C-{n:05d}", "provider_id": _org(n, rng), "provider_name": _name(n), "origin": "public",
        "state": "secured", "amount": amount, "secured_on": _day(rng), "received": round(amount / 2, 2), "currency": "EUR",
        "known_before_application": rng.choice(("oui", "non")),
    }  # fmt: skip


def _alliances(n: int, rng: Random) -> Row:
    joined = _day(rng)
    return {
        "alliance_id": f"A-{n // 3:04d}", "alliance_name": f"Alliance du bassin {n // 3}", "party_id": _org(n, rng),
        "party_name": _name(n), "party_sector": rng.choice(("public", "company", "association")), "party_role": "partner",
        "party_from": joined, "party_to": joined + timedelta(days=90), "agreement_date": joined,
    }  # fmt: skip


def _engagements(n: int, rng: Random) -> Row:
    return {
        "engagement_id": f"E-{n:05d}", "party_id": _org(n, rng), "party_name": _name(n), "lever": "human",
        "activation": "action", "description": "Prêter une salle", "engagement_date": _day(rng), "size": rng.randrange(2, 30),
        "size_unit": "jours", "state": "signed", "is_baseline": "non", "citizens_count": rng.randrange(1, 40),
    }  # fmt: skip


def _time(n: int, rng: Random) -> Row:
    return {
        "period": "2026-T1", "category": "benevolat", "people": rng.randrange(3, 30), "hours": rng.randrange(40, 400),
        "days": rng.randrange(4, 40) / 4, "fte": 0.5, "declared_cost": _money(rng), "declared_cost_basis": "total",
        "currency": "EUR",
    }  # fmt: skip


def _budgets(n: int, rng: Random) -> Row:
    planned = _money(rng)
    return {
        "budget_version": "original", "side": rng.choice(("charge", "income")), "line_code": "60", "line_label": "Achats",
        "planned": planned, "actual": round(planned * 0.9, 2), "currency": "EUR", "measure_basis": "cumulative",
        "period_start": START, "period_end": START + timedelta(days=80),
    }  # fmt: skip


def _inkind(n: int, rng: Random) -> Row:
    return {
        "inkind_id": f"N-{n:05d}", "inkind_kind": "premises", "provider_id": _org(n, rng), "provider_name": _name(n),
        "given_on": _day(rng), "quantity": rng.randrange(1, 30), "quantity_unit": "jours de salle",
        "declared_value": _money(rng), "currency": "EUR",
    }  # fmt: skip


def _baselines(n: int, rng: Random) -> Row:
    return {
        "lever": rng.choice(("human", "financial", "alliance")), "taken_on": _day(rng),
        "engagement_count": rng.randrange(0, 9), "amount": _money(rng), "currency": "EUR",
    }  # fmt: skip


def _observations(n: int, rng: Random) -> Row:
    return {
        "indicator_code": f"I-{n}", "indicator_title": "Personnes accompagnées", "indicator_unit": "personnes",
        "direction": "up", "period_start": START, "period_end": START + timedelta(days=80), "baseline_value": 0,
        "target_value": 400, "value": rng.randrange(10, 300), "measure_basis": "period", "is_restatement": "non",
    }  # fmt: skip


def _self_diagnosis(n: int, rng: Random) -> Row:
    return {
        "org_id": _org(n, rng), "org_name": _name(n), "axis": rng.choice(("human", "financial", "alliance")),
        "assessor": "self", "diagnosed_on": _day(rng), "score": rng.randrange(0, 5),
    }  # fmt: skip


def _adoc_steps(n: int, rng: Random) -> Row:
    opened = _day(rng)
    return {
        "org_id": _org(n, rng), "org_name": _name(n), "branch": rng.choice(("informer", "former", "agir")),
        "step": f"R-{n:03d}", "opened_on": opened, "done_on": opened + timedelta(days=30),
    }  # fmt: skip


_ROWS: dict[str, Callable[[int, Random], Row]] = {
    "projects": _projects, "sdg_links": _sdg_links, "transactions": _transactions, "cofinancing": _cofinancing,
    "alliances": _alliances, "engagements": _engagements, "time": _time, "budgets": _budgets, "inkind": _inkind,
    "baselines": _baselines, "observations": _observations, "self_diagnosis": _self_diagnosis, "adoc_steps": _adoc_steps,
}  # fmt: skip


@dataclass(frozen=True)
class Mistake:
    """One way of getting a row wrong: what is typed instead, and the rule that finds it.

    `at` is the field in whose cell it is found; None where the row names nothing, so that it is found at its row.
    `typed` says that the cells around it must be typed, since a text beside it would settle what it means or state a
    currency. `kept` is false where the row then counts for nothing.
    """

    rule: str
    kind: str
    at: str | None
    spoil: Callable[[Row], Row]
    typed: bool = False
    kept: bool = field(default=True)


def _put(name: str, *values: Value, rule: str, kinds: str, **more: Any) -> list[Mistake]:
    """Gives one mistake per kind and value that stands in one cell."""

    def put(value: Value) -> Callable[[Row], Row]:
        return lambda row: {name: value}

    return [Mistake(rule, kind, name, put(value), **more) for kind in kinds.split() for value in values]


def _wrong_key(number: Value) -> str:
    text = str(number)
    return text[:-1] + str((int(luhn_key(text[:-1])) + 4) % 10)


def _keys(name: str, kinds: str) -> list[Mistake]:
    return [
        Mistake("V05.organisation-number", k, name, lambda row: {name: _wrong_key(row[name])}) for k in kinds.split()
    ]


def _after(name: str, other: str, kind: str, rule: str) -> Mistake:
    """A day that lies before the one it must follow."""
    return Mistake(rule, kind, name, lambda row: {name: row[other] - timedelta(days=9)})  # type: ignore[operator]


MISTAKES: tuple[Mistake, ...] = (
    *_put("amount", "à confirmer", rule="V01.not-a-number", kinds="cofinancing baselines"),
    *_put("amount", "à confirmer", rule="V01.not-a-number", kinds="transactions", kept=False),
    *_put("quantity", "beaucoup", rule="V01.not-a-number", kinds="inkind"),
    *_put("amount", "1.234", rule="V01.ambiguous", kinds="cofinancing", typed=True),
    *_put("amount", "1.234", rule="V01.ambiguous", kinds="transactions", typed=True, kept=False),
    *_put("declared_value", "12,345", rule="V01.ambiguous", kinds="inkind", typed=True),
    *_put("planned", "2,43E+07", rule="V01.scientific", kinds="budgets"),
    *_put("amount", "12345678901234567890123", rule="V01.too-large", kinds="transactions", kept=False),
    *_put("citizens_count", 2.5, rule="V01.not-whole", kinds="engagements"),
    *_put("engagement_count", "3,5", rule="V01.not-whole", kinds="baselines"),
    *_put("amount", 0, rule="V02.zero", kinds="transactions"),
    *_put("amount", -512.25, rule="V02.negative", kinds="transactions baselines"),
    *_put("received", -10.5, rule="V02.negative", kinds="cofinancing"),
    *_put("transaction_date", "2026-02-30", rule="V03.impossible-date", kinds="transactions"),
    *_put("party_from", "31/04/2026", rule="V03.impossible-date", kinds="alliances"),
    *_put("taken_on", "bientôt", rule="V03.not-a-date", kinds="baselines"),
    *_put("period_end", "fin de trimestre", rule="V03.not-a-date", kinds="observations"),
    *_put("given_on", "03/04/2026", rule="V04.ambiguous-date", kinds="inkind", typed=True),
    *_put("engagement_date", "05/06/2026", rule="V04.ambiguous-date", kinds="engagements", typed=True),
    *_keys("provider_id", "transactions cofinancing inkind"), *_keys("org_id", "self_diagnosis adoc_steps"),
    *_keys("lead_id", "projects"),
    *_put("provider_id", "2,43E+13", rule="V05.excel-number", kinds="transactions"),
    *_put("party_id", int(siren(7, leading_zero=True)), rule="V05.zeros-restored", kinds="alliances engagements"),
    *_put("provider_id", 45032466000000, rule="V05.establishment-lost", kinds="cofinancing"),
    *_put("provider_id", "Mairie", rule="V05.not-a-number", kinds="inkind"),
    *_put("org_id", "W75106416", rule="V06.association-number", kinds="adoc_steps"),
    *_put("provider_id", "W75106416", rule="V06.association-number", kinds="transactions"),
    *_put("transaction_type_code", "Cadeau", rule="code.unknown", kinds="transactions"),
    *_put("lever", "humour", rule="code.unknown", kinds="engagements baselines"),
    *_put("party_sector", "à préciser", rule="code.unknown", kinds="alliances"),
    *_put("side", "les deux", rule="code.unknown", kinds="budgets"),
    *_put("branch", "rêver", rule="code.unknown", kinds="adoc_steps"),
    *_put("direction", "vers le haut", rule="code.unknown", kinds="observations"),
    *_put("country_code", "Atlantide", rule="code.unknown", kinds="projects"),
    *_put("is_baseline", "peut-être", rule="boolean.not-understood", kinds="engagements"),
    *_put("known_before_application", "ça dépend", rule="boolean.not-understood", kinds="cofinancing"),
    *_put("title", None, rule="required", kinds="projects"),
    *_put("amount", None, rule="required", kinds="transactions", kept=False),
    *_put("diagnosed_on", None, rule="required", kinds="self_diagnosis"),
    *_put("step", None, rule="required", kinds="adoc_steps"),
    *_put("indicator_code", None, rule="required", kinds="observations"),
    *_put("alliance_id", None, rule="required", kinds="alliances"),
    *_put("hours", -4, rule="minimum", kinds="time"),
    *_put("size", -1, rule="minimum", kinds="engagements"),
    *_put("quantity", -3, rule="minimum", kinds="inkind"),
    *_put("score", 5, "6", rule="maximum", kinds="self_diagnosis"),
    *_put("weight_pct", 140, rule="maximum", kinds="sdg_links"),
    *_put("cog_year", 1789, rule="minimum", kinds="projects"),
    *_put("territory_code", "Zone 12", rule="V09.not-a-code", kinds="projects"),
    *_put("territory_code", "Nantes", rule="V09.name-only", kinds="projects"),
    *_put("territory_code", 1004, rule="V09.zero-restored", kinds="projects"),
    *_put("territory_code", "99999", rule="V09.unknown-in-year", kinds="projects"),
    *_put("territory_code", "84", rule="V09.two-levels", kinds="projects"),
    *_put("currency", "doublon", rule="V10.currency-unknown", kinds="transactions inkind"),
    *_put("currency", None, rule="V10.currency-missing", kinds="transactions cofinancing budgets", typed=True),
    *_put("target_code", "17.42", "zéro", rule="V18.unknown-target", kinds="sdg_links", kept=False),
    *_put("target_code", 17.1, rule="V18.ambiguous-target", kinds="sdg_links", kept=False),
    *_put("period", "au printemps", rule="V23.not-a-quarter", kinds="time"),
    *_put("hours", "12 jours", rule="V24.other-unit", kinds="time"),
    *_put("amount", "#N/A", rule="V25.spreadsheet-error", kinds="cofinancing"),
    *_put("transaction_date", "#REF!", rule="V25.spreadsheet-error", kinds="transactions"),
    *_put("description", "Voir avec camille.martin@example.org", rule="V08.personal-data", kinds="engagements transactions"),
    *_put("measure_basis", None, rule="V14.basis-missing", kinds="budgets observations"),
    *_put("measure_basis", "cumulative", rule="V14.cumulative-movement", kinds="transactions"),
    *_put("taken_on", date(1926, 2, 3), rule="V03.long-ago", kinds="baselines"),
    *_put("engagement_date", "1999-12-31", rule="V03.long-ago", kinds="engagements"),
    *_put("planned_end_date", date(2062, 5, 1), rule="V03.far-end", kinds="projects"),
    *_put("days", 3.1, rule="V20.quarter-days", kinds="time"),
    *_put("hours", 99_000, rule="V20.hours-per-person", kinds="time"),
    _after("planned_end_date", "planned_start_date", "projects", "V03.end-before-start"),
    _after("party_to", "party_from", "alliances", "V03.party-left-before-joining"),
    _after("done_on", "opened_on", "adoc_steps", "V03.step-done-before-opened"),
    _after("period_end", "period_start", "budgets", "V03.period-reversed"),
    Mistake("V12.above-budget", "budgets", "actual", lambda row: {"actual": round(float(str(row["planned"])) * 2, 2)}),
    Mistake("V17.received-above-secured", "cofinancing", "received", lambda row: {"received": round(float(str(row["amount"])) * 100)}),
    Mistake("V22.baseline-intention", "engagements", "is_baseline", lambda row: {"is_baseline": "oui", "state": "intention"}),
    Mistake("point.missing", "time", None, lambda row: dict.fromkeys(("people", "hours", "days", "fte")), kept=False),
    Mistake("point.missing", "budgets", None, lambda row: dict.fromkeys(("planned", "actual")), kept=False),
    Mistake("parties.missing", "cofinancing", "amount",
            lambda row: dict.fromkeys(("project_id", "provider_id", "provider_name")), kept=False),
    Mistake("parties.missing", "engagements", None, lambda row: dict.fromkeys(("project_id", "party_id", "party_name")), kept=False),
)  # fmt: skip
