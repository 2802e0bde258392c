"""What others bring to the projects of the fictional fund: co-financing, gifts in kind, alliances and engagements.

Belongs here: the rows of these four kinds. Does not belong here: who reports them (`demo_tables`), and the fund's own
money (`demo_money`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from pipelines.calendar import first_day
from pipelines.demo_world import Row, Subject, World, rna, siret

PARTNERSHIPS = ("innovation_societale", "cooperation_economique", "mecenat", "pratiques_responsables")
TRADES = ("dialogue", "experimentation", "accompagnement", "lieu")
LEVERS = ("human", "alliance", "financial", "human")
ACTIVATIONS = ("action", "vision", "gestion")
STATES = ("signed", "done", "done", "intention")
CAUSALITIES = ("declared", "documented", "none")
PROMISES = {
    "human": ("Prêter des salariés une journée par mois", "Lend staff one day a month", "jours", "days"),
    "financial": ("Abonder le budget commun", "Add to the common budget", "EUR", "EUR"),
    "alliance": (
        "Ouvrir son réseau aux autres parties",
        "Open its network to the other parties",
        "contacts",
        "contacts",
    ),
}


def cofinancing(world: World, of: Subject) -> Iterator[Row]:
    """Gives what others pay; the town's share is secured at first and reported again, under its number, once it has come."""
    town, workshop, *_ = of.circle
    share = 500 * (4 + int(of.chances[0] * 20))
    sources: tuple[tuple[str, str, str, str, int, bool], ...] = (
        ("public", "secured", town.siren, town.name, 3 * share, True),
        ("private", "received", siret(workshop.siren), workshop.name, share, False),
        ("own", "received", of.partner.siren, of.partner.name, share // 2 + 250, False),
    )
    for n, (origin, state, org, name, amount, before) in enumerate(sources[: 2 + of.letter % 2]):
        secured_on = of.start_on + timedelta(days=3 + 7 * n)
        row: Row = {
            "_quarter": of.start,
            "cofinancing_id": f"C-{of.project_id}-{n + 1}",
            "project_id": of.project_id,
            "provider_id": org,
            "provider_name": name,
            "origin": origin,
            "state": state,
            "amount": Decimal(amount),
            "currency": "EUR",
            "secured_on": secured_on,
            "due_on": of.start_on + timedelta(days=150),
            "received": Decimal(amount) if state == "received" else None,
            "received_on": secured_on + timedelta(days=21) if state == "received" else None,
            "causality": CAUSALITIES[(of.number + n) % 3],
            "known_before_application": before,
            "evidence_tier": "1",
        }
        yield row
        if state == "secured" and of.start + 2 < len(world.quarters):
            came_on = first_day(world.quarters[of.start + 2]) + timedelta(days=16)
            come: Row = {
                "_quarter": of.start + 2,
                "state": "received",
                "received": Decimal(amount),
                "received_on": came_on,
            }
            yield row | come


def alliances(world: World, of: Subject) -> Iterator[Row]:
    """Gives the parties of a project's alliance; in some, one has left by the last quarter and is reported again."""
    town, workshop, digital, laboratory = of.circle
    neighbour = world.partners[1 + of.partner.index % (len(world.partners) - 1)]
    its_number = rna(neighbour.index) if neighbour.sector == "association" else neighbour.siren
    parties: tuple[tuple[str | None, str, str, str, str, str, str], ...] = (
        (of.partner.siren, of.partner.name, of.partner.sector, "lead", "", "", of.partner.model_family),
        (town.siren, town.name, town.sector, "funding", "", "O", town.model_family),
        (siret(workshop.siren), workshop.name, workshop.sector, "partner", "tpe", "C", workshop.model_family),
        (laboratory.siren, laboratory.name, laboratory.sector, "support", "", "P", laboratory.model_family),
        (digital.siren, digital.name, digital.sector, "implementing", "pme", "J", digital.model_family),
        (its_number, neighbour.name, neighbour.sector, "partner", "", "", neighbour.model_family),
    )
    for n, (org, name, sector, role, size, naf, model) in enumerate(parties[: 4 + int(of.chances[1] * 3)]):
        if n and name == of.partner.name:
            continue
        row: Row = {
            "_quarter": of.start,
            "alliance_id": f"A-{of.project_id}",
            "project_id": of.project_id,
            "alliance_name": f"Alliance {of.partner.place} {'ABC'[of.letter]}",
            "partnership_type": PARTNERSHIPS[of.number % len(PARTNERSHIPS)],
            "catalyst_trade": TRADES[of.number % len(TRADES)],
            "agreement_ref": f"CONV-{of.number + 1:04d}",
            "agreement_date": of.start_on + timedelta(days=1),
            "party_id": org,
            "party_name": name,
            "party_sector": sector,
            "party_role": role,
            "party_from": of.start_on + timedelta(days=1 + 5 * n),
            "size_class": size or None,
            "naf_section": naf or None,
            "model_family": model,
        }
        yield row
        last = len(world.quarters) - 1
        if n == 2 and of.letter == 0 and of.partner.form == "xlsx" and of.start + 2 <= last:
            yield row | {"_quarter": last, "party_to": first_day(world.quarters[last]) + timedelta(days=20)}


def inkind(world: World, of: Subject) -> Iterator[Row]:
    """Gives what is lent and given without money: the town's rooms in every quarter, some of the workshop's goods."""
    french = of.partner.language == "fr"
    town, workshop, *_ = of.circle
    number = 0
    for quarter in range(of.start, len(world.quarters)):
        chance = of.chances[3 + quarter % 4]
        rooms, goods = 2 + int(chance * 8), 1 + int(chance * 5)
        gifts: tuple[tuple[str, str, str, int, str, int], ...] = (
            ("premises", town.siren, town.name, rooms, "jours de salle" if french else "days of a room", 80 * rooms),
            ("goods", siret(workshop.siren), workshop.name, goods, "lots", 145 * goods),
        )
        for n, (kind, org, name, quantity, unit, value) in enumerate(gifts if chance > 0.5 else gifts[:1]):
            number += 1
            yield {
                "_quarter": quarter,
                "inkind_id": f"N-{of.project_id}-{number:02d}",
                "project_id": of.project_id,
                "inkind_kind": kind,
                "provider_id": org,
                "provider_name": name,
                "given_on": first_day(world.quarters[quarter]) + timedelta(days=30 + 9 * n + of.letter),
                "quantity": Decimal(quantity),
                "quantity_unit": unit,
                "declared_value": Decimal(value),
                "currency": "EUR",
                "valuation_basis": "Tarif public de location" if french else "Public price list",
                "evidence_tier": "1",
            }


def at_award(of: Subject) -> tuple[str, ...]:
    """Gives the lever of each engagement that was there when the fund chose the project; one project had none for money."""
    levers = [LEVERS[number % len(LEVERS)] for number in range(1, 4 + int(of.chances[2] * 4))]
    return tuple("alliance" if lever == "financial" and of.number == 0 else lever for lever in levers)


def engagements(world: World, of: Subject) -> Iterator[Row]:
    """Gives what was there at award, and then what is new in every quarter."""
    french = of.partner.language == "fr"
    number = 0
    for quarter in range(of.start, len(world.quarters)):
        # Exporters send their engagements in the first and the last quarter only.
        if of.partner.form == "csv" and quarter not in (of.start, len(world.quarters) - 1):
            continue
        there = at_award(of) if quarter == of.start else ()
        for n in range(len(there) + 2 + int(of.chances[3 + quarter % 4] * 3)):
            number += 1
            known = n < len(there)
            lever = there[n] if known else LEVERS[number % len(LEVERS)]
            engaged = of.circle[number % len(of.circle)]
            promise_fr, promise_en, unit_fr, unit_en = PROMISES[lever]
            since = of.start_on if quarter == of.start else first_day(world.quarters[quarter])
            yield {
                "_quarter": quarter,
                "engagement_id": f"E-{of.project_id}-{number:03d}",
                "project_id": of.project_id,
                "party_id": engaged.siren,
                "party_name": engaged.name,
                "description": promise_fr if french else promise_en,
                "lever": lever,
                "activation": ACTIVATIONS[number % len(ACTIVATIONS)],
                "engagement_date": of.start_on - timedelta(days=90 + n)
                if known
                else since + timedelta(days=12 + 5 * n),
                "size": Decimal(3 + number % 9),
                "size_unit": unit_fr if french else unit_en,
                "state": "done" if known else STATES[number % len(STATES)],
                "is_baseline": known,
                "causality": "none" if known else CAUSALITIES[number % len(CAUSALITIES)],
            }
