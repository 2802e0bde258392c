"""Raw IATI tables to rows of the contracts, in whole columns, as the layout says.

Belongs here: the tables handed over, and what is to be said of how they came about.
Does not belong here: XML, which of several elements holds (iati_choices), the cells of one field (iati_cells).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.contract import load_all
from pipelines.intake.iati_cells import Beside, Level, cells_of, letters
from pipelines.intake.iati_choices import choose, first_of_each, several_in_one
from pipelines.intake.iati_layout import Kind, Layout, above, organisation_paths, parse, step
from pipelines.intake.iati_raw import Raw
from pipelines.intake.model import Column, ReadFinding, Table, data_schema

if TYPE_CHECKING:
    import pyarrow as pa


def write_rows(raw: Raw, layout: Layout) -> tuple[tuple[Table, ...], tuple[ReadFinding, ...]]:
    """Gives a table per kind that has rows, in the order of the file, and what was settled on the way."""
    chosen = {
        name: Level(raw.tables[choice.rows], choose(raw.tables[choice.rows], choice, raw.activities))
        for name, choice in layout.choices.items()
    }
    kinds = [(name, kind) for name, kind in layout.kinds.items() if raw.tables[kind.rows].num_rows]
    tables = tuple(_table_of(name, kind, raw, layout, chosen) for name, kind in kinds)
    return tables, (*_undecided(raw, layout), *_repeated(raw, layout), *_childless(raw, layout))


def _table_of(name: str, kind: Kind, raw: Raw, layout: Layout, chosen: dict[str, Level]) -> Table:
    import pyarrow as pa

    rows = raw.tables[kind.rows]
    if kind.once is not None:
        rows = rows.take(first_of_each(rows, kind))
    beside = _beside(kind, rows, raw, chosen)
    cells = cells_of(kind, beside, layout)
    types = {field: load_all()[name].fields[field].type for field in cells}
    own = beside.levels[kind.rows]
    parts = [own.column("#line"), own.place("."), pa.nulls(rows.num_rows, pa.string())]
    for field, cell in cells.items():
        parts += [cell.text, cell.place, letters(cell.text, types[field])]
    data = pa.Table.from_arrays(parts, schema=data_schema(tuple(cells)))
    headers = {field: _header(field, kind) for field in cells}
    shown = tuple(Column(field, header, i, header) for i, (field, header) in enumerate(headers.items()))
    return Table(name, "", data.num_rows, shown, data)


def _beside(kind: Kind, rows: pa.Table, raw: Raw, chosen: dict[str, Level]) -> Beside:
    """Sets beside the rows of a kind what they stand in, and what is chosen for their activities."""
    levels = {kind.rows: Level(rows, None)}
    if kind.rows == (".",):
        return Beside(kind.rows, levels, chosen)
    at = rows["#above"]
    for outer in above(kind.rows):
        levels[outer] = Level(raw.tables[outer], at)
        if outer != (".",):
            at = raw.tables[outer]["#above"].take(at)
    return Beside(
        kind.rows, levels, {name: Level(one.table, one.at and one.at.take(at)) for name, one in chosen.items()}
    )


def _undecided(raw: Raw, layout: Layout) -> list[ReadFinding]:
    """Says where one of several had to be chosen by its share, once per file."""
    findings = []
    for choice in layout.choices.values():
        if choice.largest is not None:
            rows = raw.tables[choice.rows]
            findings += _counted("iati.one-of-several", rows, several_in_one(rows, None)[:2], choice.rows[0])
    return findings


def _repeated(raw: Raw, layout: Layout) -> list[ReadFinding]:
    """Says where elements of one name repeat what should stand once, so that the first holds; once per file."""
    import pyarrow.compute as pc

    findings = []
    for kind in layout.kinds.values():
        if kind.once is not None:
            element, rows = step(kind.rows[0]).name, raw.tables[kind.rows]
            rows = rows.filter(pc.equal(rows["#element"], element))
            count, _, last = several_in_one(rows, parse(kind.once))
            findings += _counted("iati.repeated-target", rows, (count, last), element)
    return findings


def _childless(raw: Raw, layout: Layout) -> list[ReadFinding]:
    """Says where an element holds none of the rows for which it is read, once per file."""
    import pyarrow as pa
    import pyarrow.compute as pc

    findings = []
    for kind in layout.kinds.values():
        at = raw.tables[kind.rows]["#above"]
        for outer in above(kind.rows)[:-1]:
            at, rows = pc.unique(at), raw.tables[outer]
            bare = pc.indices_nonzero(pc.invert(pc.is_in(rows["#number"], value_set=pa.array(at, pa.int64()))))
            if outer == above(kind.rows)[-2]:
                first = bare[0].as_py() if len(bare) else 0
                findings += _counted("iati.without-period", rows, (len(bare), first), outer[0])
            at = rows["#above"].take(at)
    return findings


def _counted(rule: str, rows: pa.Table, found: tuple[int, int], element: str) -> list[ReadFinding]:
    count, first = found
    if not count:
        return []
    line, place = rows["#line"][first].as_py(), rows["#base"][first].as_py()
    args = {"element": element, "count": str(count)}
    return [ReadFinding(rule, cell=f"L{line} {place}", line=line, args=args)]


def _header(field: str, kind: Kind) -> str:
    """Where the field stands first of all, seen from the activity: `transaction/value/@currency`."""
    if field in kind.fields:
        path, choice = parse(kind.fields[field][0].path), kind.fields[field][0].choice
    else:
        name, _, part = field.rpartition("_")
        organisation = kind.organisations[name]
        path, choice = organisation_paths(organisation.is_)[part == "name"], organisation.choice
    within = kind.rows[0].split("/")
    start = [] if path.up else [choice] if choice else [*within[:-1], step(within[-1]).name]
    parts = [*start, path.element, f"@{path.attribute}" if path.attribute else "."]
    return "/".join(p for p in parts if p != ".").replace("[]", "")
