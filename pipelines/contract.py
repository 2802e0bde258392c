"""One declarative contract per kind of table: the only place that knows fields, types, units, headers and meanings.

A contract is a TOML file of a closed grammar; what does not fit is a SQL file. Its words:

    kind role grain key point parties title meaning borrow          (of the table)
    type required header also meaning unit codes minimum maximum name_field example severity   (of a field)
    id fields holds severity says                                      (of a rule over a row)

`key` names the fields that identify a row for its sender. `point` names the amount or quantity the row exists for:
where none of them can be read, the row is refused. `parties` names the fields that say whom or what the row is
about: where all are blank, the row is refused. `borrow` takes fields whole from `_shared.toml`.

What belongs here: reading contracts and everything derived from one alone. What does not: reading or judging data.
"""

from __future__ import annotations

import csv
import hashlib
import re
import tomllib
import unicodedata
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic import Field as Described

from pipelines.errors import ContractError
from pipelines.paths import CODES, CONTRACTS

if TYPE_CHECKING:
    import pyarrow as pa

Severity = Literal["critical", "warning", "info"]
FieldType = Literal[
    "text", "code", "money", "number", "integer", "percent", "date", "period", "boolean",
    "org", "territory", "target", "currency", "country", "url",
]  # fmt: skip

#: DuckDB type of each field type. Money is never a float; codes are text.
DUCKDB_TYPES: dict[str, str] = {
    "money": "DECIMAL(28,10)",
    "number": "DECIMAL(28,10)",
    "percent": "DECIMAL(28,10)",
    "integer": "BIGINT",
    "date": "DATE",
    "boolean": "BOOLEAN",
}


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(Strict):
    """The same words in English and in French."""

    en: str = Described(min_length=1)
    fr: str = Described(min_length=1)

    def of(self, language: str) -> str:
        """Gives the words in a language; English for any other than French."""
        return self.fr if language == "fr" else self.en


class Field(Strict):
    """One column that a partner or the fund fills in."""

    name: str = Described(pattern=r"^[a-z][a-z0-9_]*$")
    type: FieldType
    required: bool = False
    header: Words
    also: tuple[str, ...] = ()
    meaning: Words
    unit: str | None = None
    codes: str | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    name_field: str | None = None
    example: str | None = None
    severity: Severity = "critical"

    @model_validator(mode="after")
    def _agree(self) -> Field:
        if (self.type == "code") != (self.codes is not None):
            raise ValueError(f"field {self.name}: a code list goes with type code, and only with it")
        if self.name_field is not None and self.type != "org":
            raise ValueError(f"field {self.name}: name_field goes with type org only")
        if (self.minimum is not None or self.maximum is not None) and self.type not in (
            "money", "number", "percent", "integer",
        ):  # fmt: skip
            raise ValueError(f"field {self.name}: minimum and maximum go with numbers only")
        return self

    @property
    def duckdb_type(self) -> str:
        """The type of the column in DuckDB."""
        return DUCKDB_TYPES.get(self.type, "VARCHAR")


class Rule(Strict):
    """A claim over one row, as DuckDB SQL; a claim that is unknown (null) counts as held."""

    id: str
    fields: tuple[str, ...]
    holds: str
    severity: Severity
    says: Words


class Contract(Strict):
    """What one kind of table must look like."""

    kind: str = Described(pattern=r"^[a-z][a-z_]*$")
    role: Literal["report", "register"]
    title: Words
    meaning: Words
    grain: str
    key: tuple[str, ...]
    point: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()
    fields: dict[str, Field]
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _agree(self) -> Contract:
        named = {*self.key, *self.point, *self.parties, *(f for r in self.rules for f in r.fields)}
        named |= {f.name_field for f in self.fields.values() if f.name_field}
        if unknown := sorted(named - set(self.fields)):
            raise ValueError(f"no such field: {', '.join(unknown)}")
        return self


class Code(Strict):
    """One value of a code list."""

    code: str
    en: str
    fr: str
    also: tuple[str, ...] = ()


class CodeList(Strict):
    """A closed list of codes, in its stated order."""

    name: str
    codes: tuple[Code, ...]

    def spellings(self) -> dict[str, str]:
        """Maps every accepted spelling, folded, to its code."""
        return {fold(s): c.code for c in reversed(self.codes) for s in (*c.also, c.fr, c.en, c.code)}


@cache
def load_all() -> dict[str, Contract]:
    """Reads every contract, kinds of reports first, each group in alphabetical order.

    Raises ContractError, naming the file, where one breaks the grammar.
    """
    shared = _toml(CONTRACTS / "_shared.toml")["fields"]
    contracts = [_load(path, shared) for path in sorted(CONTRACTS.glob("[!_]*.toml"))]
    for contract in contracts:
        for field in contract.fields.values():
            if field.codes is not None:
                code_list(field.codes)
    contracts.sort(key=lambda c: (c.role != "report", c.kind))
    return {c.kind: c for c in contracts}


def reports() -> dict[str, Contract]:
    """Gives the contracts of what partners report."""
    return {k: c for k, c in load_all().items() if c.role == "report"}


def registers() -> dict[str, Contract]:
    """Gives the contracts of the fund's own registers."""
    return {k: c for k, c in load_all().items() if c.role == "register"}


@cache
def code_list(name: str) -> CodeList:
    """Reads `contracts/codes/<name>.csv`: columns code, en, fr, also (spellings set apart by `|`)."""
    path = CODES / f"{name}.csv"
    if not path.is_file():
        raise ContractError(f"There is no code list {name}.", f"Write {path.name} beside the other code lists.")
    with path.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    try:
        codes = tuple(
            Code(
                code=r["code"],
                en=r["en"],
                fr=r["fr"],
                also=tuple(a for a in (r.get("also") or "").split("|") if a),
            )
            for r in rows
        )
    except (KeyError, ValidationError) as problem:
        raise ContractError(f"Code list {path.name} cannot be read: {problem}", "Columns: code,en,fr,also.") from None
    return CodeList(name=name, codes=codes)


@cache
def contracts_hash() -> str:
    """Hashes all contracts, rules and code lists, so that a change of any is seen."""
    digest = hashlib.sha256()
    for path in sorted(CONTRACTS.rglob("*")):
        if path.suffix in (".toml", ".csv"):
            digest.update(path.relative_to(CONTRACTS).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def fold(text: str) -> str:
    """Folds a header or label so that case, accents, punctuation and white space make no difference.

    `Date(s) ou période(s) de versement` -> `date s ou periode s de versement`.
    """
    plain = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae"))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[^0-9a-z]+", " ", plain.casefold()).strip()


def header_map(contract: Contract) -> dict[str, str]:
    """Maps every folded spelling of a header to its field; the field's own name and both headers first."""
    spellings: dict[str, str] = {}
    for take in (lambda f: (f.name, f.header.en, f.header.fr), lambda f: f.also):
        for field in contract.fields.values():
            for spelling in take(field):
                spellings.setdefault(fold(spelling), field.name)
    return spellings


def ddl(contract: Contract, table: str) -> str:
    """Writes CREATE TABLE and COMMENT statements for the typed columns of a contract."""
    columns = ",\n".join(f'    "{f.name}" {f.duckdb_type}' for f in contract.fields.values())
    comments = "\n".join(
        f"""comment on column {table}."{f.name}" is {_literal(f.meaning.en)};""" for f in contract.fields.values()
    )
    return (
        f"create or replace table {table} (\n{columns}\n);\n"
        f"comment on table {table} is {_literal(contract.meaning.en)};\n{comments}\n"
    )


def arrow_schema(contract: Contract) -> pa.Schema:
    """Gives the Arrow schema of a contract's typed columns, with meaning and unit as field metadata."""
    import pyarrow as pa

    def arrow_type(field: Field) -> pa.DataType:
        match field.duckdb_type:
            case "DECIMAL(28,10)":
                return pa.decimal128(28, 10)
            case "BIGINT":
                return pa.int64()
            case "DATE":
                return pa.date32()
        return pa.bool_() if field.type == "boolean" else pa.string()

    columns = contract.fields.values()
    return pa.schema(
        [pa.field(f.name, arrow_type(f), metadata=field_metadata(f.meaning, f.unit)) for f in columns],
        metadata={b"kind": contract.kind.encode(), b"grain": contract.grain.encode()},
    )


def field_metadata(meaning: Words, unit: str | None) -> dict[str, str]:
    """Gives the metadata that every published column carries."""
    words = {"meaning": meaning.en, "meaning_fr": meaning.fr}
    return words | {"unit": unit} if unit else words


def table_schema(contract: Contract, language: str = "en") -> dict[str, Any]:
    """Gives the contract as a Frictionless Table Schema, for tools that validate French open data with one."""
    kinds = dict.fromkeys(("money", "number", "percent"), "number")
    kinds |= {kind: kind for kind in ("integer", "date", "boolean")}

    def constraints(field: Field) -> dict[str, Any]:
        found: dict[str, Any] = {"required": True} if field.required else {}
        if field.codes is not None:
            found["enum"] = [c.code for c in code_list(field.codes).codes]
        limits = {"minimum": field.minimum, "maximum": field.maximum}
        return found | {name: int(limit) for name, limit in limits.items() if limit is not None}

    fields = [
        {
            "name": f.name,
            "title": f.header.of(language),
            "description": f.meaning.of(language),
            "type": kinds.get(f.type, "string"),
            "constraints": constraints(f),
        }
        for f in contract.fields.values()
    ]
    return {
        "$schema": "https://frictionlessdata.io/schemas/table-schema.json",
        "name": contract.kind,
        "title": contract.title.of(language),
        "description": contract.meaning.of(language),
        "fields": fields,
        "primaryKey": list(contract.key),
    }


def dictionary_rows(contract: Contract) -> list[dict[str, str | None]]:
    """Gives one row per field for the data dictionary: table, column, type, unit, code list, meaning in en and fr."""
    return [
        {
            "table": contract.kind,
            "column": f.name,
            "type": f.duckdb_type,
            "unit": f.unit,
            "codes": f.codes,
            "header_en": f.header.en,
            "header_fr": f.header.fr,
            "meaning_en": f.meaning.en,
            "meaning_fr": f.meaning.fr,
        }
        for f in contract.fields.values()
    ]


def _load(path: Path, shared: dict[str, Any]) -> Contract:
    stated = _toml(path)
    if stated.get("kind") != path.stem:
        raise ContractError(f"{path.name} states another kind than its name.", f'Write kind = "{path.stem}".')
    fields = dict(stated.pop("fields", {}))
    for name in stated.pop("borrow", ()):
        if name not in shared or name in fields:
            raise ContractError(f"{path.name} cannot borrow {name}.", "Borrow a field of _shared.toml whole, once.")
        fields[name] = shared[name]
    try:
        return Contract(fields={n: Field(name=n, **f) for n, f in fields.items()}, **stated)
    except (ValidationError, TypeError) as problem:
        raise ContractError(
            f"{path.name} breaks the grammar of contracts: {problem}", "The grammar stands in contract.py."
        ) from None


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as problem:
        raise ContractError(f"{path.name} cannot be read: {problem}", "Mend the file.") from None


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
