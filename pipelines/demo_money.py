"""The money of the fictional fund: every transaction that partners report, whole columns at a time.

Belongs here: commitments, tranches, receipts and spending, and that they add up: nobody spends what has not been
paid. Does not belong here: the small kinds, of a few rows per project (`demo_tables`).

Sums are integers of cents throughout, so that every machine rounds alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.demo_world import World, draw, first_days, siret, start_days

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

#: Tranches of a commitment: quarters after the start, share of the commitment in per cent.
TRANCHES = ((0, 50), (2, 30), (4, 20))
#: Of the money that a project holds, so much is spent in a quarter, in per cent.
PACE = 55

PURPOSES = {
    "fr": ("Animation de l’atelier d’alliance", "Location de salle", "Déplacements en train", "Impression de supports",
           "Ingénierie de la gouvernance", "Outil numérique partagé", "Formation des bénévoles", "Fournitures",
           "Étude des besoins du territoire", "Repas de la rencontre trimestrielle", "Traduction et sous-titrage",
           "Capitalisation et publication"),
    "en": ("Running of the alliance workshop", "Room hire", "Train travel", "Printing of materials",
           "Design of the governance", "Shared digital tool", "Training of volunteers", "Supplies",
           "Study of local needs", "Meals for the quarterly meeting", "Translation and subtitles",
           "Lessons learnt and publication"),
}  # fmt: skip
ACTS = {
    "fr": ("Engagement du fonds", "Versement de tranche", "Tranche reçue du fonds", "Engagement réduit"),
    "en": ("Commitment of the fund", "Tranche paid", "Tranche received from the fund", "Commitment reduced"),
}


def transactions(world: World) -> pa.Table:
    """Gives all transactions, ordered by partner, quarter and day; `_partner` and `_quarter` say whose and when."""
    import numpy as np

    parts = [_of_the_fund(world), _receipts(world), _spending(world)]
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.lexsort((joined["project"], joined["day"], joined["quarter"], joined["partner"]))
    return _table(world, {name: column[order] for name, column in joined.items()})


def disbursed(world: World) -> Ints:
    """Gives the cents paid to each project in each quarter, as a matrix."""
    import numpy as np

    projects = world.projects
    paid = np.zeros((len(projects), len(world.quarters)), dtype=np.int64)
    rows = np.arange(len(projects))
    for after, share in TRANCHES:
        inside = projects.start + after < len(world.quarters)
        paid[rows[inside], projects.start[inside] + after] += projects.euros[inside] * share
    return paid


def spent(world: World) -> Ints:
    """Gives the cents of fund money that each project spends in each quarter, as a matrix."""
    import numpy as np

    paid = disbursed(world)
    out = np.zeros_like(paid)
    held = np.zeros(len(paid), dtype=np.int64)
    for quarter in range(paid.shape[1]):
        held += paid[:, quarter]
        out[:, quarter] = held * PACE // 100
        held -= out[:, quarter]
    return out


def _of_the_fund(world: World) -> dict[str, NDArray[np.generic]]:
    """Commitments, tranches and, for one project in seventeen, less in the last quarter, while a tranche is still due."""
    import numpy as np

    projects, last = world.projects, len(world.quarters) - 1
    everyone = np.arange(len(projects))
    paid = disbursed(world)
    row, quarter = np.nonzero(paid)
    reduced = everyone[(everyone % 17 == 7) & (projects.start < last) & (projects.start + TRANCHES[-1][0] > last)]
    start = start_days(world)
    parts = [
        (everyone, projects.start, np.full(len(everyone), 2), 0, projects.euros * 100, start),
        (row, quarter, np.full(len(row), 3), 1, paid[row, quarter], _tranche_days(world, row, quarter)),
        (reduced, np.full(len(reduced), last), np.full(len(reduced), 2), 3, -5 * projects.euros[reduced],
         first_days(world)[np.full(len(reduced), last)] + 30),
    ]  # fmt: skip
    return {
        "partner": np.zeros(sum(len(p[0]) for p in parts), dtype=np.int64),
        "project": np.concatenate([p[0] for p in parts]),
        "quarter": np.concatenate([p[1] for p in parts]),
        "type": np.concatenate([p[2] for p in parts]),
        "text": np.concatenate([np.full(len(p[0]), len(PURPOSES["fr"]) + p[3]) for p in parts]),
        "cents": np.concatenate([p[4] for p in parts]),
        "day": np.concatenate([p[5] for p in parts]),
        "provider": np.zeros(sum(len(p[0]) for p in parts), dtype=np.int64),
        "receiver": np.concatenate([projects.partner[p[0]] for p in parts]),
    }


def _tranche_days(world: World, row: Ints, quarter: Ints) -> NDArray[np.datetime64]:
    import numpy as np

    first = quarter == world.projects.start[row]
    return np.where(first, start_days(world)[row] + 8, first_days(world)[quarter] + 14)


def _receipts(world: World) -> dict[str, NDArray[np.generic]]:
    """What partners say they have received: the fund's tranches, two days later."""
    import numpy as np

    paid = disbursed(world)
    row, quarter = np.nonzero(paid)
    partner = world.projects.partner[row]
    return {
        "partner": partner, "project": row, "quarter": quarter, "type": np.full(len(row), 1),
        "text": np.full(len(row), len(PURPOSES["fr"]) + 2), "cents": paid[row, quarter],
        "day": _tranche_days(world, row, quarter) + 2, "provider": np.zeros(len(row), dtype=np.int64),
        "receiver": partner,
    }  # fmt: skip


def _spending(world: World) -> dict[str, NDArray[np.generic]]:
    """Spending lines: three in four of fund money, which they split without a rest, the others of own money."""
    import numpy as np

    budget = spent(world)
    project, quarter = np.nonzero(budget >= 1000)
    lines = _line_counts(world, project, budget[project, quarter])
    group = np.repeat(np.arange(len(project)), lines)
    first = np.concatenate(([0], np.cumsum(lines)[:-1]))
    count = len(group)
    position = np.arange(count) - first[group]
    own = (draw(world.seed, "own money", count) < 0.25) & (position > 0)

    weight = np.where(own, 0, 200 + (draw(world.seed, "weight", count) * 1000).astype(np.int64))
    share = budget[project, quarter][group] * weight // np.add.reduceat(weight, first)[group]
    share[first] += budget[project, quarter] - np.add.reduceat(share, first)
    purse = draw(world.seed, "own amount", count)
    cents = np.where(own, 500 + (purse * purse * 60_000).astype(np.int64), share)

    # In its first quarter a project spends after its first tranche; the first line falls late in its month, so that
    # a column of French dates says for itself which part is the day.
    starting = quarter[group] == world.projects.start[project[group]]
    chance = draw(world.seed, "day", count)
    offset = np.where(starting, 40 + (chance * 48).astype(np.int64), (chance * 88).astype(np.int64))
    offset = np.where(position == 0, 44 + (chance * 12).astype(np.int64), offset)
    partner = world.projects.partner[project][group]
    circle = len(world.partners) + 4 * partner
    provider = np.where(own, partner, 0)
    return {
        "partner": partner,
        "project": project[group],
        "quarter": quarter[group],
        "type": np.full(count, 4),
        "text": (draw(world.seed, "purpose", count) * len(PURPOSES["fr"])).astype(np.int64),
        "cents": cents,
        "day": first_days(world)[quarter[group]] + offset,
        "provider": provider,
        "receiver": _paid_to(world, provider, circle, cents),
    }


def _paid_to(world: World, provider: Ints, circle: Ints, cents: Ints) -> Ints:
    """Names the receiver of two lines in five; never of a second line of the same amount, which would look like a repeat."""
    import numpy as np

    chosen = (draw(world.seed, "supplier", len(cents)) * 5).astype(np.int64)
    receiver = np.where(chosen < 2, circle + 1 + chosen, -1)
    _, first = np.unique(np.stack([provider, receiver, cents]), axis=1, return_index=True)
    named = np.zeros(len(cents), dtype=bool)
    named[first] = True
    return np.where(named, receiver, -1)


def _line_counts(world: World, project: Ints, cents: Ints) -> Ints:
    """Exports hold every line of the accounts, workbooks a few sums; no line is below a euro on average."""
    import numpy as np

    form = np.array([p.form for p in world.partners])[world.projects.partner[project]]
    chance = draw(world.seed, "lines", len(project))
    least, spread = world.lines * 9 // 13, world.lines * 8 // 13
    wanted = np.where(form == "csv", least + (chance * spread).astype(np.int64), 3 + (chance * 4).astype(np.int64))
    return np.clip(wanted, 1, cents // 100)


def _table(world: World, rows: dict[str, NDArray[np.generic]]) -> pa.Table:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    partner, project = rows["partner"].astype(np.int64), rows["project"].astype(np.int64)
    english = np.array([p.language == "en" for p in world.partners])[partner]
    texts = pa.array([*PURPOSES["fr"], *ACTS["fr"], *PURPOSES["en"], *ACTS["en"]])
    number = pc.utf8_lpad(pa.array(_running(partner, project)).cast(pa.string()), 5, "0")
    letter = pa.array(["T", "F"]).take(pa.array((partner == 0).astype(np.int64)))
    # Firms are paid by their SIRET, as their invoices state it; everybody else goes by SIREN.
    keys = [p.siren for p in world.partners] + [
        siret(o.siren) if o.size_class == "tpe" else o.siren for o in world.circle
    ]
    names = [p.name for p in world.partners] + [o.name for o in world.circle]
    receiver = pa.array(rows["receiver"], mask=rows["receiver"].astype(np.int64) < 0)
    committed = rows["type"].astype(np.int64) < 4
    # Publishers of IATI work abroad too: what they add of their own they state in the currency they spent it in.
    abroad = (
        np.array([p.form == "iati" for p in world.partners])[partner] & (rows["provider"] == partner) & (partner > 0)
    )
    currency = np.where(abroad, world.projects.letter[project], 0)
    agreement = pa.array([f"CONV-{i + 1:04d}" for i in range(len(world.projects))])
    return pa.table(
        {
            "_partner": partner,
            "_quarter": rows["quarter"].astype(np.int64),
            "project_id": pa.array(world.projects.project_id.tolist()).take(pa.array(project)),
            "transaction_id": pc.binary_join_element_wise(letter, number, ""),
            "transaction_type_code": pa.array(rows["type"].astype(np.int64)).cast(pa.string()),
            "transaction_date": pa.array(rows["day"]),
            "value_date": pa.array(rows["day"], mask=~abroad),
            "amount": decimals(rows["cents"].astype(np.int64)),
            "currency": pa.array(["EUR", "CHF", "XOF"]).take(pa.array(currency)),
            "provider_id": pa.array(keys).take(pa.array(rows["provider"])),
            "provider_name": pa.array(names).take(pa.array(rows["provider"])),
            "receiver_id": pa.array(keys).take(receiver),
            "receiver_name": pa.array(names).take(receiver),
            "agreement_ref": agreement.take(pa.array(project, mask=~committed)),
            "description": texts.take(pa.array(rows["text"].astype(np.int64) + english * (len(texts) // 2))),
        }
    )


def decimals(cents: Ints) -> pa.Array:
    """Gives cents as amounts of two decimals, without a float on the way."""
    import pyarrow as pa

    whole = pa.array(cents).cast(pa.decimal128(20, 0))
    return pa.Array.from_buffers(pa.decimal128(20, 2), len(whole), whole.buffers())


def _running(partner: Ints, project: Ints) -> Ints:
    """Numbers the rows of each sender and project from 1, in their order."""
    import numpy as np

    key = project * 2 + (partner == 0)
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    number = np.empty(len(key), dtype=np.int64)
    number[order] = np.arange(len(key)) - np.searchsorted(ordered, ordered) + 1
    return number
