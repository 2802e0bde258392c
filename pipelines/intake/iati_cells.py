"""The cells of one field of an IATI kind, for all its rows at once: texts, addresses, type letters.

Belongs here: what a source of the layout yields, who an absent organisation is, what a canonical number or date is.
Does not belong here: which rows there are (iati_rows), which of several elements holds (iati_choices).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.intake.iati_layout import Kind, Layout, Organisation, Path, Source, home_of, organisation_paths, parse
from pipelines.intake.iati_raw import column_of

if TYPE_CHECKING:
    import pyarrow as pa

_NUMBERS = ("money", "number", "percent", "integer")
#: An xsd:decimal: a point, no grouping, no exponent.
_IS_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$"
#: A day that there is, leap years included.
_IS_DATE = (
    "^(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    "|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29)$"
)


@dataclass(frozen=True)
class Cell:
    """One field for all rows: its texts and their addresses; both null where there is none."""

    text: pa.ChunkedArray
    place: pa.ChunkedArray


@dataclass(frozen=True)
class Level:
    """A raw table set beside the rows of a kind: `at` says which of its rows goes with each; None: one by one."""

    table: pa.Table
    at: pa.ChunkedArray | None

    def column(self, name: str) -> pa.ChunkedArray:
        """Gives a raw column, row by row of the kind."""
        column = self.table[name]
        return column if self.at is None else column.take(self.at)

    def place(self, element: str, attribute: str | None = None) -> pa.ChunkedArray:
        """Gives the address of an element or attribute."""
        import pyarrow as pa
        import pyarrow.compute as pc

        below = [] if element == "." else [self.column(f"{element}#at")]
        line = self.column("#line" if element == "." else f"{element}#line").cast(pa.string())
        tail = f"/@{attribute}" if attribute else ""
        return pc.binary_join_element_wise("L", line, " ", self.column("#base"), *below, tail, "")


@dataclass(frozen=True)
class Beside:
    """The rows of a kind with all that stands beside them: what they stand in, by its path, and what was chosen."""

    rows: tuple[str, ...]
    levels: Mapping[tuple[str, ...], Level]
    chosen: Mapping[str, Level]

    def cell(self, path: Path, choice: str | None) -> Cell:
        """Gives the texts that a path leads to, and where they stand."""
        import pyarrow as pa
        import pyarrow.compute as pc

        home, element = home_of(path, self.rows)
        level = self.chosen[choice] if choice and not path.up else self.levels[home]
        text = level.column(column_of(element, path.attribute))
        if text.null_count == len(text):
            return Cell(text, text)
        place = level.place(element, path.attribute)
        return Cell(
            text, pc.if_else(pc.is_valid(text), place, pa.scalar(None, pa.string())) if text.null_count else place
        )


def cells_of(kind: Kind, beside: Beside, layout: Layout) -> dict[str, Cell]:
    """Gives the cells of every field that the layout feeds."""
    cells = {}
    for name, organisation in kind.organisations.items():
        cells[f"{name}_id"], cells[f"{name}_name"] = _organisation(organisation, beside)
    for field, sources in kind.fields.items():
        cells[field] = _first([_source(source, beside, layout) for source in sources])
    return cells


def letters(text: pa.ChunkedArray, kind: str) -> pa.ChunkedArray:
    """Says of each text whether it is a canonical number or date, or is to be read by whoever comes next."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if kind in _NUMBERS:
        return pc.if_else(pc.match_substring_regex(text, _IS_NUMBER), "n", "s")
    if kind == "date":
        return pc.if_else(pc.match_substring_regex(text, _IS_DATE), "d", "s")
    return pc.if_else(pc.is_valid(text), "s", pa.scalar(None, pa.string()))


def _source(source: Source, beside: Beside, layout: Layout) -> Cell:
    import pyarrow as pa
    import pyarrow.compute as pc

    cell = beside.cell(parse(source.path), source.choice)
    if cell.text.null_count == len(cell.text):
        return cell
    if source.take == "first-line":
        return Cell(pc.utf8_trim(pc.replace_substring_regex(cell.text, "(?s)\n.*$", ""), " "), cell.place)
    if source.says is not None:
        return Cell(_where(pc.is_valid(cell.text), pa.scalar(source.says)), cell.place)
    if source.codes is not None:
        codes = layout.codes[source.codes]
        known = pc.index_in(cell.text, value_set=pa.array(codes, pa.string()))
        meant = pa.array([code or None for code in codes.values()], pa.string()).take(known)
        text = pc.if_else(pc.is_valid(known), meant, cell.text)
        return Cell(text, _where(pc.is_valid(text), cell.place))
    return cell


def _organisation(organisation: Organisation, beside: Beside) -> tuple[Cell, Cell]:
    import pyarrow as pa
    import pyarrow.compute as pc

    own = [beside.cell(path, organisation.choice) for path in organisation_paths(organisation.is_)]
    if organisation.otherwise is None:
        return own[0], own[1]
    other = [beside.cell(path, None) for path in organisation_paths(organisation.otherwise)]
    absent: Any = pa.scalar(True)
    if organisation.by is not None:
        stated = beside.cell(parse(organisation.by), None).text
        absent = pc.is_in(stated, value_set=pa.array(organisation.when, pa.string()))
    named = pc.or_(pc.is_valid(own[0].text), pc.is_valid(own[1].text))
    cells = [
        Cell(
            pc.if_else(named, mine.text, _where(absent, theirs.text)),
            pc.if_else(named, mine.place, _where(absent, theirs.place)),
        )
        for mine, theirs in zip(own, other, strict=True)
    ]
    return cells[0], cells[1]


def _first(cells: list[Cell]) -> Cell:
    import pyarrow.compute as pc

    if len(cells) == 1:
        return cells[0]
    return Cell(pc.coalesce(*(c.text for c in cells)), pc.coalesce(*(c.place for c in cells)))


def _where(here: Any, text: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.if_else(here, text, pa.scalar(None, pa.string()))
