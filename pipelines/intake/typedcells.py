"""The typed cells of a workbook as text: canonical numbers, ISO dates, and a letter that says what each cell was.

Belongs here: a column of Python values to text and type letters. Does not belong here: files and sheets (workbook).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any

from pipelines.intake.decoding import repair

if TYPE_CHECKING:
    import pyarrow as pa

#: Whole numbers up to here are exact in the binary floats that a spreadsheet computes in.
_EXACT = 2**53
#: Rows that are turned at once.
_AT_ONCE = 4096

#: What error cells say where they come as plain text, in the languages partners work in.
FAULTS = (
    "#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!",
    "#NOM?", "#NUL!", "#NOMBRE!", "#VALEUR!", "#PROPAGATION!", "Err:502", "Err:508", "Err:509", "Err:522",
)  # fmt: skip


class Fault(str):
    """The text of an error cell such as `#DIV/0!`."""


@dataclass(frozen=True)
class TypedColumn:
    """One column; `type` is None where every cell is text, `repaired` the first text that was encoded twice."""

    text: pa.StringArray
    type: pa.StringArray | None
    repaired: str | None


def columns(rows: Iterator[list[Any]], left_out: int) -> list[TypedColumn]:
    """Turns the cells of a sheet into columns, some thousand rows at a time, so that few Python objects live at once.

    `left_out` blank columns stand before the first that `rows` have.
    """
    import pyarrow as pa

    pieces: list[list[TypedColumn]] = []
    while chunk := list(islice(rows, _AT_ONCE)):
        pieces.append([column(values) for values in zip(*chunk, strict=True)])
    count = sum(len(piece[0].text) for piece in pieces if piece)
    blank = TypedColumn(pa.nulls(count, pa.string()), None, None)
    return [blank] * left_out + [_together(parts) for parts in zip(*pieces, strict=True)]


def _together(parts: Sequence[TypedColumn]) -> TypedColumn:
    import pyarrow as pa

    if len(parts) == 1:
        return parts[0]
    kinds = None
    if any(part.type is not None for part in parts):
        kinds = pa.concat_arrays([pa.repeat("s", len(p.text)) if p.type is None else p.type for p in parts])
    repaired = next((part.repaired for part in parts if part.repaired is not None), None)
    return TypedColumn(pa.concat_arrays([part.text for part in parts]), kinds, repaired)


def column(values: Sequence[Any]) -> TypedColumn:
    """Turns the cells of one column into text and type letters, whole columns of one type at a time; blank is null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    types = list(map(type, values))
    present = set(types)
    text = pa.array(values if present <= {str} else _only(str, values, types), pa.string())
    text, repaired = _repaired(text)
    blank = pc.equal(pc.utf8_trim_whitespace(text), "")
    if pc.any(blank).as_py():
        text = pc.if_else(blank, pa.scalar(None, pa.string()), text)
    faults = pc.is_in(text, value_set=pa.array(FAULTS))
    if present <= {str} and not pc.any(faults).as_py():
        return TypedColumn(text, None, repaired)
    for kind in present - {str}:
        _, render = _KINDS[kind]
        text = pc.coalesce(text, render(_only(kind, values, types)))
    letters = pa.array([_KINDS[kind][0] for kind in types], pa.string())
    return TypedColumn(text, pc.if_else(faults, "e", letters), repaired)


def _only(kind: type, values: Sequence[Any], types: Sequence[type]) -> list[Any]:
    return [value if type_ is kind else None for value, type_ in zip(values, types, strict=True)]


def _numbers(values: list[float | None]) -> pa.StringArray:
    import pyarrow as pa

    return written(pa.array(values, pa.float64()))


def written(floats: pa.DoubleArray) -> pa.StringArray:
    """Writes numbers as the sheet shows them: whole ones without a point, none with an exponent, 15 digits at most.

    A sheet keeps 15 digits of what is typed; those beyond are noise of binary arithmetic (32365.280000000002).
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = pc.and_(pc.equal(pc.floor(floats), floats), pc.less_equal(pc.abs(floats), _EXACT))
    integers = pc.if_else(whole, floats, 0.0).cast(pa.int64()).cast(pa.string())
    text = pc.if_else(whole, integers, floats.cast(pa.string()))
    long = pc.and_(pc.greater(pc.utf8_length(text), len("0.") + 15), pc.invert(whole))
    odd = pc.fill_null(pc.or_(long, pc.match_substring(text, "e")), fill_value=False)
    if not pc.any(odd).as_py():
        return text
    plain = [format(Decimal(f"{value:.15g}"), "f") for value in floats.filter(odd).to_pylist()]
    return pc.replace_with_mask(text, odd, pa.array(plain, pa.string()))


def _whole(values: list[int | None]) -> pa.StringArray:
    import pyarrow as pa

    return pa.array(values, pa.int64()).cast(pa.string())


def _truth(values: list[bool | None]) -> pa.StringArray:
    import pyarrow as pa

    return pa.array(values, pa.bool_()).cast(pa.string())


def _days(values: list[date | None]) -> pa.StringArray:
    import pyarrow as pa

    return pa.array(values, pa.date32()).cast(pa.string())


def _moments(values: list[datetime | None]) -> pa.StringArray:
    """Writes the day; no field of any contract has a time of day."""
    import pyarrow as pa

    return pa.array(values, pa.timestamp("us")).cast(pa.date32(), safe=False).cast(pa.string())


def _as_is(values: list[Any]) -> pa.StringArray:
    import pyarrow as pa

    return pa.array([None if value is None else str(value) for value in values], pa.string())


def _repaired(text: pa.StringArray) -> tuple[pa.StringArray, str | None]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pc.any(pc.match_substring_regex(text, "[ÃÂ]|â(€|‚|\\x{80})|ï»¿|Å[“’]")).as_py():
        return text, None
    fixed = [(None, 0, None) if value is None else repair(value) for value in text.to_pylist()]
    example = next((example for _, _, example in fixed if example is not None), None)
    return pa.array([value for value, _, _ in fixed], pa.string()), example


_KINDS: dict[type, tuple[str, Callable[[list[Any]], Any]]] = {
    str: ("s", _as_is),
    float: ("n", _numbers),
    int: ("n", _whole),
    bool: ("b", _truth),
    date: ("d", _days),
    datetime: ("d", _moments),
    time: ("s", _as_is),
    timedelta: ("s", _as_is),
    Fault: ("e", _as_is),
}
