"""Which of several elements of an activity holds: the lead, the country, each SDG target once.

Belongs here: the order that decides, over whole columns. Does not belong here: what becomes of the chosen (iati_rows).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.intake.iati_layout import Choice, Kind, Path, organisation_paths, parse, step
from pipelines.intake.iati_raw import column_of

if TYPE_CHECKING:
    import pyarrow as pa

_SHARE = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$"


def choose(rows: pa.Table, choice: Choice, activities: int) -> pa.Array:
    """Gives for each activity the number of the row that stands for it; null where none does."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ranked = _by_order(rows, choice) if choice.by is not None else _by_share(rows, choice)
    ranked = ranked.sort_by([("above", "ascending"), ("rank", "ascending"), ("row", "ascending")])
    first, last = _first_of_each(ranked["above"])
    if choice.by is None and ranked.num_rows:
        # Where the largest shares are equal, nobody can say which country it is.
        equal = pc.equal(ranked["rank"].combine_chunks()[:-1], ranked["rank"].combine_chunks()[1:])
        tied = pa.concat_arrays([equal, pa.array([False])])
        first = pc.and_not(first, pc.and_not(tied, last))
    taken = ranked.filter(first)
    at = pc.index_in(pa.array(range(activities), pa.int64()), value_set=taken["above"].combine_chunks())
    return taken["row"].take(at)


def first_of_each(rows: pa.Table, kind: Kind) -> pa.Array:
    """Gives the numbers of the rows that hold where several of an activity state the same."""
    import pyarrow as pa
    import pyarrow.compute as pc

    assert kind.once is not None
    code = _code(rows, parse(kind.once))
    elements = pa.array([step(element).name for element in kind.rows])
    keyed = pa.table(
        {
            "above": rows["#above"],
            "code": code,
            "rank": pc.index_in(rows["#element"], value_set=elements),
            "row": pa.array(range(rows.num_rows), pa.int64()),
        }
    ).sort_by([("above", "ascending"), ("code", "ascending"), ("rank", "ascending"), ("row", "ascending")])
    first, _ = _first_of_each(keyed["above"], keyed["code"])
    held = keyed["row"].filter(pc.or_(first, pc.is_null(keyed["code"])))
    return held.take(pc.sort_indices(held))


def several_in_one(rows: pa.Table, once: Path | None) -> tuple[int, int, int]:
    """Counts the activities, or what `once` leads to in them, that have several rows; gives the first one's first and last."""
    import pyarrow as pa
    import pyarrow.compute as pc

    key = rows["#above"].cast(pa.string())
    if once is not None:
        key = pc.binary_join_element_wise(key, _code(rows, once), " ")
    counted = pc.value_counts(key.combine_chunks().drop_null())
    again = counted.filter(pc.greater(counted.field("counts"), 1))
    if not len(again):
        return 0, 0, 0
    like = pc.indices_nonzero(pc.equal(key, again.field("values")[0]))
    return len(again), like[0].as_py(), like[-1].as_py()


def _by_order(rows: pa.Table, choice: Choice) -> pa.Table:
    """The rows that name somebody in a role that counts, by the rank of that role."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rank = pc.index_in(_text(rows, parse(choice.by or "")), value_set=pa.array(choice.order, pa.string()))
    named = pc.or_(*(pc.is_valid(_text(rows, path)) for path in organisation_paths(".")))
    return _ranked(rows, rank).filter(pc.and_(pc.is_valid(rank), named))


def _by_share(rows: pa.Table, choice: Choice) -> pa.Table:
    """The rows by their share, the largest first; those that state none come last."""
    import pyarrow as pa
    import pyarrow.compute as pc

    text = _text(rows, parse(choice.largest or ""))
    stated = pc.if_else(pc.match_substring_regex(text, _SHARE), text, pa.scalar(None, pa.string()))
    return _ranked(rows, pc.fill_null(pc.negate(stated.cast(pa.float64())), float("inf")))


def _ranked(rows: pa.Table, rank: pa.ChunkedArray) -> pa.Table:
    import pyarrow as pa

    number = pa.array(range(rows.num_rows), pa.int64())
    return pa.table({"above": rows["#above"], "rank": rank, "row": number})


def _first_of_each(*columns: pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    """Says of sorted rows which are the first, and which the last, with the same values."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(columns[0]):
        return pa.array([], pa.bool_()), pa.array([], pa.bool_())
    other = pa.repeat(pa.scalar(False), len(columns[0]) - 1)
    for column in columns:
        values = column.combine_chunks()
        other = pc.or_(other, pc.fill_null(pc.not_equal(values[:-1], values[1:]), fill_value=True))
    edge = pa.array([True])
    return pa.concat_arrays([edge, other]), pa.concat_arrays([other, edge])


def _code(rows: pa.Table, once: Path) -> pa.ChunkedArray:
    import pyarrow.compute as pc

    return pc.utf8_lower(_text(rows, once))


def _text(rows: pa.Table, path: Path) -> pa.ChunkedArray:
    return rows[column_of(path.element, path.attribute)]
