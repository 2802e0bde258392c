"""Raw IATI tables to rows of the contracts, as one SQL statement per kind, written from the layout.

Belongs here: which of several elements holds, who an absent organisation is, the addresses of cells.
Does not belong here: XML, and any judgement of a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.contract import load_all
from pipelines.intake.iati_layout import (
    Choice,
    Kind,
    Layout,
    Organisation,
    Path,
    Source,
    organisation_paths,
    parse,
    step,
)
from pipelines.intake.iati_raw import Raw, column_of
from pipelines.intake.model import Column, ReadFinding, Table, data_schema

if TYPE_CHECKING:
    import duckdb

#: Rows that are put in order at a time.
_SLICE = 50_000

_NUMBERS = ("money", "number", "percent", "integer")

#: An xsd:decimal: a point, no grouping, no exponent.
_IS_NUMBER = r"regexp_full_match({0}, '[+-]?(\d+\.?\d*|\.\d+)')"
_IS_DATE = r"regexp_full_match({0}, '\d{{4}}-\d{{2}}-\d{{2}}') and try_cast({0} as date) is not null"


@dataclass(frozen=True)
class Cell:
    """SQL for a text and for its address; both null where there is none."""

    text: str
    place: str


def write_rows(raw: Raw, layout: Layout) -> tuple[tuple[Table, ...], tuple[ReadFinding, ...]]:
    """Gives a table per kind that has rows, in the order of the file, and what was settled on the way."""
    import duckdb

    with duckdb.connect() as con:
        for rows, elements in raw.tables.items():
            con.register(f"typed {_named(rows)}", elements)
            con.execute(f"create view {_table(rows)} as {_addressed(rows, layout)}")
        for name, choice in layout.choices.items():
            con.execute(f"create view {_quote(name)} as {_choose(choice)}")
        kinds = [(name, kind) for name, kind in layout.kinds.items() if raw.tables[kind.rows].num_rows]
        tables = tuple(_table_of(con, name, kind, raw, layout) for name, kind in kinds)
        findings = [*_undecided(con, layout), *_repeated(con, layout)]
    return tables, tuple(findings)


def _addressed(rows: tuple[str, ...], layout: Layout) -> str:
    """A raw table, and the place of each row."""
    below = "" if rows == (".",) else """ || '/' || "#element" || '[' || "#index" || ']'"""
    return f"""select *, '/{layout.activity}[' || "#activity" || ']'{below} as "#base"
        from {_quote(f"typed {_named(rows)}")}"""


def _table_of(con: duckdb.DuckDBPyConnection, name: str, kind: Kind, raw: Raw, layout: Layout) -> Table:
    import pyarrow as pa

    cells = _cells(kind, layout)
    types = {field: load_all()[name].fields[field].type for field in cells}
    columns = [
        f'{cell.text} as "{field}", {cell.place} as "{field}__cell", {_letter(types[field], cell.text)} as "{field}__type"'
        for field, cell in cells.items()
    ]
    joins = "".join(
        f'\nleft join {_quote(choice)} as {_quote(f"the {choice}")} on {_quote(f"the {choice}")}."#activity" = r."#activity"'
        for choice in _choices_of(kind)
    )
    query = f"""select r."#line" as row_number, 'L' || r."#line" || ' ' || r."#base" as row_cell,
        cast(null as varchar) as extra, {", ".join(columns)}
        from {_rows_of(kind)} as r join {_table((".",))} as a on a."#activity" = r."#activity"{joins}"""
    order = """order by r."#activity", r."#line", r."#element", r."#index" """
    # In slices, because sorting addresses takes several times the memory that they fill.
    width = max(1, raw.activities * _SLICE // raw.tables[kind.rows].num_rows)
    slices = [
        con.sql(f"""{query} where r."#activity" between {first} and {first + width - 1} {order}""").to_arrow_table()
        for first in range(1, raw.activities + 1, width)
    ]
    data = pa.concat_tables(slices).cast(data_schema(tuple(cells)))
    headers = {field: _header(field, kind) for field in cells}
    shown = tuple(Column(field, header, i, header) for i, (field, header) in enumerate(headers.items()))
    return Table(name, "", data.num_rows, shown, data)


def _cells(kind: Kind, layout: Layout) -> dict[str, Cell]:
    cells = {}
    for name, organisation in kind.organisations.items():
        cells[f"{name}_id"], cells[f"{name}_name"] = _organisation(organisation)
    for field, sources in kind.fields.items():
        cells[field] = _first([_source(source, layout) for source in sources])
    return cells


def _source(source: Source, layout: Layout) -> Cell:
    cell = _cell(parse(source.path), source.choice)
    if source.take == "first-line":
        return Cell(f"trim(split_part({cell.text}, chr(10), 1))", cell.place)
    if source.says is not None:
        return Cell(f"case when {cell.text} is not null then {_literal(source.says)} end", cell.place)
    if source.codes is not None:
        codes = layout.codes[source.codes].items()
        cases = " ".join(f"when {_literal(typed)} then nullif({_literal(code)}, '')" for typed, code in codes)
        text = f"case {cell.text} {cases} else {cell.text} end"
        return Cell(text, f"case when {text} is not null then {cell.place} end")
    return cell


def _organisation(organisation: Organisation) -> tuple[Cell, Cell]:
    own = [_cell(path, organisation.choice) for path in organisation_paths(organisation.is_)]
    if organisation.otherwise is None:
        return own[0], own[1]
    other = [_cell(path, None) for path in organisation_paths(organisation.otherwise)]
    absent = "true"
    if organisation.by is not None:
        absent = f"{_cell(parse(organisation.by), None).text} in ({', '.join(map(_literal, organisation.when))})"
    named = f"({own[0].text} is not null or {own[1].text} is not null)"
    cells = [
        Cell(
            f"case when {named} then {mine.text} when {absent} then {theirs.text} end",
            f"case when {named} then {mine.place} when {absent} then {theirs.place} end",
        )
        for mine, theirs in zip(own, other, strict=True)
    ]
    return cells[0], cells[1]


def _first(cells: list[Cell]) -> Cell:
    if len(cells) == 1:
        return cells[0]
    places = " ".join(f"when {cell.text} is not null then {cell.place}" for cell in cells)
    return Cell(f"coalesce({', '.join(cell.text for cell in cells)})", f"case {places} end")


def _cell(path: Path, choice: str | None) -> Cell:
    row = "a" if path.up else "r" if choice is None else _quote(f"the {choice}")
    text = _text(path, row)
    line = '"#line"' if path.element == "." else _quote(f"{path.element}#line")
    at = "''" if path.element == "." else f"{row}.{_quote(f'{path.element}#at')}"
    attribute = f"/@{path.attribute}" if path.attribute else ""
    place = f"""'L' || {row}.{line} || ' ' || {row}."#base" || {at} || '{attribute}'"""
    return Cell(text, f"case when {text} is not null then {place} end")


def _text(path: Path, row: str) -> str:
    return f"{row}.{_quote(column_of(path.element, path.attribute))}"


def _letter(kind: str, text: str) -> str:
    test = _IS_NUMBER if kind in _NUMBERS else _IS_DATE if kind == "date" else None
    if test is None:
        return f"case when {text} is not null then 's' end"
    letter = "n" if kind in _NUMBERS else "d"
    return f"case when {text} is null then null when {test.format(text)} then '{letter}' else 's' end"


def _choose(choice: Choice) -> str:
    rows = f"from {_table(choice.rows)} as r"
    if choice.by is not None:
        order = f"list_position([{', '.join(map(_literal, choice.order))}], {_text(parse(choice.by), 'r')})"
        named = " or ".join(f"{_text(path, 'r')} is not null" for path in organisation_paths("."))
        return f"""select r.* {rows} where {order} is not null and ({named})
            qualify row_number() over (partition by "#activity" order by {order}, "#index") = 1"""
    assert choice.largest is not None
    share = f"try_cast({_text(parse(choice.largest), 'r')} as decimal(38, 10))"
    return f"""select * exclude ("#rank") from (
            select r.*, rank() over (partition by "#activity" order by {share} desc nulls last) as "#rank" {rows}
        ) where "#rank" = 1 qualify count(*) over (partition by "#activity") = 1"""


def _rows_of(kind: Kind) -> str:
    if kind.once is None:
        return _table(kind.rows)
    code = f"lower({_text(parse(kind.once), 'r')})"
    order = f"""list_position([{", ".join(_literal(step(e).name) for e in kind.rows)}], "#element"), "#index" """
    return f"""(select r.* from {_table(kind.rows)} as r
        qualify {code} is null or row_number() over (partition by "#activity", {code} order by {order}) = 1)"""


def _choices_of(kind: Kind) -> list[str]:
    sources = [source.choice for several in kind.fields.values() for source in several]
    named = [organisation.choice for organisation in kind.organisations.values()]
    return list(dict.fromkeys(choice for choice in (*sources, *named) if choice is not None))


def _undecided(con: duckdb.DuckDBPyConnection, layout: Layout) -> list[ReadFinding]:
    """Says where one of several had to be chosen by its share, once per file."""
    findings = []
    for choice in layout.choices.values():
        if choice.largest is not None:
            found = con.execute(
                f"""select count(*), min_by(place, activity) from (
                    select "#activity" as activity, first('L' || "#line" || ' ' || "#base" order by "#index") as place
                    from {_table(choice.rows)} group by all having count(*) > 1)"""
            ).fetchall()
            findings += _counted("iati.one-of-several", found, element=choice.rows[0])
    return findings


def _repeated(con: duckdb.DuckDBPyConnection, layout: Layout) -> list[ReadFinding]:
    """Says where elements of one name repeat what should stand once, so that the first holds; once per file."""
    findings = []
    for kind in layout.kinds.values():
        if kind.once is not None:
            element, code = step(kind.rows[0]).name, f"lower({_text(parse(kind.once), 'r')})"
            found = con.execute(
                f"""select count(*), min_by(place, activity) from (
                    select "#activity" as activity, first('L' || "#line" || ' ' || "#base" order by "#index" desc) as place
                    from {_table(kind.rows)} as r where "#element" = {_literal(element)} and {code} is not null
                    group by "#activity", {code} having count(*) > 1)"""
            ).fetchall()
            findings += _counted("iati.repeated-target", found, element=element)
    return findings


def _counted(rule: str, found: list[tuple[int, str | None]], **args: str) -> list[ReadFinding]:
    (count, cell), *_ = found
    if not count or cell is None:
        return []
    line = int(cell.split(" ")[0].removeprefix("L"))
    return [ReadFinding(rule, cell=cell, line=line, args={**args, "count": str(count)})]


def _header(field: str, kind: Kind) -> str:
    """Where the field stands first of all, seen from the activity: `transaction/value/@currency`."""
    if field in kind.fields:
        path, choice = parse(kind.fields[field][0].path), kind.fields[field][0].choice
    else:
        name, _, part = field.rpartition("_")
        organisation = kind.organisations[name]
        path, choice = organisation_paths(organisation.is_)[part == "name"], organisation.choice
    start = [] if path.up else [choice] if choice else [step(kind.rows[0]).name]
    parts = [*start, path.element, f"@{path.attribute}" if path.attribute else "."]
    return "/".join(p for p in parts if p != ".").replace("[]", "")


def _named(rows: tuple[str, ...]) -> str:
    return " ".join(rows)


def _table(rows: tuple[str, ...]) -> str:
    return _quote(_named(rows))


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
