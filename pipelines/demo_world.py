"""The cast of the fictional fund: its partners, their organisations, their projects, and who reports in which form.

Belongs here: names, identifiers and plans that hold for the whole of a demo. Does not belong here: rows of reports
(`demo_tables`), their mistakes (`demo_mistakes`) and their files (`demo_reports`).

Everything is drawn from a counter and a seed by one hash, not by a library's generator, so that a seed gives the same
fund on every machine and under every version of numpy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Literal

from pipelines.calendar import first_day, following, quarter_of
from pipelines.contract import fold
from pipelines.errors import ProjectError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

Form = Literal["xlsx", "csv", "iati"]
Language = Literal["fr", "en"]

#: A row of a report, by field; `_quarter` is the position of the quarter that it is reported in.
Row = dict[str, str | int | Decimal | date | bool | None]

LAST_QUARTER = "2026-Q2"
#: Lines of spending that an export has per project and quarter, on average.
LINES = 65

FUND_NAME = "Fonds des Passerelles"

#: Forms of the first eight partners; the first is the fund itself.
FIRST_FORMS: tuple[Form, ...] = ("xlsx", "xlsx", "csv", "xlsx", "iati", "xlsx", "csv", "xlsx")

#: Syllables of invented place names; none of their compounds is the name of a French commune.
HEADS = (
    "Aure Brume Corbe Douve Esca Fauve Grise Isse Jonque Luse Marve Orme Perle Quinte Rouve Sauge Tourne Ulme Valse "
    "Yvre Bruyère Cendre Galerne Sorbe"
).split()
TAILS = "bonne combe fontaine lande mont rive rochette val vigne bourg croix doire gué tour".split()
LINKS = ("lez", "sous", "sur", "près")

#: Legal families that partners take turns in: sector, model family, name in French and in English.
FAMILIES: tuple[tuple[str, str, str, str], ...] = (
    ("association", "economie_engagement", "Les Relais {de}{place}", "{place} Relay Network"),
    ("public", "service_public", "Communauté de communes {de}{place}", "{place} District Council"),
    ("foundation", "economie_engagement", "Fondation territoriale {de}{place}", "{place} Community Foundation"),
    ("academic", "esr", "École supérieure {de}{place}", "{place} University College"),
    ("company", "marchand", "Coopérative {de}{place}", "{place} Cooperative"),
)

#: The four organisations that stand around each partner: sector, model family, size class, NAF section, name.
CIRCLE: tuple[tuple[str, str, str, str, str], ...] = (
    ("public", "service_public", "", "O", "Ville {de}{place}"),
    ("company", "marchand", "tpe", "C", "Ateliers {de}{place}"),
    ("company", "marchand", "pme", "J", "Numérique {de}{place}"),
    ("academic", "esr", "", "P", "Laboratoire {de}{place}"),
)

#: Waves of the register, each with the day on which its committee chose.
WAVES: tuple[tuple[str, date], ...] = (
    ("V1", date(2024, 12, 12)), ("V2", date(2025, 6, 12)), ("V3", date(2025, 12, 11)),
)  # fmt: skip

#: Real communes of the territories register, each with its group of communes and its département.
TERRITORIES: tuple[tuple[str, str, str], ...] = (
    ("44109", "244400404", "44"), ("86194", "200069854", "86"), ("31555", "243100518", "31"),
    ("23096", "200034825", "23"), ("2A004", "242010056", "2A"), ("97411", "249740119", "974"),
    ("15014", "241500230", "15"), ("48095", "244800405", "48"), ("58194", "245804406", "58"),
    ("80021", "248000531", "80"), ("88160", "200068757", "88"), ("22278", "200069409", "22"),
    ("05061", "200067825", "05"), ("01004", "240100883", "01"), ("87085", "248719312", "87"),
    ("59350", "200093201", "59"),
)  # fmt: skip


@dataclass(frozen=True)
class Partner:
    """One partner of the fictional fund; `index` 0 is the fund itself, which reports what it commits and pays."""

    index: int
    partner_id: str
    siren: str
    name: str
    place: str
    sector: str
    model_family: str
    form: Form
    language: Language
    projects: int


@dataclass(frozen=True)
class Organisation:
    """One organisation around the partners."""

    siren: str
    name: str
    sector: str
    model_family: str
    size_class: str
    naf_section: str


@dataclass(frozen=True)
class Projects:
    """All projects as columns of equal length; `partner` and `start` are positions, `euros` the fund's commitment."""

    project_id: NDArray[np.object_]
    partner: Ints
    letter: Ints
    start: Ints
    euros: Ints

    def __len__(self) -> int:
        return len(self.partner)


@dataclass(frozen=True)
class World:
    """A whole fictional fund, before anybody has reported; `lines` is how long the exports of a project are."""

    seed: int
    lines: int
    quarters: tuple[str, ...]
    partners: tuple[Partner, ...]
    circle: tuple[Organisation, ...]
    projects: Projects

    @cached_property
    def fund(self) -> Partner:
        return self.partners[0]

    def around(self, partner: int) -> tuple[Organisation, ...]:
        """Gives the four organisations around a partner."""
        return self.circle[len(CIRCLE) * partner : len(CIRCLE) * (partner + 1)]


@dataclass(frozen=True)
class Subject:
    """One project as its partner sees it."""

    number: int
    project_id: str
    partner: Partner
    circle: tuple[Organisation, ...]
    letter: int
    start: int
    start_on: date
    euros: int
    chances: tuple[float, ...]


def imagine(partners: int, quarters: int, seed: int, lines: int = LINES) -> World:
    """Invents a fund of so many partners, itself the first, over so many quarters that end in 2026-Q2."""
    if partners < 2 or quarters < 1:
        raise ProjectError(
            "A demo fund needs the fund itself, one more partner and one quarter.", "Ask for --partners 2 or more."
        )
    cast = tuple(_partner(i) for i in range(partners))
    return World(seed, lines, _quarters(quarters), cast, _circle(cast), _projects(cast, quarters, seed))


def first_days(world: World) -> NDArray[np.datetime64]:
    """Gives the first day of every quarter of the demo."""
    import numpy as np

    return np.array([f"{q[:4]}-{3 * int(q[-1]) - 2:02d}-01" for q in world.quarters], dtype="datetime64[D]")


def start_days(world: World) -> NDArray[np.datetime64]:
    """Gives the day on which the fund commits to each project."""
    import numpy as np

    offset = 5 + (draw(world.seed, "start day", len(world.projects)) * 20).astype(np.int64)
    return first_days(world)[world.projects.start] + offset


def subjects(world: World) -> Iterator[Subject]:
    """Gives every project with what its partner knows of it."""
    projects = world.projects
    starts = start_days(world).astype(object)
    chances = draw(world.seed, "subjects", 7 * len(projects)).reshape(-1, 7).tolist()
    for i, partner in enumerate(projects.partner.tolist()):
        yield Subject(
            number=i,
            project_id=projects.project_id[i],
            partner=world.partners[partner],
            circle=world.around(partner),
            letter=int(projects.letter[i]),
            start=int(projects.start[i]),
            start_on=starts[i],
            euros=int(projects.euros[i]),
            chances=tuple(chances[i]),
        )


def place_of(of: Subject) -> tuple[str, str]:
    """Gives the scale at which a project acts and the code of its territory."""
    commune, epci, departement = TERRITORIES[of.number % len(TERRITORIES)]
    return (("commune", commune), ("epci", epci), ("departement", departement))[of.letter]


def wave_of(of: Subject) -> str | None:
    """Gives the last wave that had been chosen when a project started."""
    return next((wave for wave, chosen_on in reversed(WAVES) if chosen_on <= of.start_on), None)


def draw(seed: int, stream: str, count: int) -> Floats:
    """Gives `count` numbers in [0, 1) of a named stream (splitmix64 of a counter); the same ones everywhere."""
    import numpy as np

    key = int.from_bytes(blake2b(f"{seed}:{stream}".encode(), digest_size=8).digest(), "big")
    with np.errstate(over="ignore"):
        x = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(key)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
    return (x >> np.uint64(11)).astype(np.float64) * 2.0**-53


def siren(number: int, leading_zero: bool = False) -> str:
    """Gives the invented SIREN of a number, with a right key: 99… or, to try a lost zero, 099…"""
    body = f"{(9_900_000 if leading_zero else 99_000_000) + number:08d}"
    return body + luhn_key(body)


def siret(of: str, establishment: int = 1) -> str:
    """Gives an invented SIRET of a SIREN, with a right key."""
    body = f"{of}{establishment:04d}"
    return body + luhn_key(body)


def rna(number: int) -> str:
    """Gives the invented RNA number of an association: W999…, a place that no register of associations has."""
    return f"W999{number:06d}"


def luhn_key(digits: str) -> str:
    """Gives the digit that makes a number pass Luhn's check when it is put at its end."""
    total = sum(int(d) if i % 2 else sum(divmod(2 * int(d), 10)) for i, d in enumerate(reversed(digits)))
    return str(-total % 10)


def place_name(index: int) -> str:
    """Gives the invented place of a partner; unique for every index."""
    count = len(HEADS) * len(TAILS)
    turn, first = divmod(index, count)
    if turn == 0:
        return HEADS[first % len(HEADS)] + TAILS[(5 * first + first // len(HEADS)) % len(TAILS)]
    link = LINKS[turn % len(LINKS)]
    return f"{place_name(first)}-{link}-{place_name((first + turn) % count)}"


def with_place(pattern: str, place: str) -> str:
    """Puts a place into a name, with the French elision."""
    return pattern.format(place=place, de="d’" if fold(place)[0] in "aeiouy" else "de ")


def _partner(index: int) -> Partner:
    place = place_name(index)
    if index == 0:
        return Partner(0, "fonds-passerelles", siren(0), FUND_NAME, place, "foundation", "economie_engagement",
                       "xlsx", "fr", 0)  # fmt: skip
    language: Language = "en" if index % 4 == 3 else "fr"
    sector, model, french, english = FAMILIES[(index - 1) % len(FAMILIES)]
    form = FIRST_FORMS[index] if index < len(FIRST_FORMS) else _later_form(index)
    projects = {"xlsx": 1 + index % 2, "csv": 2 + index % 2, "iati": 3}[form]
    name = with_place(english if language == "en" else french, place)
    slug = fold(place).replace(" ", "-")
    return Partner(index, slug, siren(index), name, place, sector, model, form, language, projects)


def _later_form(index: int) -> Form:
    """Large funds live on exports: one partner in twenty-five fills in a workbook, one in fifty publishes IATI."""
    if index % 50 == 9:
        return "iati"
    return "xlsx" if index % 25 == 3 else "csv"


def _circle(partners: tuple[Partner, ...]) -> tuple[Organisation, ...]:
    first = len(partners)
    return tuple(
        Organisation(
            siren(first + len(CIRCLE) * p.index + n, leading_zero=n == 2), with_place(name, p.place),
            sector, model, size, naf,
        )
        for p in partners
        for n, (sector, model, size, naf, name) in enumerate(CIRCLE)
    )  # fmt: skip


def _projects(partners: tuple[Partner, ...], quarters: int, seed: int) -> Projects:
    import numpy as np

    partner = np.repeat(np.arange(len(partners)), [p.projects for p in partners])
    letter = np.arange(len(partner)) - np.searchsorted(partner, partner)
    by_workbook = np.array([p.form == "xlsx" for p in partners])[partner]
    # A partner's first project starts with the demo, and exporters start all at once; later ones follow.
    later = 1 + (draw(seed, "start", len(partner)) * max(quarters - 1, 1)).astype(np.int64)
    start = np.where((letter == 0) | ~by_workbook, 0, np.minimum(later, quarters - 1))
    euros = 500 * (10 + (draw(seed, "commitment", len(partner)) * 151).astype(np.int64))
    # No two projects of a partner get the same, or their tranches would look like one paid twice.
    while len(again := _again(partner, euros)):
        euros[again] += 500
    prefix = [f"FR-RCS-{p.siren}-P" if p.form == "iati" else f"P{p.index:03d}-" for p in partners]
    ids = np.array([f"{prefix[p]}{'ABC'[n]}" for p, n in zip(partner, letter, strict=True)], dtype=object)
    return Projects(ids, partner, letter, start, euros)


def _again(partner: Ints, euros: Ints) -> Ints:
    """Gives the places of projects whose partner has an earlier one of the same commitment."""
    import numpy as np

    _, first = np.unique(np.stack([partner, euros]), axis=1, return_index=True)
    return np.setdiff1d(np.arange(len(partner)), first)


def _quarters(count: int) -> tuple[str, ...]:
    year, month = first_day(LAST_QUARTER).year, first_day(LAST_QUARTER).month
    months = 12 * year + month - 1 - 3 * (count - 1)
    period = quarter_of(first_day(f"{months // 12}-Q{months % 12 // 3 + 1}"))
    found = [period]
    while len(found) < count:
        found.append(following(found[-1]))
    return tuple(found)
