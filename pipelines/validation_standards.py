"""Cells of tables that claim a published schema, held against what it asks of each of its columns.

A finding here is a warning: the cell was read, and what it says stands; but readers that go by the schema will not
understand it. Of a cell that was not understood, or lacks where it must not, other rules have said so already.

Belongs here: cells held against a schema. Does not belong here: what a schema asks (layouts), which tables claim one and
whether they have its columns (intake.standards), what is wrong with a row whatever its format (validation).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.attribution import Source
from pipelines.contract import reports
from pipelines.findings import catalogue
from pipelines.intake.layouts import Layout, Standard, StandardColumn, load_tables
from pipelines.intake.layouts import Source as From
from pipelines.intake.model import Column

if TYPE_CHECKING:
    import duckdb

#: The rule that a text breaks which has not the form that its column asks for.
_FORMS = {
    "date": "scdl.date",
    "number": "scdl.number",
    "period": "scdl.period",
    "rna": "V06.rna",
    "siret": "scdl.siret",
}
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"


@dataclass(frozen=True)
class _Place:
    """Where a column of the schema stands in staged rows, as SQL: its trimmed text, its cell; `field` is for findings."""

    header: str
    field: str
    text: str
    cell: str
    typed: str | None


@dataclass(frozen=True)
class _Claim:
    """An SQL condition that holds for rows whose cell at `at` breaks a rule."""

    rule: str
    at: _Place
    breaks: str
    expected: str | None = None
    suggestion: str = "null"


def judge_standards(con: duckdb.DuckDBPyConnection, sources: list[Source]) -> None:
    """Adds to `found` what cells of current rows break, one statement for all tables with the same columns."""
    alike: dict[tuple[str, str, tuple[Column, ...]], list[int]] = defaultdict(list)
    for number, (source, table) in enumerate((s, t) for s in sources for t in s.extract.tables):
        if table.rows and any(column.official for column in table.columns):
            alike[table.layout or source.extract.layout, table.kind, table.columns].append(number)
    layouts = {layout.layout: layout for layout in load_tables()}
    for (name, kind, columns), tables in alike.items():
        con.execute(_found(layouts[name], kind, columns, tables))


def _found(layout: Layout, kind: str, columns: tuple[Column, ...], tables: list[int]) -> str:
    assert layout.standard is not None, "only a layout with a schema can be claimed"
    places = _places(layout, kind, columns)
    claims = list(_claims(layout.standard, places))
    grave = ", ".join(_literal(r.id) for r in catalogue().values() if (r.scope, r.severity) == ("cell", "critical"))
    rules = [
        f"when {n} then {{'rule': {_literal(c.rule)}, 'field': {_literal(c.at.field)}, 'header': {_literal(c.at.header)}, "
        f"'cell': {c.at.cell}, 'value': {c.at.text}, 'expected': {_literal(c.expected)}, "
        f"'suggestion': cast({c.suggestion} as varchar)}}"
        for n, c in enumerate(claims)
    ]
    return f"""
        insert into found by name
        with broken as (
            select *, unnest([{", ".join(f"case when {c.breaks} then {n} end" for n, c in enumerate(claims))}]) as n
            from (select *, json_extract_string(extra, [{", ".join(_pointers(places))}]) as beside
                  from staged."{kind}" where table_no in ({", ".join(map(str, tables))}) and row_state = 'current')
        ), told as (
            select *, case n {" ".join(rules)} end as t from broken where n is not null
        )
        select t.rule as rule_id, submission_id, table_no, row_id, t.cell as cell, source_row as line, t.field as field,
            t.value as value, t.expected as expected, t.suggestion as suggestion, '{kind}' as kind,
            nullif(source_sheet, '') as sheet, partner_id, report_period as period,
            map {{'column': t.header, 'version': {_literal(layout.standard.version)}}} as args
        from told
        where not exists (
            from found f where f.rule_id in ({grave}) and f.submission_id = told.submission_id
                and f.sheet is not distinct from nullif(told.source_sheet, '') and f.cell = t.cell)"""


def _claims(standard: Standard, places: dict[str, _Place]) -> Iterator[_Claim]:
    for column in standard.columns:
        if column.name in places:
            yield from _of_column(column, places[column.name])
    for group in standard.one_of:
        if there := [places[name] for name in group if name in places]:
            blank = " and ".join(f"{place.text} is null" for place in there)
            yield _Claim("scdl.one-of", there[0], blank, " / ".join(group))


def _of_column(column: StandardColumn, at: _Place) -> Iterator[_Claim]:
    if column.required:
        yield _Claim("scdl.blank", at, f"{at.text} is null")
    if column.form is not None and column.pattern is not None:
        fits = f"regexp_full_match({at.text}, {_literal(column.pattern)})"
        yield _Claim(_FORMS[column.form], at, f"not {fits}", column.example, _meant(column, at))
        if column.minimum is not None:
            number = f"try_cast({at.text} as decimal(38, 10))"
            outside = f"{fits} and coalesce({number} not between {column.minimum} and {column.maximum}, true)"
            share = f"case when {number} > 1 and {number} <= 100 then round({number} / 100, 4)::decimal(5, 4) end"
            meant = f"rtrim(rtrim(cast({share} as varchar), '0'), '.')" if column.maximum == 1 else "null"
            yield _Claim("scdl.range", at, outside, f"{column.minimum} – {column.maximum}", meant)
    if column.values:
        # What differs in case, accents and punctuation only is taken for the value it is like.
        like = " ".join(f"when fold_text({_literal(v)}) then {_literal(v)}" for v in column.values)
        within = ", ".join(map(_literal, column.values))
        meant = f"case fold_text({at.text}) {like} end"
        yield _Claim("scdl.choice", at, f"{at.text} not in ({within})", " / ".join(column.values), meant)
    if column.longest is not None:
        yield _Claim("scdl.too-long", at, f"length({at.text}) > {column.longest}", str(column.longest))


def _meant(column: StandardColumn, at: _Place) -> str:
    """Writes the SQL of what a text of another form says in the form asked for; null where that is not sure."""
    if column.form == "date" and at.typed is not None:
        return at.typed
    if column.form == "number":
        return f"case when regexp_full_match({at.text}, '-?[0-9]+,[0-9]+') then replace({at.text}, ',', '.') end"
    if column.form == "period":
        days = f"'({_DAY})[^0-9]+({_DAY})'"
        return f"case when regexp_full_match({at.text}, {days}) then regexp_replace({at.text}, {days}, '\\1/\\2') end"
    return "null"


def _places(layout: Layout, kind: str, columns: tuple[Column, ...]) -> dict[str, _Place]:
    """Finds the columns of the schema: each whole in a field, or else beside the rows, in `extra`."""
    sources = next(table.fields for table in layout.tables if table.kind == kind)
    found: dict[str, _Place] = {}
    named = [column for column in columns if column.official]
    anchor = next(c for c in named if c.field and sources[c.field].column)
    for column in named:
        assert column.official is not None
        if column.field:
            text = _of_field(column.field, sources[column.field], column)
            typed = f'"{column.field}"' if reports()[kind].fields[column.field].type == "date" else None
        else:
            text, typed = f"nullif(trim(beside[{len(found) + 1}]), '')", None
        name = column.field or column.official
        found[column.official] = _Place(column.header, name, text, _cell(column, anchor), typed)
    return found


def _of_field(field: str, source: From, column: Column) -> str:
    """Writes the SQL of a column's text; of a field with several sources, only what came from this column is its text."""
    text = f"""nullif(trim("{field}__text"), '')"""
    if source.column:
        return text
    cell = f'"{field}__cell"'
    own = f"L[0-9]+C{column.label}" if column.label.isdigit() else f"{column.label}[0-9]+"
    here = f"regexp_full_match({cell}, '{own}') or ends_with({cell}, {_literal('/' + _escaped(column.header))})"
    return f"case when {here} then {text} end"


def _cell(column: Column, anchor: Column) -> str:
    """Writes the SQL of a cell's address; in JSON it stands beside that of another column of the row."""
    beside, other = f'"{anchor.field}__cell"', "/" + _escaped(anchor.header)
    number = f"C{column.label}" if column.label.isdigit() else ""
    plain = f"'{'L' if number else column.label}' || source_row || '{number}'"
    pointer = f"left({beside}, length({beside}) - {len(other)}) || {_literal('/' + _escaped(column.header))}"
    return f"case when contains({beside}, '/') then {pointer} else {plain} end"


def _pointers(places: dict[str, _Place]) -> list[str]:
    return [_literal("/" + _escaped(place.header)) for place in places.values()]


def _escaped(header: str) -> str:
    return header.replace("~", "~0").replace("/", "~1")


def _literal(text: str | None) -> str:
    return "null" if text is None else "'" + text.replace("'", "''") + "'"
