"""The words one partner uses for its columns, kept by the fund in `data/reference/header_maps/<partner>.toml`.

A map is a TOML file of a closed grammar:

    also      other names under which the files of the partner say who sends them: numbers, names
    dates     how the partner writes dates of digits: "day-first" or "month-first"
    decimal   its decimal sign: "," or "."
    headers   per kind, or per layout: header as the partner writes it -> field (of a layout: its column)

    also = ["732829320", "Coopérative des Trois-Rives"]
    dates = "day-first"
    [headers.transactions]
    "Mt. accordé HT" = "amount"

It speaks where neither contract nor layout knows a header, so that it can never change what a known word means. What it
declares of dates and decimals settles a cell that can be read in two ways, where its own column does not say otherwise.

Belongs here: reading the maps, and whose they are. Does not belong here: applying them to a row (headers).
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field as Described
from pydantic import ValidationError

from pipelines.contract import Strict, fold, reports
from pipelines.errors import ContractError
from pipelines.intake.layouts import load_tables


@dataclass(frozen=True)
class HeaderMap:
    """The map of one partner: names it goes by, folded, and (kind or layout, header, field or column)."""

    names: frozenset[str]
    words: tuple[tuple[str, str, str], ...]
    digest: str
    locale: str | None = None


class _Stated(Strict):
    also: tuple[str, ...] = ()
    dates: Literal["day-first", "month-first"] | None = None
    decimal: Literal[",", "."] | None = None
    headers: dict[str, dict[str, str]] = Described(default_factory=dict)


def load(folder: Path) -> tuple[HeaderMap, ...]:
    """Reads every map of a fund, in order of file name; raises ContractError naming the file that breaks the grammar."""
    if not folder.is_dir():
        return ()
    return tuple(_read(path, path.read_bytes()) for path in sorted(folder.glob("*.toml")))


def of_partner(maps: tuple[HeaderMap, ...], *names: str | None) -> HeaderMap | None:
    """Gives the map of whoever goes by one of these names; None where there is none, or they are of different partners."""
    asked = {fold(name) for name in names if name}
    found = [each for each in maps if each.names & asked]
    return found[0] if len(found) == 1 else None


@lru_cache(maxsize=1_000)
def _read(path: Path, raw: bytes) -> HeaderMap:
    try:
        stated = _Stated.model_validate(tomllib.loads(raw.decode("utf-8")))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as problem:
        raise ContractError(
            f"Header map {path.name} cannot be read: {problem}",
            "Its words are `also`, `dates`, `decimal` and `headers.<kind>`.",
        ) from None
    places = {kind: set(contract.fields) for kind, contract in reports().items()}
    places |= {layout.layout: set(layout.columns) for layout in load_tables()}
    for owner, words in stated.headers.items():
        if owner not in places:
            raise ContractError(f"Header map {path.name}: no kind or layout {owner}.", f"Known: {', '.join(places)}.")
        if stray := sorted(set(words.values()) - places[owner]):
            raise ContractError(
                f"Header map {path.name}: {owner} has no {', '.join(stray)}.",
                f"`sdg17 template` shows the fields of {owner}; the contract or the layout lists their names.",
            )
    return HeaderMap(
        names=frozenset(fold(name) for name in (path.stem, *stated.also)) - {""},
        words=tuple((owner, header, name) for owner, words in stated.headers.items() for header, name in words.items()),
        digest=hashlib.sha256(raw).hexdigest(),
        locale=_locale(stated),
    )


def _locale(stated: _Stated) -> str | None:
    """Says what a map declares of dates and decimals, in words that parsing looks for."""
    signs = {",": "decimal-comma", ".": "decimal-point", None: None}
    return " ".join(word for word in (stated.dates, signs[stated.decimal]) if word) or None
