"""What a row of headers means: which kind of our template or which foreign layout, and the field of each column.

Belongs here: recognising headers by contract and layout. Does not belong here: the cells below them.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from pipelines.contract import Contract, fold, header_map, reports
from pipelines.intake.header_maps import HeaderMap
from pipelines.intake.layouts import Layout, load_tables

#: Words that tell no two headers apart: "Nom du bénéficiaire" is "Nom bénéficiaire".
_LITTLE = frozenset("a au aux d de des du en et eur euro l la le les of on ou par pour s sur the un une".split())

_YEAR = re.compile("(?:19|20)[0-9]{2}")


@dataclass(frozen=True)
class Reading:
    """What one row of headers means, column by column.

    `columns` holds, for a template, fields of `kind`; for a layout, columns of the layout; None where unknown.
    `losers` are positions that name a place already taken, with the rule that says so; none for a weak spelling.
    """

    layout: str
    kind: str | None
    columns: tuple[str | None, ...]
    losers: Mapping[int, str | None]
    language: str | None
    score: float


@dataclass(frozen=True)
class _Words:
    """Every spelling of one kind or layout: key -> columns in order of preference, with a rank (0 is strongest)."""

    places: Mapping[str, tuple[tuple[str, int], ...]]
    light: Mapping[str, tuple[tuple[str, int], ...]]
    beside: Mapping[str, str]
    weak_from: int


def read(headers: Sequence[str], sheet: str = "", own: HeaderMap | None = None) -> Reading | None:
    """Reads one row as headers, by the kind or layout that knows most of it; None if none knows enough.

    `own` are the words of the partner; they count where nobody else knows a header.
    """
    filled = [i for i, header in enumerate(headers) if _key(header)]
    if len(filled) < 2:
        return None
    # Of a dozen kinds one or two share any word with a row; only these are looked at closely.
    counts = Counter(owner for i in filled for owner in owners(headers[i], own))
    found = [r for c in reports().values() if counts[c.kind] > 1 and (r := _as_kind(headers, filled, c, sheet, own))]
    found += [r for x in load_tables() if counts[x.layout] > 1 and (r := _as_layout(headers, x, own))]
    return max(found, key=lambda r: r.score, default=None)


@lru_cache(maxsize=50_000)
def owners(header: str, own: HeaderMap | None = None) -> frozenset[str]:
    """Names the kinds and layouts that know a header."""
    if not (key := _key(header)):
        return frozenset()
    exact, lightly = _knowing()
    known = exact.get(key, frozenset()) | lightly.get(light(header), frozenset())
    return known | frozenset(owner for owner, spelling, _ in own.words if _key(spelling) == key) if own else known


def field_types(reading: Reading) -> dict[int, str]:
    """Gives the type of the field that each column fills, by position; of a layout, the columns that go over whole."""
    if reading.kind is not None:
        fields = reports()[reading.kind].fields
        return {i: fields[name].type for i, name in enumerate(reading.columns) if name}
    layout = next(x for x in load_tables() if x.layout == reading.layout)
    types: dict[str, str] = {}
    for table in layout.tables:
        for name, source in table.fields.items():
            for leaf in source.leaves():
                if leaf.column is not None and source.join is None:
                    types.setdefault(leaf.column, reports()[table.kind].fields[name].type)
    return {i: types[name] for i, name in enumerate(reading.columns) if name in types}


def suggest(header: str, reading: Reading) -> str | None:
    """Suggests the header that was probably meant by one that is not known, if any comes near it."""
    key = _key(header)
    if len(key) < 4:
        return None
    if reading.kind is not None:
        contract = reports()[reading.kind]
        taken = set(reading.columns)
        shown = {_key(s): f.header.of(reading.language or "en")
                 for f in contract.fields.values() if f.name not in taken
                 for s in (f.name, f.header.en, f.header.fr, *f.also)}  # fmt: skip
    else:
        layout = next(x for x in load_tables() if x.layout == reading.layout)
        shown = {_key(s): name for name, column in layout.columns.items() if name not in reading.columns
                 for s in (name, *column.names)}  # fmt: skip
    near = difflib.get_close_matches(key, list(shown), n=1, cutoff=0.82)
    return shown[near[0]] if near else None


def _as_kind(
    headers: Sequence[str], filled: Sequence[int], contract: Contract, sheet: str, own: HeaderMap | None
) -> Reading | None:
    columns, losers = _assign(headers, _with(_kind_words(contract.kind), contract.kind, own))
    hits = len({c for c in columns if c})
    missing = sum(1 for f in contract.fields.values() if f.required and f.name not in columns)
    hinted = _hints(sheet, contract)
    # Two words in common are chance, unless the required ones are among them or the sheet is named so.
    few = (hits < 3 and missing > 0) or (hits < 4 and hits * 3 < len(filled))
    if hits < 2 or (few and not hinted):
        return None
    score = hits - 0.5 * missing + (2.5 if hinted else 0) + 0.1 * (missing == 0)
    return Reading("template", contract.kind, columns, losers, _language(headers, columns, contract), score)


def _as_layout(headers: Sequence[str], layout: Layout, own: HeaderMap | None) -> Reading | None:
    columns, losers = _assign(headers, _with(_layout_words(layout.layout), layout.layout, own))
    hits = len({c for c in columns if c})
    met = all(any(column in columns for column in group) for group in layout.needs)
    if not (hits >= 2 and met) and hits < 5:
        return None
    return Reading(layout.layout, None, columns, losers, layout.language, hits + 0.1 * met)


def _assign(headers: Sequence[str], words: _Words) -> tuple[tuple[str | None, ...], dict[int, str | None]]:
    """Gives each header its column: sure ones first, then ambiguous ones, then weak ones."""
    keys = [_key(header) for header in headers]
    options: dict[int, tuple[tuple[str, int], ...]] = {}
    for i, header in enumerate(headers):
        if keys[i] and (found := words.places.get(keys[i]) or words.light.get(light(header))):
            options[i] = found
    placed: dict[str, int] = {}
    sure = [i for i, found in options.items() if len(found) == 1 and found[0][1] < words.weak_from]
    # A later column takes the place only if its spelling is stronger; of two alike, the first holds.
    for i in sorted(sure, key=lambda i: (options[i][0][1], i)):
        placed.setdefault(options[i][0][0], i)
    for i in [i for i, found in options.items() if len(found) > 1]:
        free = [column for column, _ in options[i] if column not in placed]
        near = [c for side in (i - 1, i + 1) for c in free if placed.get(words.beside.get(c, "")) == side]
        if free:
            placed[(near or free)[0]] = i
    for i in sorted(set(options) - set(sure), key=lambda i: (options[i][0][1], i)):
        if len(options[i]) == 1:
            placed.setdefault(options[i][0][0], i)
    holders = {i: column for column, i in placed.items()}
    kept = {keys[i] for i in holders}
    weak = {i for i, found in options.items() if all(rank >= words.weak_from for _, rank in found)}
    losers = {
        i: "read.same-header" if keys[i] in kept else None if i in weak else "read.same-field"
        for i in options
        if i not in holders
    }
    return tuple(holders.get(i) for i in range(len(headers))), losers


@cache
def _kind_words(kind: str) -> _Words:
    contract = reports()[kind]
    fields = contract.fields
    own = {name: {fold(s) for s in (name, f.header.en, f.header.fr)} for name, f in fields.items()}
    spelled = [(s, name, int(s not in own[name])) for s, name in header_map(contract).items()]
    words = _words(spelled, {}, weak_from=2)
    return replace(words, light={key: found for key, found in words.light.items() if len(found) == 1})


@cache
def _layout_words(name: str) -> _Words:
    layout = next(x for x in load_tables() if x.layout == name)
    spelled = [
        (s, column, rank) for column, words in layout.columns.items() for rank, s in enumerate((column, *words.names))
    ]
    weak_from = max(rank for _, _, rank in spelled) + 1
    spelled += [
        (s, column, weak_from + rank) for column, words in layout.columns.items() for rank, s in enumerate(words.weak)
    ]
    return _words(spelled, {c: w.beside for c, w in layout.columns.items() if w.beside}, weak_from)


@cache
def _knowing() -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """Gives, per spelling and per light spelling, the kinds and layouts that know it."""
    exact: dict[str, set[str]] = {}
    lightly: dict[str, set[str]] = {}
    every = {kind: _kind_words(kind) for kind in reports()} | {x.layout: _layout_words(x.layout) for x in load_tables()}
    for owner, words in every.items():
        for places, known in ((words.places, exact), (words.light, lightly)):
            for key in places:
                known.setdefault(key, set()).add(owner)
    return {k: frozenset(v) for k, v in exact.items()}, {k: frozenset(v) for k, v in lightly.items()}


def _with(words: _Words, owner: str, own: HeaderMap | None) -> _Words:
    """Adds the words of a partner, which yield to those of the contract or the layout."""
    if own is None:
        return words
    more = {_key(spelling): ((column, 1),) for of, spelling, column in own.words if of == owner}
    return replace(words, places=more | dict(words.places)) if more else words


def _words(spelled: Sequence[tuple[str, str, int]], beside: Mapping[str, str], weak_from: int) -> _Words:
    places: dict[str, dict[str, int]] = {}
    loosely: dict[str, dict[str, int]] = {}
    for spelling, column, rank in spelled:
        places.setdefault(_key(spelling), {}).setdefault(column, rank)
        loosely.setdefault(light(spelling), {}).setdefault(column, rank)
    loosely.pop("", None)
    return _Words(_options(places), _options(loosely), beside, weak_from)


def _options(found: Mapping[str, Mapping[str, int]]) -> dict[str, tuple[tuple[str, int], ...]]:
    return {key: tuple(columns.items()) for key, columns in found.items()}


def _language(headers: Sequence[str], columns: Sequence[str | None], contract: Contract) -> str | None:
    """Says in which language most headers are spelled that differ between the two."""
    votes = {"en": 0, "fr": 0}
    for header, name in zip(headers, columns, strict=True):
        words = contract.fields[name].header if name else None
        if words and fold(words.en) != fold(words.fr):
            votes["en"] += fold(header) == fold(words.en)
            votes["fr"] += fold(header) == fold(words.fr)
    return None if votes["en"] == votes["fr"] else max(votes, key=lambda language: votes[language])


def _hints(sheet: str, contract: Contract) -> bool:
    name = _key(sheet)
    return name.startswith((_key(contract.kind), _key(contract.title.en), _key(contract.title.fr)))


_folded = lru_cache(maxsize=20_000)(fold)


@lru_cache(maxsize=20_000)
def _key(header: str) -> str:
    """Folds a header and closes its gaps: `nom_attribuant`, `Nom attribuant` and `nomAttribuant` are one."""
    return _folded(header).replace(" ", "")


@lru_cache(maxsize=20_000)
def light(header: str) -> str:
    """Folds a header and leaves out little words, years and plurals: "Montants votés en 2023" is "Montant voté"."""
    words = [word for word in _folded(header).split() if word not in _LITTLE and not _YEAR.fullmatch(word)]
    return "".join(word[:-1] if len(word) > 3 and word.endswith("s") else word for word in words)
