"""What was found in partners' data: the table of findings, the catalogue of rules, the sentences.

Belongs here: the shape of a finding, what each rule says, and how a sentence is filled in. Does not belong here: finding
anything (parsing, validation), and how findings are shown (feedback, cli).
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from pipelines.contract import Severity, Strict, Words, reports
from pipelines.errors import ContractError
from pipelines.paths import CONTRACTS

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

#: Columns of the table of findings, in order, with their DuckDB types.
COLUMNS: dict[str, str] = {
    "finding_key": "VARCHAR",
    "rule_id": "VARCHAR",
    "scope": "VARCHAR",
    "severity": "VARCHAR",
    "submission_id": "VARCHAR",
    "row_id": "VARCHAR",
    "source_file": "VARCHAR",
    "sheet": "VARCHAR",
    "cell": "VARCHAR",
    "line": "BIGINT",
    "field": "VARCHAR",
    "value": "VARCHAR",
    "expected": "VARCHAR",
    "difference": "VARCHAR",
    "suggestion": "VARCHAR",
    "message_en": "VARCHAR",
    "message_fr": "VARCHAR",
    "state": "VARCHAR",
    "kind": "VARCHAR",
    "partner_id": "VARCHAR",
    "period": "VARCHAR",
}

#: Columns of `found`: a finding before its sentence is written. `args` holds the further words of the sentence.
FOUND: dict[str, str] = {
    "rule_id": "VARCHAR",
    "severity": "VARCHAR",
    "submission_id": "VARCHAR",
    "table_no": "BIGINT",
    "row_id": "VARCHAR",
    "cell": "VARCHAR",
    "line": "BIGINT",
    "field": "VARCHAR",
    "value": "VARCHAR",
    "expected": "VARCHAR",
    "suggestion": "VARCHAR",
    "kind": "VARCHAR",
    "sheet": "VARCHAR",
    "partner_id": "VARCHAR",
    "period": "VARCHAR",
    "args": "MAP(VARCHAR, VARCHAR)",
    "difference": "VARCHAR",
}

Scope = Literal["cell", "row", "file", "fund"]

#: A word of a sentence that stands for something found.
_WORD = re.compile(r"\{([a-z_]+)\}")
#: Words that are columns of `found`; all others are looked for in its `args`.
_OWN = ("value", "sheet", "cell", "line", "expected", "difference", "suggestion")
#: A cell may hold a page of text; a sentence quotes its beginning.
_QUOTED = 160


class CatalogueRule(Strict):
    """What is said where a rule is broken, and how grave that is."""

    id: str
    scope: Scope
    severity: Severity
    says: Words


@cache
def catalogue() -> dict[str, CatalogueRule]:
    """Reads every rule: those of `contracts/_rules*.toml` and the row rules of the contracts.

    Raises ContractError where a file breaks the grammar or two rules share an id and say different things.
    """
    rules: dict[str, CatalogueRule] = {}
    for path in sorted(CONTRACTS.glob("_rules*.toml")):
        try:
            stated: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))["rules"]
            found = [CatalogueRule(**rule) for rule in stated]
        except (OSError, KeyError, tomllib.TOMLDecodeError, ValidationError, TypeError) as problem:
            raise ContractError(
                f"{path.name} cannot be read: {problem}", "Each rule has id, scope, severity, says."
            ) from None
        for rule in found:
            if rule.id in rules:
                raise ContractError(f"{path.name} states the rule {rule.id} again.", "Say it once.")
            rules[rule.id] = rule
    for contract in reports().values():
        for own in contract.rules:
            if own.id in rules:
                raise ContractError(
                    f"The contract {contract.kind} states the rule {own.id} again.", "Give it a name of its own."
                )
            rules[own.id] = CatalogueRule(id=own.id, scope="row", severity=own.severity, says=own.says)
    return rules


def begin(con: duckdb.DuckDBPyConnection) -> None:
    """Creates `found`, to which every stage that judges adds."""
    con.execute(f"create or replace table found ({', '.join(f'{name} {kind}' for name, kind in FOUND.items())})")


def schema() -> pa.Schema:
    """Gives the Arrow schema of the table of findings."""
    import pyarrow as pa

    return pa.schema([(name, pa.int64() if kind == "BIGINT" else pa.string()) for name, kind in COLUMNS.items()])


def write(con: duckdb.DuckDBPyConnection) -> None:
    """Creates `findings` out of `found`: places, scopes, sentences in both languages, keys.

    `found` has the columns of FOUND; `sheet` and `sender` are those of attribution, `heading` the columns as their
    sender heads them.
    """
    _label(con)
    con.execute(f"create or replace table findings ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())})")
    present = [rule for (rule,) in con.execute("select distinct rule_id from found order by 1").fetchall()]
    for rule_id in present:
        con.execute(_written(rule_id))


def _written(rule_id: str) -> str:
    rule = catalogue().get(rule_id)
    if rule is None:
        raise ContractError(f"There is no rule {rule_id}.", "Write what it says in contracts/_rules.toml.")
    # A cell that feeds several fields or kinds is wrong once; what is blank has no cell of its own.
    once = (
        ""
        if rule.scope != "cell"
        else """
        qualify row_number() over (
            partition by f.submission_id, f.sheet, f.cell, case when f.value is null then f.row_id || f.kind || f.field end
            order by f.kind = 'projects', f.field = 'partner_id', f.kind, f.field, f.row_id) = 1"""
    )
    # Two readings of a number, in a French sentence, have a French decimal sign; targets such as 17.1 are no numbers.
    numbers = rule_id.startswith(("V01", "V24", "minimum", "maximum"))
    return f"""
    insert into findings
    with worded as (
        select f.*, {"replace(f.expected, '.', ',')" if numbers else "f.expected"} as expected_fr, s.source_file,
            coalesce(h.header, l.en, f.field) as field_en, coalesce(h.header, l.fr, f.field) as field_fr
        from found f
        join sender s using (submission_id)
        left join heading h on h.table_no = f.table_no and h.field = f.field
        left join label l on l.kind is not distinct from f.kind and l.field = f.field
        where f.rule_id = '{rule_id}'
        {once}
    ), keyed as (
        select *, md5(concat_ws(chr(31), coalesce(partner_id, source_file), coalesce(kind, ''), rule_id, coalesce(field, ''),
                                coalesce(value, ''), coalesce(row_id, coalesce(sheet, '') || coalesce(period, '')))) as base
        from worded
    )
    select md5(base || row_number() over (partition by base order by source_file, sheet, line, cell)),
        rule_id, '{rule.scope}', coalesce(severity, '{rule.severity}'), submission_id, row_id, source_file, sheet, cell, line,
        field, value, expected, difference, suggestion,
        {_sql(rule.says.en, "en")}, {_sql(rule.says.fr, "fr")}, 'new', kind, partner_id, period
    from keyed"""


def _label(con: duckdb.DuckDBPyConnection) -> None:
    """Creates `label`: what the contracts call each field, by kind, and without a kind where all agree."""
    import pyarrow as pa

    named = {(c.kind, f.name): f.header for c in reports().values() for f in c.fields.values()}
    named |= {(None, name): header for (_, name), header in reversed(named.items())}  # type: ignore[misc]
    con.register("labels_given", pa.table({
        "kind": pa.array([kind for kind, _ in named], pa.string()),
        "field": [field for _, field in named],
        "en": [h.en for h in named.values()],
        "fr": [h.fr for h in named.values()],
    }))  # fmt: skip
    con.execute("create or replace temp table label as select * from labels_given")
    con.unregister("labels_given")


def _parts(template: str) -> list[tuple[str, bool]]:
    """Cuts a template into parts, each with whether it may be left out."""
    return [(p[1:-1], True) if p.startswith("[") else (p, False) for p in re.split(r"(\[[^\]]*\])", template) if p]


def _sql(template: str, language: str) -> str:
    """Writes the SQL that fills in a sentence; a part in brackets is null, and left out, where one of its words is."""
    return " || ".join(
        f"coalesce({_joined(part, language, None)}, '')" if optional else _joined(part, language, "—")
        for part, optional in _parts(template)
    )


def _joined(part: str, language: str, absent: str | None) -> str:
    pieces = _WORD.split(part)
    written = []
    for i, piece in enumerate(pieces):
        if i % 2 == 0:
            if piece:
                written.append(_literal(piece))
            continue
        if piece == "expected" and language == "fr":
            found = "expected_fr"
        elif piece == "field":
            found = f"field_{language}"
        elif piece in _OWN:
            found = f"cast({piece} as varchar)"
        else:
            # What is found may itself be words, one for each language.
            found = f"coalesce(args[{_literal(f'{piece}_{language}')}], args[{_literal(piece)}])"
        quoted = f"case when length({found}) > {_QUOTED} then left({found}, {_QUOTED}) || '…' else {found} end"
        written.append(f"coalesce({quoted}, '{absent}')" if absent else quoted)
    return "(" + " || ".join(written) + ")"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
