"""What a workbook says of its sheets beside the values of cells: what is hidden, merged, an error, or a percentage.

Belongs here: the shapes that the readers of xlsx, xls and ods fill in alike. Does not belong here: how any of them is
read (sheetxml, biff, odsxml), or what is made of it (workbook, merged).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class SheetFacts:
    """Rows are numbered as in the sheet, columns from 0 on; `merged` holds first row, first column, last row, last column.

    `percent` holds, per column, the rows whose number is shown as a percentage; `uncomputed` cells are formulas that
    were saved without a result.
    """

    errors: Mapping[tuple[int, int], str] = field(default_factory=dict)
    uncomputed: tuple[str, ...] = ()
    hidden_rows: tuple[int, ...] = ()
    hidden_columns: tuple[int, ...] = ()
    percent: Mapping[int, frozenset[int]] = field(default_factory=dict)
    merged: tuple[tuple[int, int, int, int], ...] = ()


@dataclass(frozen=True)
class BookFacts:
    """What is known of a workbook and, by name, of its sheets; `from_1904` says from when it counts its days."""

    sheets: Mapping[str, SheetFacts] = field(default_factory=dict)
    macros: bool = False
    from_1904: bool = False


def column_number(letters: str) -> int:
    """Gives the number of a sheet column: A is 1, AA is 27."""
    number = 0
    for char in letters:
        number = number * 26 + ord(char) - 64
    return number


def runs(numbers: tuple[int, ...]) -> list[tuple[int, int]]:
    """Puts neighbouring numbers together: 4, 5, 6, 9 are 4 to 6 and 9 to 9."""
    found: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found
