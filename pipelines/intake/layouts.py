"""Layouts of foreign tables, as data: which column of theirs becomes which field of ours.

A layout is a TOML file of a closed grammar in `pipelines/layouts/`. Its words:

    shape layout language title needs patterns standard (of the layout; `shape = "table"` marks the ones read here)
    columns.<column>: names weak beside          (of a column of the format, under its official name)
    tables: kind fields                          (of each kind of table that a row of theirs becomes)

`names` are spellings of the header, the strongest first; `weak` are spellings taken only where no other column
fills the place. A spelling listed for two columns is ambiguous: it means the column that is not taken yet, or the
one whose `beside` column stands next to it, or else the one listed first. `needs` lists groups of columns; a header
row is this layout if it has one column of each group.

A field is given by a source: `{ column, pattern }` the text of a column, or what the named group `value` of one of
the `patterns` finds in it, trimmed; `{ value }` a constant; `{ row = true }` the row or line number; `{ first = [...] }` the first
source that is not blank; `{ join, parts = [...] }` several, set apart by a text.

`standard` is what the format's own published schema asks of a table that claims to be of that version:

    version marks one_of columns                 (`marks` are columns that no earlier version has)
    name required form pattern example values minimum maximum longest      (of each column, in the order of the schema)

`pattern` is that of the whole text and `form` says of what; `one_of` lists groups of columns of which a row fills in one.

Belongs here: reading layouts. Does not belong here: applying one to data (grid), formats that are not tables.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from decimal import Decimal
from functools import cache
from typing import Any, Literal, TypeVar

from pydantic import Field as Described
from pydantic import ValidationError, model_validator

from pipelines.contract import Strict, Words, load_all
from pipelines.errors import ContractError
from pipelines.paths import LAYOUTS

Shape = TypeVar("Shape", bound=Strict)


class Source(Strict):
    """Where the text of one field comes from; exactly one way is stated."""

    column: str | None = None
    pattern: str | None = None
    value: str | None = None
    row: bool = False
    first: tuple[Source, ...] = ()
    join: str | None = None
    parts: tuple[Source, ...] = ()

    @model_validator(mode="after")
    def _one_way(self) -> Source:
        ways = [self.column is not None, self.value is not None, self.row, bool(self.first), self.join is not None]
        if sum(ways) != 1 or (self.join is None) != (not self.parts):
            raise ValueError("a source is one of column, value, row, first, join with parts")
        if self.pattern is not None and self.column is None:
            raise ValueError("a pattern goes with a column")
        return self

    def leaves(self) -> tuple[Source, ...]:
        """Gives the sources this one is made of, in order; itself where it is simple."""
        inner = (*self.first, *self.parts)
        return tuple(leaf for part in inner for leaf in part.leaves()) if inner else (self,)


class LayoutColumn(Strict):
    """One column of a foreign format, with the spellings of its header."""

    names: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    beside: str | None = None


class StandardColumn(Strict):
    """What a published schema asks of one of its columns; `example` is a text as it wants it."""

    name: str
    required: bool = False
    form: Literal["date", "number", "period", "rna", "siret"] | None = None
    pattern: str | None = None
    example: str | None = None
    values: tuple[str, ...] = ()
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    longest: int | None = None

    @model_validator(mode="after")
    def _whole(self) -> StandardColumn:
        if len({self.form is None, self.pattern is None, self.example is None}) > 1:
            raise ValueError("form, pattern and example go together")
        if self.pattern is not None and not re.fullmatch(self.pattern, self.example or ""):
            raise ValueError("the example fits the pattern")
        if (self.minimum is None) != (self.maximum is None) or (self.minimum is not None and self.form != "number"):
            raise ValueError("minimum and maximum go together, of a number")
        return self


class Standard(Strict):
    """A version of the format's published schema."""

    version: str
    marks: tuple[str, ...] = Described(min_length=1)
    one_of: tuple[tuple[str, ...], ...] = ()
    columns: tuple[StandardColumn, ...] = Described(min_length=1)

    @model_validator(mode="after")
    def _agree(self) -> Standard:
        names = [column.name for column in self.columns]
        if len(set(names)) < len(names):
            raise ValueError("a column of a standard stands in one place")
        if unknown := sorted({*self.marks, *(name for group in self.one_of for name in group)} - set(names)):
            raise ValueError(f"no such column of the standard: {', '.join(unknown)}")
        return self


class LayoutTable(Strict):
    """What each row becomes in one kind."""

    kind: str
    fields: dict[str, Source]


class Layout(Strict):
    """One foreign tabular format."""

    shape: str = Described(pattern="^table$")
    layout: str = Described(pattern=r"^[a-z0-9]+$")
    language: str | None = None
    title: Words
    needs: tuple[tuple[str, ...], ...]
    patterns: dict[str, str] = Described(default_factory=dict)
    columns: dict[str, LayoutColumn]
    tables: tuple[LayoutTable, ...] = Described(min_length=1)
    standard: Standard | None = None

    @model_validator(mode="after")
    def _agree(self) -> Layout:
        leaves = [leaf for t in self.tables for s in t.fields.values() for leaf in s.leaves()]
        named = {c for group in self.needs for c in group} | {s.column for s in leaves if s.column}
        named |= {c.beside for c in self.columns.values() if c.beside}
        named |= {c.name for c in self.standard.columns} if self.standard else set()
        if unknown := sorted(named - set(self.columns)):
            raise ValueError(f"no such column: {', '.join(unknown)}")
        if unknown := sorted({s.pattern for s in leaves if s.pattern} - set(self.patterns)):
            raise ValueError(f"no such pattern: {', '.join(unknown)}")
        if stray := [name for name, text in self.patterns.items() if "value" not in re.compile(text).groupindex]:
            raise ValueError(f"a pattern has a group named value: {', '.join(stray)}")
        for table in self.tables:
            contract = load_all().get(table.kind)
            if contract is None or (stray := sorted(set(table.fields) - set(contract.fields))):
                raise ValueError(
                    f"kind {table.kind} has no such field: {', '.join(stray) if contract else 'no contract'}"
                )
        return self


class Identity(Strict):
    """Words of our own template that are not columns: who reports, for which period, and sheets of guidance."""

    shape: str = Described(pattern="^identity$")
    sheets: tuple[str, ...]
    guidance: tuple[str, ...]
    sender_id: tuple[str, ...]
    sender_name: tuple[str, ...]
    period: tuple[str, ...]


@cache
def load_tables() -> tuple[Layout, ...]:
    """Reads every layout of shape `table`, in order of file name; raises ContractError naming the file."""
    return tuple(_check(Layout, name, words) for name, words in _files("table"))


@cache
def load_identity() -> Identity:
    """Reads the words of the identity sheet; raises ContractError where there is not exactly one such file."""
    found = _files("identity")
    if len(found) != 1:
        raise ContractError("There must be one layout of shape identity.", "See pipelines/layouts/template.toml.")
    return _check(Identity, *found[0])


@cache
def layouts_hash() -> str:
    """Hashes all layouts, whatever their shape, so that a change of any is seen."""
    digest = hashlib.sha256()
    for path in sorted(LAYOUTS.glob("*.toml")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _files(shape: str) -> list[tuple[str, dict[str, Any]]]:
    read: list[tuple[str, dict[str, Any]]] = []
    for path in sorted(LAYOUTS.glob("*.toml")):
        try:
            read.append((path.name, tomllib.loads(path.read_text(encoding="utf-8"))))
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
            raise ContractError(f"Layout {path.name} is not TOML: {problem}", "Correct the file.") from None
    return [(name, words) for name, words in read if words.get("shape") == shape]


def _check(kind: type[Shape], name: str, words: dict[str, Any]) -> Shape:
    try:
        return kind.model_validate(words)
    except ValidationError as problem:
        raise ContractError(f"Layout {name} breaks its grammar: {problem}", "The words are in layouts.py.") from None
