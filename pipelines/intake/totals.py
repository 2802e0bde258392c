"""Rows of totals below or within a table: recognised, checked against the rows they sum up, and never read as rows.

A row is a total if a cell of words says so (`Total`, `Sous-total`, `Somme`) and all its other cells are numbers, or if
it is the last one, has nothing but amounts, and these are the sums of those above. A row that names a project or a
day beside is an ordinary row, whatever it is called: there is a company of the name of Total.

Belongs here: recognising and checking totals. Does not belong here: totals that contracts speak of (rules).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from pipelines.intake.grid import Grid
from pipelines.intake.model import ReadFinding

#: Types of fields whose values add up.
QUANTITIES = frozenset(("money", "number", "integer", "percent"))
_WORDS = r"(?:(?:sous|sub|grand|super)[ -]?)?(?:total|totaux|totals|somme|sommes|sum|cumul)\b"
_PART = re.compile(r"(?:sous|sub)[ -]?tota", re.IGNORECASE)
_LABEL = re.compile(_WORDS + r".{0,60}", re.IGNORECASE | re.DOTALL)
_NUMBER = re.compile(r"[-+(]?[\d\s.,’']*\d[\d\s.,’']*\)?\s*(?:€|k€|EUR|euros?|%)?", re.IGNORECASE)
#: Half a cent: what a total typed or shown to the cent may be off.
_NEAR = Decimal("0.005")
#: Types whose column may hold the name of an organisation, and with it that of the company.
_NAMES = frozenset(("org", "text"))


@dataclass(frozen=True)
class _Total:
    """One row that may be a total: its index, the position of its label (none for a bare sum), its amounts."""

    index: int
    label: int | None
    amounts: dict[int, str]


def take_out(grid: Grid, types: Mapping[int, str]) -> tuple[Grid, list[ReadFinding]]:
    """Leaves totals out of the rows; gives what there is to say of each. `types` are field types by position."""
    import pyarrow as pa

    amounts = {i: kind for i, kind in types.items() if kind in QUANTITIES}
    if not amounts or not len(grid.rows):
        return grid, []
    totals = [found for index in _candidates(grid, amounts) if (found := _total(grid, index, amounts))]
    if (last := len(grid.rows) - 1) > 1 and not any(t.index == last for t in totals):
        totals += [found] if (found := _bare(grid, last, amounts)) else []
    taken: list[_Total] = []
    findings: list[ReadFinding] = []
    at = {total.index for total in totals}
    for total in totals:
        checked = _check(grid, total, at, _since(taken))
        ends = all(i in at for i in range(total.index, last + 1))
        differs = any(expected is not None and not right for expected, right in checked.values())
        if total.label is None and (differs or not checked or any(e is None for e, _ in checked.values())):
            continue
        if total.label is not None and differs and not ends and types.get(total.label) in _NAMES:
            part = _PART.match(_text(grid, total.label, total.index))
            if part is None:
                at.discard(total.index)
                continue
        taken.append(total)
        findings += _findings(grid, total, checked)
    if not taken:
        return grid, []
    out = {total.index for total in taken}
    return grid.where(pa.array([i not in out for i in range(len(grid.rows))])), findings


def _candidates(grid: Grid, amounts: Mapping[int, str]) -> list[int]:
    """Gives the rows in which a cell of words begins as a total does."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pa.repeat(pa.scalar(False), len(grid.rows))
    for i, text in enumerate(grid.texts):
        if i not in amounts and text.null_count < len(text):
            says = pc.match_substring_regex(text, r"^\s*" + _WORDS, ignore_case=True)
            found = pc.or_(found, pc.fill_null(says, fill_value=False))
    return pc.indices_nonzero(found).to_pylist() if pc.any(found).as_py() else []


def _total(grid: Grid, index: int, amounts: Mapping[int, str]) -> _Total | None:
    """Reads a row as a total; None where it says more than a label and numbers."""
    label, values = None, {}
    for i, column in enumerate(grid.texts):
        text = column[index].as_py()
        if text is None:
            continue
        if i in amounts:
            values[i] = text
        elif _LABEL.fullmatch(text.strip()):
            label = i if label is None else label
        elif not _is_number(grid, i, index, text):
            return None
    return None if label is None else _Total(index, label, values)


def _bare(grid: Grid, index: int, amounts: Mapping[int, str]) -> _Total | None:
    filled = {i: column[index].as_py() for i, column in enumerate(grid.texts) if column[index].is_valid}
    return _Total(index, None, filled) if filled and set(filled) <= set(amounts) else None


def _is_number(grid: Grid, position: int, index: int, text: str) -> bool:
    types = grid.types[position]
    return (types is not None and types[index].as_py() == "n") or _NUMBER.fullmatch(text.strip()) is not None


def _text(grid: Grid, position: int, index: int) -> str:
    return str(grid.texts[position][index].as_py()).strip()


def _since(taken: list[_Total]) -> int:
    return taken[-1].index + 1 if taken else 0


def _check(grid: Grid, total: _Total, totals: set[int], since: int) -> dict[int, tuple[Decimal | None, bool]]:
    """Gives, per amount, the sum that was expected (None where a cell cannot be read for sure) and whether it is met.

    A total is that of all rows above, or of those since the last one.
    """
    checked: dict[int, tuple[Decimal | None, bool]] = {}
    is_part = total.label is not None and _PART.match(_text(grid, total.label, total.index)) is not None
    for position in total.amounts:
        value = _sum(grid, position, total.index, total.index + 1, set())
        whole, part = (_sum(grid, position, start, total.index, totals) for start in (0, since))
        expected = part if is_part else whole
        right = value is not None and any(abs(value - each) <= _NEAR for each in (whole, part) if each is not None)
        checked[position] = (expected if value is not None else None, right)
    return checked


def _sum(grid: Grid, position: int, start: int, stop: int, totals: set[int]) -> Decimal | None:
    """Adds up the cells of a column, totals left out; None where there are none, or one can be read in two ways."""
    import pyarrow as pa
    import pyarrow.compute as pc

    text, types = grid.texts[position].slice(start, stop - start), grid.types[position]
    if within := [i - start for i in totals if start <= i < stop]:
        kept = pa.array([i not in within for i in range(len(text))])
        text = text.filter(kept)
    else:
        kept = None
    # Arrow's \s knows no spaces but those of ASCII.
    plain = pc.replace_substring_regex(text, r"(?i)[\s\x{a0}\x{2009}\x{202f}€’']|euros?|eur", "")
    comma = pc.match_substring_regex(plain, r"^-?\d+,(\d{1,2}|\d{4,})$")
    sure = pc.or_(comma, pc.match_substring_regex(plain, r"^-?(\d+|\d+\.\d{1,2}|\d+\.\d{4,}|0\.\d+)$"))
    if types is not None:
        letters = types.slice(start, stop - start)
        sure = pc.or_(sure, pc.equal(letters if kept is None else letters.filter(kept), "n"))
    if plain.null_count == len(plain) or not pc.all(sure).as_py():
        return None
    try:
        found: Decimal = pc.sum(pc.replace_substring(plain, ",", ".").cast(pa.decimal128(38, 10))).as_py()
    except pa.ArrowInvalid:
        return None
    return found


def _findings(grid: Grid, total: _Total, checked: Mapping[int, tuple[Decimal | None, bool]]) -> list[ReadFinding]:
    row = grid.rows[total.index].as_py()
    line = row if grid.in_text else None
    sheet = grid.sheet or None
    wrong = {i: expected for i, (expected, right) in checked.items() if expected is not None and not right}
    label = _text(grid, total.label, total.index) if total.label is not None else None
    if not wrong:
        at = total.label if total.label is not None else min(total.amounts)
        rule = "read.total-row" if checked and all(right for _, right in checked.values()) else "read.total-not-checked"
        return [ReadFinding(rule, sheet, grid.address(at, row), line, value=label or total.amounts[at])]
    return [
        ReadFinding(
            "V11.total-differs",
            sheet,
            grid.address(i, row),
            line,
            value=total.amounts[i],
            expected=_plain(expected),
            args={"difference": _plain(_value(grid, i, total.index) - expected), "label": label or ""},
        )
        for i, expected in wrong.items()
    ]


def _value(grid: Grid, position: int, index: int) -> Decimal:
    value = _sum(grid, position, index, index + 1, set())
    assert value is not None, "what was checked was read"
    return value


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")
