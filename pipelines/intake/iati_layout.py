"""The grammar of `layouts/iati.toml`: paths, sources, organisations, kinds.

Belongs here: reading that file and saying which elements and attributes it asks for.
Does not belong here: reading XML, and writing rows.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from pydantic import Field as Described
from pydantic import ValidationError, field_validator

from pipelines.contract import Strict
from pipelines.errors import ContractError
from pipelines.paths import LAYOUTS

_STEP = re.compile(r"(?P<name>[\w.-]+)(?P<repeats>\[\])?(?:\[@(?P<attribute>[\w:-]+)=(?P<values>[^\]]+)\])?")

#: The element whose text a publisher gives in one or several languages.
NARRATIVE = "narrative"


@dataclass(frozen=True)
class Step:
    """One element of a path; with `values`, only where its `attribute` is one of them."""

    name: str
    repeats: bool = False
    attribute: str | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Path:
    """Where a text stands: below the row's element, or below the activity (`up`), be it in what the row stands in.

    `attribute` None is the text.
    """

    up: bool
    element: str
    steps: tuple[Step, ...]
    attribute: str | None


class Source(Strict):
    """One place that a field is taken from."""

    path: str
    choice: str | None = None
    codes: str | None = None
    says: str | None = None
    take: str | None = Described(default=None, pattern="^first-line$")


class Organisation(Strict):
    """The element that names an organisation, and who it is where that names nobody."""

    is_: str = Described(default=".", alias="is")
    choice: str | None = None
    otherwise: str | None = Described(default=None, alias="else")
    by: str | None = None
    when: tuple[str, ...] = ()


class Choice(Strict):
    """How one element per activity is chosen among several."""

    rows: tuple[str, ...]
    by: str | None = None
    order: tuple[str, ...] = ()
    largest: str | None = None


class Kind(Strict):
    """The elements that are rows of a kind, and what feeds its fields.

    `parts` are elements of a row that repeat, for the whole and for parts of it; each part is a row of its own.
    """

    rows: tuple[str, ...]
    once: str | None = None
    parts: tuple[str, ...] = ()
    fields: dict[str, tuple[Source, ...]]
    organisations: dict[str, Organisation]

    @field_validator("fields", mode="before")
    @classmethod
    def _spell_out(cls, stated: dict[str, list[object]]) -> dict[str, list[object]]:
        return {name: [{"path": s} if isinstance(s, str) else s for s in sources] for name, sources in stated.items()}


class Layout(Strict):
    """What feeds what in an IATI activity file."""

    shape: str
    root: str
    activity: str
    versions: tuple[str, ...]
    choices: dict[str, Choice]
    kinds: dict[str, Kind]
    codes: dict[str, dict[str, str]]


@cache
def load() -> Layout:
    """Reads `layouts/iati.toml`; raises ContractError where it breaks its grammar."""
    path = LAYOUTS / "iati.toml"
    try:
        layout = Layout(**tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, ValidationError, TypeError) as problem:
        raise ContractError(f"{path.name} cannot be read: {problem}", "The grammar stands in iati_layout.py.") from None
    asked(layout)
    return layout


@cache
def parse(text: str) -> Path:
    """Reads a path such as `../reporting-org/@ref` or `activity-date[@type=1]/@iso-date`."""
    up = text.startswith("../")
    *elements, last = text.removeprefix("../").split("/")
    attribute = last.removeprefix("@") if last.startswith("@") else None
    if attribute is None:
        elements.append(last)
    elements = [e for e in elements if e != "."]
    return Path(up, "/".join(elements) or ".", tuple(step(e) for e in elements), attribute)


def step(text: str) -> Step:
    """Reads one element of a path, such as `narrative[]` or `tag[@vocabulary=2|3]`."""
    found = _STEP.fullmatch(text)
    if found is None:
        raise ContractError(f"{text!r} is not a step of a path.", "Write element, element[] or element[@name=value].")
    values = tuple((found["values"] or "").split("|")) if found["attribute"] else ()
    return Step(found["name"], bool(found["repeats"]), found["attribute"], values)


def asked(layout: Layout) -> dict[tuple[str, ...], dict[str, tuple[str | None, ...]]]:
    """Says per row element (`("transaction",)`; `(".",)` is the activity) which attributes of which elements feed something.

    Attribute None is the element's text. What a row stands in comes before it, even where nothing is asked of it.
    """
    wanted: dict[tuple[str, ...], dict[str, dict[str | None, None]]] = {}
    for rows, path in _all_paths(layout):
        for outer in reversed(above(rows)):
            wanted.setdefault(outer, {})
        home, element = home_of(path, rows)
        wanted.setdefault(home, {}).setdefault(element, {})[path.attribute] = None
    return {rows: {e: tuple(a) for e, a in elements.items()} for rows, elements in wanted.items()}


@cache
def above(rows: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Gives the elements that a row stands in, the nearest first; the last is the activity."""
    outer = rows[0].split("/")[:-1]
    return (*(("/".join(outer[:depth]),) for depth in range(len(outer), 0, -1)), (".",))


def home_of(path: Path, rows: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """Gives the rows that a path of a row is kept with, and what is left of it below them."""
    if not path.up:
        return rows, path.element
    for outer in above(rows)[:-1]:
        if path.element == outer[0] or path.element.startswith(f"{outer[0]}/"):
            return outer, path.element[len(outer[0]) + 1 :] or "."
    return (".",), path.element


def organisation_paths(element: str) -> tuple[Path, Path]:
    """Gives where the identifier and the name of the organisation stand that an element names."""
    return parse(f"{element}/@ref"), parse(f"{element}/{NARRATIVE}[]")


def _all_paths(layout: Layout) -> Iterator[tuple[tuple[str, ...], Path]]:
    def rows_of(choice: str | None, rows: tuple[str, ...]) -> tuple[str, ...]:
        return rows if choice is None else layout.choices[choice].rows

    for choice in layout.choices.values():
        for name in filter(None, (choice.by, choice.largest)):
            yield choice.rows, parse(name)
    for kind in layout.kinds.values():
        if kind.once:
            yield kind.rows, parse(kind.once)
        for sources in kind.fields.values():
            for source in sources:
                yield rows_of(source.choice, kind.rows), parse(source.path)
        for organisation in kind.organisations.values():
            for path in organisation_paths(organisation.is_):
                yield rows_of(organisation.choice, kind.rows), path
            for path in organisation_paths(organisation.otherwise) if organisation.otherwise else ():
                yield kind.rows, path
            if organisation.by:
                yield kind.rows, parse(organisation.by)
