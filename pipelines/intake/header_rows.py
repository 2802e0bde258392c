"""Where the headers of a table are: one row, or two or three of which the upper ones group the lower.

A header that is spread over rows is put together from the top down: `Montant` over `prévu` is `Montant prévu`, where
that is a word somebody knows; else the lowest cell is the header, and the group above it only a heading.

Belongs here: which rows are headers, and the text of each column's. Does not belong here: what they mean (headers).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.intake.header_maps import HeaderMap
from pipelines.intake.headers import Reading, light, owners, read

#: Rows of a sheet among which the header is looked for: letters often stand above a table, seldom more than these.
SEARCHED = 60
#: Rows that one header may be spread over.
DEEPEST = 3
#: Characters of a header; the longest of the published ones has 130.
_LONGEST = 250
_LETTER = re.compile(r"[^\W\d_]")
_VALUE = re.compile(r"[\d\s.,:/%€+()-]*\d[\d\s.,:/%€+()-]*")


@dataclass(frozen=True)
class Header:
    """The header of one table: rows `first` to `last`, and per column its text and the row in which it ends."""

    first: int
    last: int
    labels: tuple[str, ...]
    rows: tuple[int, ...]
    reading: Reading


def find(
    rows: Sequence[Sequence[str]],
    sheet: str = "",
    own: HeaderMap | None = None,
    spans: Mapping[tuple[int, int], int] | None = None,
    down: Mapping[int, int] | None = None,
) -> Header | None:
    """Finds the header among the first rows of a sheet; None if there is none.

    `spans` gives, for a cell merged over columns, by row and column, how many; None where nothing tells. `down` gives, for a
    row with cells merged over rows, the last of them: a header that is merged down reaches as far.
    """
    head = rows[:SEARCHED]
    known = [sum(1 for cell in row if _is_word(cell) and owners(cell, own)) for row in head]
    best: Header | None = None
    for last in range(len(head)):
        for first in range(last, max(-1, last - DEEPEST), -1):
            if first < last and not _is_labels(head[first], head[last], last - first == 1):
                break
            if max(known[first : last + 1]) == 0:
                continue
            labels, at = _together(head, first, last, own, spans or {})
            of_one, of_all = max(known[first : last + 1]), sum(1 for x in labels if x and owners(x, own))
            deep = first < last and any(head[last]) and (down or {}).get(first, first) >= last
            if first < last and (of_all < of_one or (of_all == of_one and not deep)):
                continue
            labels, reading = _understood(labels, head[last], read(labels, sheet, own), sheet, own)
            if reading is None or (best is not None and reading.score < best.reading.score):
                continue
            if best is None or reading.score > best.reading.score or (deep and first == best.first):
                best = Header(first, last, labels, at, reading)
    return best


def _understood(
    labels: tuple[str, ...], below: Sequence[str], reading: Reading | None, sheet: str, own: HeaderMap | None
) -> tuple[tuple[str, ...], Reading | None]:
    """Takes the lowest cell for the header where the table knows it, and only some other table the group with it."""
    if reading is None:
        return labels, None
    table = reading.kind or reading.layout
    alone = tuple(
        bottom.strip()
        if column is None and table in owners(bottom.strip(), own) and table not in owners(label, own)
        else label
        for label, bottom, column in zip(labels, below, reading.columns, strict=True)
    )
    again = None if alone == labels else read(alone, sheet, own)
    return (labels, reading) if again is None or again.score <= reading.score else (alone, again)


def _is_word(cell: str) -> bool:
    """Says whether a cell may be a header at all; most cells of a table are not, and need not be looked up."""
    return 0 < len(cell) < _LONGEST and _LETTER.search(cell) is not None


def _is_labels(above: Sequence[str], below: Sequence[str], first: bool) -> bool:
    """Says whether a row may be the upper part of a header: words only, and where it is the first, so is the one below."""
    rows = (above, below) if first else (above,)
    return all(any(row) and not any(_VALUE.fullmatch(cell) for cell in row if cell) for row in rows)


def _together(
    rows: Sequence[Sequence[str]], first: int, last: int, own: HeaderMap | None, spans: Mapping[tuple[int, int], int]
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Gives the text of each column's header and the row in which it ends."""
    if first == last:
        return tuple(rows[last]), (last,) * len(rows[last])
    above = [_spread(rows[row], rows[row + 1], row, spans) for row in range(first, last)]
    labels, at = [], []
    for column, bottom in enumerate(rows[last]):
        filled = [row for row in range(first, last + 1) if rows[row][column].strip()]
        parts = [text for row in above if (text := row[column].strip())]
        labels.append(_label(parts, bottom.strip(), own))
        at.append(filled[-1] if filled else last)
    return tuple(labels), tuple(at)


def _spread(row: Sequence[str], below: Sequence[str], number: int, spans: Mapping[tuple[int, int], int]) -> list[str]:
    """Repeats a group's name over its columns: as many as it is merged over, else up to the next name."""
    spread = list(row)
    merged = any(at == number for at, _ in spans)
    for column, text in enumerate(row):
        if not text.strip():
            continue
        until = column + spans.get((number, column), 1) if merged else len(row)
        for other in range(column + 1, min(until, len(row))):
            if row[other].strip() or not below[other].strip():
                break
            spread[other] = text
    return spread


def _label(parts: list[str], bottom: str, own: HeaderMap | None) -> str:
    if not bottom or not parts:
        return bottom or (parts[-1] if parts else "")
    whole = " ".join([*parts, bottom])
    turned = " ".join([bottom, *reversed(parts)])
    near = f"{parts[-1]} {bottom}"
    # `Quoi` over `Du` is no `À quoi`: what the group alone would be is not what the cell below it says.
    alone = {light(part) for part in parts}
    joined = (text for text in (whole, near, turned) if light(text) not in alone)
    return next((text for text in (*joined, bottom) if owners(text, own)), whole)
