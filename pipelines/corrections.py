"""Signed corrections: what the fund changed in accepted rows, by whom, why, until when, and what stood there.

`data/corrections/*.toml` holds entries; the words of one:

    [[corrections]]
    id        = "C-2026-001"                 one in all files
    signed_by = "fund manager"               a role, never a person's name
    signed_on = 2026-05-02
    reason    = "Amount typed in thousands, confirmed by the partner on 30 April."
    submission = "S-..." | file = "<SHA-256 of the received file>"
    row       = "<row_id>" | cell = "B7", with sheet = "..." where the file has sheets
    kind      = "transactions"
    field     = "amount"
    expected  = "12.5"                       the cell as it stands; "" for a blank one
    value     = "12500"                      what holds in its place; "" for nothing
    until     = 2026-12-31                   optional: the last day on which it holds

The received file stays as it is, and so does the text of the cell beside the value. A correction that no longer meets what
it expects is an error that names it: the partner has sent the row again, and someone must look.

Belongs here: reading entries, and applying them. Does not belong here: how a text is read (parsing), what a partner is told.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError, model_validator

from pipelines import parsing
from pipelines.contract import Contract, Strict, reports
from pipelines.contract import Field as Column
from pipelines.errors import ProjectError
from pipelines.paths import DataRoot

if TYPE_CHECKING:
    import duckdb

#: The log of what was applied, one row per correction.
LOG: dict[str, str] = {
    "correction_id": "VARCHAR",
    "source": "VARCHAR",
    "signed_by": "VARCHAR",
    "signed_on": "DATE",
    "reason": "VARCHAR",
    "until": "DATE",
    "kind": "VARCHAR",
    "row_id": "VARCHAR",
    "submission_id": "VARCHAR",
    "source_file": "VARCHAR",
    "source_sha256": "VARCHAR",
    "source_sheet": "VARCHAR",
    "cell": "VARCHAR",
    "field": "VARCHAR",
    "text_as_typed": "VARCHAR",
    "value_before": "VARCHAR",
    "text_instead": "VARCHAR",
    "value_after": "VARCHAR",
}

#: Who a row is from decides which report it is of, and cannot be changed behind its back.
FIXED = ("partner_id", "partner_name", "report_period")


class Correction(Strict):
    """One entry; `source` is the file that it stands in."""

    source: str
    id: str = Field(min_length=1)
    signed_by: str = Field(min_length=1)
    signed_on: date
    reason: str = Field(min_length=1)
    submission: str | None = None
    file: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    row: str | None = None
    sheet: str | None = None
    cell: str | None = None
    kind: str
    field: str
    expected: str
    value: str
    until: date | None = None

    @model_validator(mode="after")
    def _agree(self) -> Correction:
        if (self.submission is None) == (self.file is None):
            raise ValueError("name the report by submission or by file, one of the two")
        if (self.row is None) == (self.cell is None):
            raise ValueError("name the place by row or by cell, one of the two")
        if self.kind not in reports() or self.field not in reports()[self.kind].fields:
            raise ValueError(f"no kind of report has {self.kind}.{self.field}")
        if self.field in FIXED:
            raise ValueError(f"{self.field} says who reports, which no correction changes")
        if self.until is not None and self.until < self.signed_on:
            raise ValueError("it ends before it was signed")
        if self.value == self.expected:
            raise ValueError("it changes nothing")
        return self

    @property
    def name(self) -> str:
        """How errors name it."""
        return f"Correction {self.id} in {self.source}"


def read(root: DataRoot) -> tuple[Correction, ...]:
    """Reads all entries, in the order of files and lines.

    Raises ProjectError, naming file and entry, where one breaks the grammar or two are of one name or one cell.
    """
    found: dict[str, Correction] = {}
    places: dict[tuple[str | None, ...], Correction] = {}
    for path in sorted(root.corrections.glob("*.toml")):
        for entry in _entries(path):
            if entry.id in found:
                raise ProjectError(
                    f"{entry.name}: {found[entry.id].source} has one of the same id.", "Give it another."
                )
            place = (entry.submission, entry.file, entry.row, entry.sheet, entry.cell, entry.kind, entry.field)
            if place in places:
                raise ProjectError(f"{entry.name} is of the same cell as {places[place].id}.", "Keep one of the two.")
            found[entry.id] = places[place] = entry
    return tuple(found.values())


def files(root: DataRoot) -> tuple[Path, ...]:
    """Gives the files of corrections: inputs of a build, like reports and registers."""
    return tuple(sorted(root.corrections.glob("*.toml")))


def correct(con: duckdb.DuckDBPyConnection, entries: Sequence[Correction], on: date | None = None) -> None:
    """Applies entries to what `accepted.<kind>` shows and creates `corrections` with one row for each.

    `on` is the day that a build speaks of: an entry signed later is not yet there, and one that has ended is an error. The
    texts must be readable (`parsing.install`). Raises ProjectError, naming the entry, where the row is not accepted, the
    cell does not show what is expected, or the new text cannot be read as the field's type.
    """
    con.execute(f"create or replace table corrections ({', '.join(f'{name} {kind}' for name, kind in LOG.items())})")
    changed: dict[tuple[str, str, str], Correction] = {}
    for entry in entries:
        if on is not None and entry.signed_on > on:
            continue
        if on is not None and entry.until is not None and entry.until < on:
            raise ProjectError(
                f"{entry.name} held until {entry.until} and has ended.",
                "Take it out, or sign it again with a later day.",
            )
        row_id = _row(con, entry)
        if other := changed.get((entry.kind, row_id, entry.field)):
            raise ProjectError(f"{entry.name} is of the same cell as {other.id}.", "Keep one of the two.")
        changed[entry.kind, row_id, entry.field] = entry
        _apply(con, entry, row_id)


def _entries(path: Path) -> list[Correction]:
    try:
        stated = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise ProjectError(f"{path.name} cannot be read: {problem}", "Mend the file.") from None
    listed = stated.pop("corrections", [])
    if stated or not isinstance(listed, list):
        raise ProjectError(
            f"{path.name} holds more than [[corrections]].", "Its words stand in pipelines/corrections.py."
        )
    found = []
    for number, entry in enumerate(listed, 1):
        try:
            found.append(Correction(**{**entry, "source": path.name}))
        except (ValidationError, TypeError) as problem:
            what = problem.errors()[0] if isinstance(problem, ValidationError) else {"loc": (), "msg": str(problem)}
            where = ".".join(str(part) for part in what["loc"])
            raise ProjectError(
                f"{path.name}, entry {number} ({entry.get('id', 'no id')}): {f'{where}: ' if where else ''}{what['msg']}.",
                "Its words stand in pipelines/corrections.py; values are texts in quotes.",
            ) from None
    return found


def _row(con: duckdb.DuckDBPyConnection, entry: Correction) -> str:
    """Finds the one accepted row that an entry is of, and sees that its cell shows what is expected."""
    if not con.execute(
        "select 1 from duckdb_views() where schema_name = 'accepted' and view_name = ?", [entry.kind]
    ).fetchall():
        raise ProjectError(f"{entry.name}: no report has {entry.kind}.", "Has the file been received?")
    where, asked = ["submission_id = ?" if entry.submission else "source_sha256 = ?"], [entry.submission or entry.file]
    if entry.row:
        where, asked = [*where, "row_id = ?"], [*asked, entry.row]
    else:
        where, asked = [*where, f'"{entry.field}__cell" = ?'], [*asked, entry.cell]
        if entry.sheet is not None:
            where, asked = [*where, "source_sheet = ?"], [*asked, entry.sheet]
    rows = con.execute(
        f'select row_id, "{entry.field}__text" from accepted."{entry.kind}" where {" and ".join(where)} limit 2', asked
    ).fetchall()
    if not rows:
        raise ProjectError(
            f"{entry.name}: there is no such accepted row any more.",
            "A later report may hold in its place, or the row was refused. Look whether the correction is still needed, then "
            "change it or take it out.",
        )
    if len(rows) > 1:
        raise ProjectError(f"{entry.name}: several rows have that cell.", "Name the sheet, or the row by its row_id.")
    [(row_id, text)] = rows
    if (text or "").strip() != entry.expected.strip():
        raise ProjectError(
            f"{entry.name} expects {entry.expected!r} in {entry.kind}.{entry.field}, and the source shows {text or ''!r}.",
            "The report has changed. Look whether the correction is still needed, then change it or take it out.",
        )
    return str(row_id)


def _apply(con: duckdb.DuckDBPyConnection, entry: Correction, row_id: str) -> None:
    contract = reports()[entry.kind]
    field = contract.fields[entry.field]
    table, column = f'accepted."{entry.kind}"', f'"{field.name}"'
    [(before,)] = con.execute(f"select cast({column} as varchar) from {table} where row_id = ?", [row_id]).fetchall()
    value = _read(con, entry, contract, field, row_id)
    # Accepted rows are staged rows that hold; a value that was emptied for its limits is no longer the one that broke them.
    con.execute(
        f"""update staged."{entry.kind}" set {column} = cast(? as {field.duckdb_type}) where row_id = ? and row_state = 'current'""",
        [value, row_id],
    )
    con.execute("delete from emptied where kind = ? and field = ? and row_id = ?", [entry.kind, field.name, row_id])
    con.execute(
        f"""insert into corrections
            select ?, ?, ?, ?, ?, ?, ?, row_id, submission_id, source_file, source_sha256, source_sheet,
                "{field.name}__cell", ?, "{field.name}__text", ?, ?, cast({column} as varchar)
            from {table} where row_id = ?""",
        [entry.id, entry.source, entry.signed_by, entry.signed_on, entry.reason, entry.until, entry.kind,
         field.name, before, entry.value or None, row_id],
    )  # fmt: skip


def _read(
    con: duckdb.DuckDBPyConnection, entry: Correction, contract: Contract, field: Column, row_id: str
) -> str | None:
    """Reads the new text as a cell of its row would be, to the value as text."""
    if not entry.value.strip():
        return None
    if field.type in parsing.AS_TYPED:
        return entry.value.strip()
    name = f'a."{field.name_field}"' if field.name_field else "cast(null as varchar)"
    con.execute(
        f"""create or replace temp table corrected as
            select 0 as column_no, a.layout, cast(null as varchar) as locale, '{parsing.listed(field)}' as list,
                cast($1 as varchar) as text, 's' as type, {name} as name
            from accepted."{entry.kind}" a where a.row_id = $2""",
        [entry.value, row_id],
    )
    [(value, fault, said)] = con.execute(
        f"select cast(value as varchar), fault, said from ({parsing.reading(parsing.family(field), 'corrected')})"
    ).fetchall()
    if fault or value is None:
        raise ProjectError(
            f"{entry.name}: {entry.value!r} cannot be read as {field.type} ({fault}).",
            "Write it in one unmistakable way: 1250.50, 2026-03-31, a code of the list.",
        )
    if said and "currency" in contract.fields:
        [(currency,)] = con.execute(
            f'select currency from accepted."{entry.kind}" where row_id = ?', [row_id]
        ).fetchall()
        if said != currency:
            raise ProjectError(
                f"{entry.name}: the row is in {currency}, not in {said}.", "Correct the field currency too."
            )
    if field.minimum is not None or field.maximum is not None:
        low, high = field.minimum, field.maximum
        within = f"select ({low if low is not None else value} <= {value}) and ({value} <= {high if high is not None else value})"
        if con.execute(within).fetchall() != [(True,)]:
            raise ProjectError(
                f"{entry.name}: {entry.value!r} is not between the limits of {field.name}.", "See its contract."
            )
    return str(value)
