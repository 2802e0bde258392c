"""Raw IATI tables while they grow: which elements go into which columns, and the rows read so far.

Belongs here: the tree of known elements, the layout of a raw row, rows to columns.
Does not belong here: the parser, and what a text means for a contract.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.errors import ContractError
from pipelines.intake.iati_layout import NARRATIVE, Layout, Step, asked, step
from pipelines.intake.model import ReadFinding

if TYPE_CHECKING:
    import pyarrow as pa

#: Of every raw row: the number of the row it stands in (none for an activity), the element's name, its line, its place
#: in the file, its own number among its like, from 0.
HEAD = ("#above", "#element", "#line", "#base", "#number")

#: Rows of Python objects that are held before they go into columns.
_HELD = 4_000

#: A row while it is read: `HEAD`, then per element its line, its place below the row, its attributes and text.
Row = list[Any]
Elements = dict[str, tuple[str | None, ...]]


@dataclass(frozen=True)
class Raw:
    """What the elements held, as typed but without the blanks around it: one table per row element of the layout.

    Besides `HEAD` a table has, per element that the layout names, `<element>#line`, `<element>#at` (its place below the
    row, such as `/title/narrative[2]`), and one column per attribute (`value/@currency`) and text (`value`).
    """

    tables: dict[tuple[str, ...], pa.Table]
    activities: int
    language: str | None
    not_read: dict[str, int]
    findings: tuple[ReadFinding, ...]


@dataclass(slots=True)
class Capture:
    """Where in a row the line and place of an element go (`at`, `at + 1`), its attributes, its text.

    `only`: where it has a certain attribute; `repeats`: the first of several holds, by the standard; `joined`: the
    attributes of all its like are kept, set apart by semicolons.
    """

    at: int
    attributes: tuple[tuple[int, str], ...]
    text: int
    only: Step | None
    repeats: bool
    joined: bool


@dataclass(frozen=True, slots=True)
class Part:
    """An element of a row that repeats for parts of the whole: all its places in a row, and those that tell it apart."""

    places: tuple[int, ...]
    key: tuple[int, ...]


@dataclass(slots=True)
class Node:
    """One element that the layout knows, by its place below the activity; `rows` where each of it is a row.

    `parts` are those of a row; `part` is that of the element itself.
    """

    path: str
    repeats: bool = False
    children: dict[str, Node] = field(default_factory=dict)
    captures: list[Capture] = field(default_factory=list)
    has_text: bool = False
    is_narrative: bool = False
    only: Step | None = None
    not_read: dict[str, int] = field(default_factory=dict)
    rows: list[Row] | None = None
    width: int = 0
    opened: int = 0
    parts: tuple[Part, ...] = ()
    part: Part | None = None


class Rows:
    """What has been read so far; `tree` says where the rest goes."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.tables = asked(layout)
        self.held: dict[tuple[str, ...], list[Row]] = {rows: [] for rows in self.tables}
        self.batches: dict[tuple[str, ...], list[pa.RecordBatch]] = {rows: [] for rows in self.tables}
        self.tree = self._tree()
        self.activities = 0
        self.whole = 0
        self.version: str | None = None
        self.language: str | None = None
        self.has_narratives = False
        self.repaired = 0
        self.first_repaired: str | None = None
        self.not_read: Counter[str] = Counter()
        self.repeated: Counter[str] = Counter()
        self.first_repeated: dict[str, tuple[str, int]] = {}

    def close_activity(self) -> None:
        """Counts an activity as whole, and puts the rows held into columns when they are many."""
        self.whole += 1
        if sum(map(len, self.held.values())) > _HELD:
            self._flush()

    def result(self) -> Raw:
        """Gives the tables, and what is to be said of the file as a whole."""
        import pyarrow as pa

        self._flush()
        tables = {
            name: pa.Table.from_batches(batches, _schema(self.tables[name])).combine_chunks()
            for name, batches in self.batches.items()
        }
        language = (self.language or "")[:2].lower()
        spoken = language if language in ("fr", "en") else None
        return Raw(tables, self.activities, spoken, dict(sorted(self._not_read().items())), self._findings())

    def _not_read(self) -> Counter[str]:
        """Counts, by its path, every element that feeds nothing."""
        counted, nodes = Counter(self.not_read), [self.tree]
        for node in nodes:
            nodes += node.children.values()
            counted.update({f"{node.path}/{name}".lstrip("/"): count for name, count in node.not_read.items()})
        return counted

    def _findings(self) -> tuple[ReadFinding, ...]:
        found = []
        if self.version is None:
            found.append(ReadFinding("iati.version-missing", line=1, expected=", ".join(self.layout.versions)))
        if self.repaired:
            found.append(ReadFinding("V25.repaired", value=self.first_repaired, args={"places": str(self.repaired)}))
        if not self.activities:
            found.append(ReadFinding("iati.no-activity", line=1))
        for path, (cell, line) in self.first_repeated.items():
            args = {"element": path, "count": str(self.repeated[path])}
            found.append(ReadFinding("iati.repeated-element", cell=cell, line=line, args=args))
        return tuple(found)

    def _flush(self) -> None:
        import pyarrow as pa

        for name, rows in self.held.items():
            if rows:
                schema = _schema(self.tables[name])
                columns = [_column(c, f) for c, f in zip(zip(*rows, strict=True), schema, strict=True)]
                self.batches[name].append(pa.RecordBatch.from_arrays(columns, schema=schema))
                rows.clear()

    def _tree(self) -> Node:
        root, activity = Node("/"), Node("", repeats=True)
        root.children[self.layout.activity] = activity
        self._make_row(activity, (".",))
        for rows in self.tables:
            for element in rows if rows != (".",) else ():
                *outer, last = map(step, element.split("/"))
                parent = activity
                for name in (part.name for part in outer):
                    parent = parent.children[name]
                path = "/".join([*(part.name for part in outer), last.name])
                node = parent.children.setdefault(last.name, Node(path))
                if node.rows is not None or node.captures or node.children:
                    raise ContractError(f"Two kinds take rows from {path}.", "Make it one table of rows.")
                node.only = last if last.attribute is not None else None
                self._make_row(node, rows)
        return root

    def _make_row(self, row: Node, rows: tuple[str, ...]) -> None:
        row.rows = self.held[rows]
        names = columns_of(self.tables[rows])
        row.width = len(names)
        place = {name: position for position, name in enumerate(names)}
        parts = [part for kind in self.layout.kinds.values() if kind.rows == rows for part in kind.parts]
        for element, attributes in self.tables[rows].items():
            node, needs = row, Step("")
            for part in () if element == "." else map(step, element.split("/")):
                path = f"{node.path}/{part.name}".lstrip("/")
                node, needs = node.children.setdefault(part.name, Node(path)), part
                node.repeats |= part.repeats or part.attribute is not None
            node.has_text |= None in attributes
            node.is_narrative = needs.name == NARRATIVE
            named = tuple((place[column_of(element, a)], a) for a in attributes if a is not None)
            joined = any(element.startswith(f"{part}/") for part in parts)
            only = needs if needs.attribute is not None else None
            capture = Capture(place[f"{element}#line"], named, place.get(element, -1), only, needs.repeats, joined)
            node.captures.append(capture)
        for name in parts:
            # The element itself first, then what tells it apart, in one order for all parts.
            inside = sorted(e for e in self.tables[rows] if e == name or e.startswith(f"{name}/"))
            places = {e: [place[c] for c in _element_columns(e, self.tables[rows][e])] for e in inside}
            key = [p for e in inside if e != name for p in places[e][2:]]
            row.children[name].part = Part(tuple(p for e in inside for p in places[e]), tuple(key))
            row.children[name].repeats = True
        row.parts = tuple(own for name in parts if (own := row.children[name].part))


def columns_of(elements: Elements) -> list[str]:
    """Names the columns of a raw table, in their order."""
    names = list(HEAD)
    for element, attributes in elements.items():
        names += _element_columns(element, attributes)
    return names


def _element_columns(element: str, attributes: tuple[str | None, ...]) -> list[str]:
    return [f"{element}#line", f"{element}#at", *(column_of(element, a) for a in attributes)]


def column_of(element: str, attribute: str | None) -> str:
    """Names the column that holds an element's text or attribute."""
    return element if attribute is None else f"{element}/@{attribute}"


def _column(texts: tuple[Any, ...], field: pa.Field) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    column = pa.array(texts, field.type)
    if "#" in field.name:
        return column
    trimmed = pc.utf8_trim(column, " \t\r\n")
    return pc.if_else(pc.equal(trimmed, ""), None, trimmed)


def _schema(elements: Elements) -> pa.Schema:
    import pyarrow as pa

    numbers = {"#above", "#line", "#number"}
    return pa.schema(
        [(n, pa.int64() if n in numbers or n.endswith("#line") else pa.string()) for n in columns_of(elements)]
    )
