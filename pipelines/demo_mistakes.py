"""What busy people get wrong: the mistakes that the fictional fund's partners make, and where.

Belongs here: the catalogue of mistakes, each with the rule that must find it, and the choice of the cells that carry
one. Does not belong here: clean values, and how a cell is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pipelines.contract import load_all
from pipelines.demo_world import Form, Language, Row, World, draw, luhn_key

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

#: What is typed instead: a text, a whole number into a cell of a workbook, or nothing.
Typed = str | int | None

ANY: tuple[Form, ...] = ("xlsx", "csv", "iati")
EVERY: tuple[Form, ...] = ("xlsx", "csv")
BOOK: tuple[Form, ...] = ("xlsx",)


@dataclass(frozen=True)
class Mistake:
    """One way of getting a cell wrong.

    `spoil` gives what is typed for a right value, or raises `Unfit` where the value does not lend itself to it.
    `rule_id` is the rule that must find the cell, None where the reader must understand it without a word.
    `alone` says that the column around it must be typed cells: a second text would settle what the first means.
    `fits` says in which rows it can be made at all.
    """

    name: str
    where: Mapping[str, tuple[str, ...]]
    forms: tuple[Form, ...]
    spoil: Callable[[Any], Typed]
    rule_id: str | None
    alone: bool = False
    languages: tuple[Language, ...] = ("fr", "en")
    fits: Callable[[Row], bool] = lambda row: True


@dataclass(frozen=True)
class Slip:
    """One mistake in one cell: the row of its kind's table, the field, what is typed instead, who must find it."""

    row: int
    field: str
    typed: Typed
    rule_id: str | None


class Unfit(ValueError):
    """This value cannot be got wrong in this way."""


def plan(
    world: World, tables: Mapping[str, pa.Table], share: float, spared: Iterable[tuple[int, int]]
) -> dict[str, list[Slip]]:
    """Spoils one cell in this share of the rows; `spared` reports, as (partner, quarter), have none.

    The mistakes of the catalogue take turns, and no kind is below one of each, so that even a small fund shows them.
    """
    rest = _Rest(world, tables, frozenset(spared))
    wanted = round(share * sum(table.num_rows for table in tables.values()))
    pairs = [(n, kind, mistake) for mistake in CATALOGUE for n, kind in enumerate(mistake.where) if kind in tables]
    turns = [(kind, rest.of(mistake, kind)) for _, kind, mistake in sorted(pairs, key=lambda pair: pair[0])]
    slips: dict[str, list[Slip]] = {kind: [] for kind in tables}
    room = {k: max(round(share * t.num_rows), sum(k in m.where for m in CATALOGUE)) for k, t in tables.items()}
    while wanted > 0 and turns:
        going = []
        for kind, ways in turns:
            slip = next(ways, None) if wanted > 0 and len(slips[kind]) < room[kind] else None
            if slip is not None:
                slips[kind].append(slip)
                going.append((kind, ways))
                wanted -= 1
        turns = going
    return {kind: sorted(found, key=lambda s: s.row) for kind, found in slips.items()}


@dataclass
class _Rest:
    """The rows that have no mistake yet."""

    world: World
    tables: Mapping[str, pa.Table]
    spared: frozenset[tuple[int, int]]
    rows: set[tuple[str, int]] = field(default_factory=set)
    columns: set[tuple[str, int, int, str]] = field(default_factory=set)
    projects: set[tuple[str, object]] = field(default_factory=set)

    def of(self, mistake: Mistake, kind: str) -> Iterator[Slip]:
        """Gives the mistake in one fitting cell after another, in an order drawn by lot."""
        import numpy as np

        table = self.tables[kind]
        able = [
            p.index > 0 and p.form in mistake.forms and p.language in mistake.languages for p in self.world.partners
        ]
        fits = np.array(able)[table["_partner"].to_numpy()]
        if kind == "transactions":
            # What the fund pays is the measure of the rest: only lines of spending go wrong.
            fits &= np.array(table["transaction_type_code"]) == "4"
        fits &= _last_words(kind, table)
        rows = np.flatnonzero(fits)
        lots = draw(self.world.seed, f"{mistake.name} in {kind}", len(rows))
        partner, quarter = (table[name].combine_chunks() for name in ("_partner", "_quarter"))
        for row in rows[np.argsort(lots, kind="stable")].tolist():
            place = (partner[row].as_py(), quarter[row].as_py())
            if place in self.spared or (kind, row) in self.rows:
                continue
            [told] = table.slice(row, 1).to_pylist()
            project = kind, told.get("project_id")
            # A second wrong weight or total in one project, or whatever stands beside a text that two rules could read,
            # would change what is found.
            if (kind in ("sdg_links", "observations") and project in self.projects) or not mistake.fits(told):
                continue
            for name in mistake.where[kind]:
                slip = _slip(mistake, row, name, table[name][row].as_py())
                if slip is None or (mistake.alone and (kind, *place, name) in self.columns):
                    continue
                self.rows.add((kind, row))
                self.columns.add((kind, *place, name))
                self.projects.add(project)
                yield slip
                break


def _last_words(kind: str, table: pa.Table) -> NDArray[np.bool_]:
    """Marks the rows that no later report of their partner repeats: only they are judged."""
    import numpy as np
    import pyarrow as pa

    key = ["_partner", *(name for name in load_all()[kind].key if name in table.column_names)]
    numbered = table.select(key).append_column("row", pa.array(np.arange(table.num_rows)))
    last = np.zeros(table.num_rows, dtype=np.bool_)
    last[numbered.group_by(key).aggregate([("row", "max")])["row_max"].to_numpy()] = True
    return last


def _slip(mistake: Mistake, row: int, name: str, value: Any) -> Slip | None:
    if value is None:
        return None
    try:
        return Slip(row, name, mistake.spoil(value), mistake.rule_id)
    except Unfit:
        return None


def _french(amount: Decimal) -> str:
    return f"{amount:,.2f}".replace(",", " ").replace(".", ",") + " €"


def _thousands(amount: Decimal) -> str:
    if amount < 500:
        raise Unfit
    return f"{amount / 1000:.1f} k€".replace(".", ",")


def _pointed(amount: Decimal) -> str:
    if not 1000 <= amount < 1_000_000:
        raise Unfit
    return f"{int(amount):,}".replace(",", ".")


def _day_or_month(day: date) -> str:
    if day.day > 12 or day.day == day.month:
        raise Unfit
    return f"{day:%d/%m/%Y}"


def _thirty_first(day: date) -> str:
    """No such day: the 31st of a February."""
    return f"{day.year}-02-31"


def _wrong_key(number: str) -> str:
    if not number.isdigit():
        raise Unfit
    return number[:-1] + str((int(luhn_key(number[:-1])) + 3) % 10)


def _without_zero(number: str) -> int:
    if not number.startswith("0") or len(number) != 9:
        raise Unfit
    return int(number)


def _exponent(number: str) -> str:
    if len(number) != 14:
        raise Unfit
    return f"{Decimal(number):.2E}".replace(".", ",")


SHOUTED = {
    "4": "DEPENSE", "human": "Humaines ", "benevolat": "BENEVOLAT", "salarie": "Salariés", "charge": "CHARGES",
    "income": "Recette", "digitalisation": "NUMERIQUE",
}  # fmt: skip


def _shouted(code: str) -> str:
    return SHOUTED.get(code) or _unfit()


def _unfit() -> str:
    raise Unfit


def _lighter(weight: Decimal) -> str:
    return f"{weight - 10:f}".rstrip("0").rstrip(".") if weight > 20 else _unfit()


def _total_of_a_part(row: Row) -> bool:
    """A running total of women or men, after one that stands in an earlier report: it can fall."""
    since, until = row["period_start"], row["period_end"]
    assert isinstance(since, date) and isinstance(until, date)
    followed = (until - since).days > 100
    return followed and row["breakdown"] is not None and not row["is_restatement"]


AMOUNTS = {"transactions": ("amount",), "cofinancing": ("amount",), "inkind": ("declared_value",)}
DATES = {
    "transactions": ("transaction_date",), "engagements": ("engagement_date",), "inkind": ("given_on",),
    "baselines": ("taken_on",), "self_diagnosis": ("diagnosed_on",), "adoc_steps": ("opened_on",),
}  # fmt: skip
MONTHS = {"transactions": ("transaction_date",), "engagements": ("engagement_date",)}
IDS = {
    "transactions": ("receiver_id",), "alliances": ("party_id",), "engagements": ("party_id",),
    "cofinancing": ("provider_id",), "time": ("provider_id",), "inkind": ("provider_id",), "self_diagnosis": ("org_id",),
}  # fmt: skip
CODES = {
    "transactions": ("transaction_type_code",), "engagements": ("lever",), "time": ("category",), "budgets": ("side",),
    "self_diagnosis": ("axis",),
}  # fmt: skip
UNSURE = {
    "alliances": ("party_sector",), "engagements": ("activation",), "projects": ("status_code",),
    "inkind": ("inkind_kind",), "observations": ("direction",), "baselines": ("evidence_tier",),
    "adoc_steps": ("branch",), "self_diagnosis": ("assessor",),
}  # fmt: skip
COUNTS = {"time": ("hours", "fte", "days"), "inkind": ("quantity",)}

CATALOGUE: tuple[Mistake, ...] = (
    Mistake("amount in words", AMOUNTS, ANY, lambda _: "à confirmer", "V01.not-a-number"),
    Mistake("amount as a French text", AMOUNTS, BOOK, _french, None, alone=True),
    Mistake("amount in thousands", AMOUNTS, BOOK, _thousands, None, alone=True),
    Mistake("amount with one point", AMOUNTS, BOOK, _pointed, "V01.ambiguous", alone=True),
    Mistake("amount of zero", {"transactions": ("amount",)}, EVERY, lambda _: "0", "V02.zero"),
    Mistake("day or month", MONTHS, BOOK, _day_or_month, "V04.ambiguous-date", alone=True, languages=("en",)),
    Mistake("day, then month", MONTHS, BOOK, _day_or_month, "V04.ambiguous-date", alone=True, languages=("fr",)),
    Mistake("no such day", DATES, ANY, _thirty_first, "V03.impossible-date"),
    Mistake("wrong key", IDS, EVERY, _wrong_key, "V05.organisation-number"),
    Mistake("lost zero", IDS, BOOK, _without_zero, "V05.zeros-restored"),
    Mistake("ruined by the spreadsheet", IDS, EVERY, _exponent, "V05.excel-number"),
    Mistake("shouted code", CODES, EVERY, _shouted, None),
    Mistake("unknown code", UNSURE, EVERY, lambda _: "à préciser", "code.unknown"),
    Mistake("unknown territory", {"projects": ("territory_code",)}, EVERY, lambda _: "99999", "V09.unknown-in-year",
            fits=lambda row: row["scale"] == "commune"),
    Mistake("no currency", dict.fromkeys(AMOUNTS, ("currency",)), EVERY, lambda _: None, "V10.currency-missing"),
    Mistake("weights below a hundred", {"sdg_links": ("weight_pct",)}, EVERY, _lighter, "V18.weights",
            fits=lambda row: bool(row["is_principal"])),
    Mistake("less than nothing", COUNTS, EVERY, lambda v: f"-{v}", "minimum"),
    Mistake("more than the scale has", {"self_diagnosis": ("score",)}, EVERY, lambda _: 5, "maximum"),
    Mistake("no title", {"projects": ("title",)}, EVERY, lambda _: None, "required"),
    Mistake("hours of many years", {"time": ("hours",)}, EVERY, lambda _: 99_000, "V20.hours-per-person"),
    Mistake("days by halves of quarters", {"time": ("days",)}, EVERY, lambda v: f"{v + Decimal('0.1')}", "V20.quarter-days"),
    Mistake("received in cents", {"cofinancing": ("received",)}, EVERY, lambda v: int(v) * 100, "V17.received-above-secured"),
    Mistake("another year", {"budgets": ("period_end",)}, EVERY, lambda _: "2019-12-31", "V03.period-reversed"),
    Mistake("a total that falls", {"observations": ("value",)}, EVERY, lambda _: 1, "V13.cumulative-falls",
            fits=_total_of_a_part),
    Mistake("an address of a person", {"engagements": ("description",), "transactions": ("description",)}, EVERY,
            lambda text: f"{text}, voir camille.martin@example.org", "V08.personal-data"),
)  # fmt: skip
