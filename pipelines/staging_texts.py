"""All texts that the files bring, read column by column: the readings that staged rows are made of.

Belongs here: putting the tables of a kind under each other, and reading each family of fields in one go, whatever the
number of kinds and files. Does not belong here: how a text is read (parsing), what a staged row holds (staging).

A column of a table of a file goes by `column_no`: the number of its table, times a thousand, and that of its field.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines import parsing
from pipelines.attribution import Source, partner_of
from pipelines.contract import Contract, Field, reports
from pipelines.intake.typedcells import FAULTS

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_FAULTS = ", ".join(f"'{fault}'" for fault in FAULTS)
NULL = "cast(null as varchar)"


@dataclass(frozen=True)
class Incoming:
    """What the files bring of one kind, as the view `incoming_<kind>`, and the SQL for a cell of it.

    `brought` are the fields that some file has a column for, `faulty` those with an error of a spreadsheet in some cell.
    """

    contract: Contract
    brought: frozenset[str]
    faulty: frozenset[str]

    @property
    def view(self) -> str:
        return f"incoming_{self.contract.kind}"

    def parsed(self) -> list[Field]:
        """Gives the fields that are parsed: those that a file brings, or brings the name for that stands in for a number."""
        return [
            f for f in self.contract.fields.values()
            if f.type not in parsing.AS_TYPED and (f.name in self.brought or f.name_field in self.brought)
        ]  # fmt: skip

    def text(self, name: str | None) -> str:
        """The text of a cell as typed."""
        return f'i."{name}"' if name in self.brought else NULL

    def cell(self, name: str) -> str:
        """The address of a cell."""
        return f'i."{name}__cell"' if name in self.brought else NULL

    def letter(self, name: str) -> str:
        """The type letter of a cell; in delimited text an error of a spreadsheet is known by its words alone."""
        if name not in self.brought:
            return "'s'"
        if name not in self.faulty:
            return f'i."{name}__type"'
        return f"""case when {self.text(name)} in ({_FAULTS}) then 'e' else i."{name}__type" end"""

    def column_no(self, name: str) -> str:
        return f"(i.table_no * 1000 + {list(self.contract.fields).index(name)})"

    def joined(self, field: Field) -> str:
        """Brings the reading of a field to its rows, as `r <field>`; an organisation is read together with its name."""
        r, text, letter = f'"r {field.name}"', self.text(field.name), self.letter(field.name)
        join = f"left join {readings(field)} {r} on {r}.column_no = {self.column_no(field.name)}"
        if field.name_field is None:
            return f"{join} and {r}.text = {text} and {r}.type = {letter}"
        return f"""{join} and {r}.text is not distinct from {text} and {r}.type is not distinct from {letter}
            and {r}.name is not distinct from {self.text(field.name_field)}"""

    def cells(self, field: Field) -> str:
        """The distinct texts of a field."""
        text, name = self.text(field.name), self.text(field.name_field)
        return f"""
            select distinct {self.column_no(field.name)} as column_no, s.layout, s.locale, '{parsing.listed(field)}' as list,
                {text} as text, {self.letter(field.name)} as type, {name} as name
            from {self.view} i join sheet s using (table_no) where {text} is not null or {name} is not null"""


def read_texts(con: duckdb.DuckDBPyConnection, sources: list[Source]) -> list[Incoming]:
    """Reads every text of every kind; `attribute` must have seen the same sources.

    Creates the views `incoming_<kind>`, the table `brought` (kind, field), a table of readings per family of fields, and
    `row_partner`: the partner of each organisation that rows say they are from.
    """
    found = {table.kind for source in sources for table in source.extract.tables}
    incoming = [_take_in(con, contract, sources) for kind, contract in reports().items() if kind in found]
    con.execute("create or replace table brought (kind varchar, field varchar)")
    con.executemany(
        "insert into brought values (?, ?)",
        [(i.contract.kind, f) for i in incoming for f in sorted(i.brought)] or [(None, None)],
    )
    families: dict[parsing.Family, list[str]] = {}
    for one in incoming:
        for field in one.parsed():
            families.setdefault(parsing.family(field), []).append(one.cells(field))
    for family, cells in families.items():
        con.execute(f"create or replace temp table cells as {' union all '.join(cells)}")
        con.execute(f"create or replace temp table {_table(family)} as {parsing.reading(family, 'cells')}")
    _attribute_rows(con, incoming)
    return incoming


def readings(field: Field) -> str:
    """The table of the readings of a field."""
    return _table(parsing.family(field))


def release(con: duckdb.DuckDBPyConnection, incoming: Iterable[Incoming]) -> None:
    """Lets go of the texts and readings once all rows are staged."""
    for table in {readings(field) for one in incoming for field in one.parsed()}:
        con.execute(f"drop table {table}")
    for one in incoming:
        con.unregister(one.view)


def _take_in(con: duckdb.DuckDBPyConnection, contract: Contract, sources: list[Source]) -> Incoming:
    """Puts the tables of a kind under each other by column name, numbered as `attribution` numbers them."""
    import pyarrow as pa

    every = [table for source in sources for table in source.extract.tables]
    together: pa.Table = pa.concat_tables(
        [
            table.data.append_column("table_no", pa.repeat(pa.scalar(number, pa.int64()), table.data.num_rows))
            for number, table in enumerate(every)
            if table.kind == contract.kind
        ],
        promote_options="permissive",
    )
    con.register(f"incoming_{contract.kind}", together)
    names = [f for f in contract.fields if f in together.column_names]
    errors = ", ".join(
        f"""bool_or("{f}__type" = 'e' or starts_with("{f}", '#') or starts_with("{f}", 'Err:'))""" for f in names
    )
    [found] = con.execute(f"select {errors or 'false'} from incoming_{contract.kind}").fetchall()
    return Incoming(
        contract, frozenset(names), frozenset(name for name, holds in zip(names, found, strict=False) if holds)
    )


def _attribute_rows(con: duckdb.DuckDBPyConnection, incoming: list[Incoming]) -> None:
    con.execute("create or replace temp table row_partner (key varchar, name varchar, partner_id varchar)")
    for one in incoming:
        if own := [f for f in one.parsed() if f.name == "partner_id"]:
            con.execute(f"""
                insert into row_partner
                select value, name, coalesce({partner_of("value", "name")}, value)
                from (select distinct value, name from {readings(own[0])} join sheet i on column_no = {one.column_no("partner_id")}
                      where value is not null)
                where not exists (from row_partner p where p.key = value and p.name is not distinct from name)""")


def _table(family: parsing.Family) -> str:
    return f'"reading {family.type} {family.unit or ""}"'
