"""Workbooks as busy people make them, with mistakes in known cells: the same seed gives the same workbooks.

Belongs here: how tables are laid out on sheets and what is planted where. Does not belong here: values and ways of getting
them wrong (planted_rows), what is made of a workbook (test_planted).

A sheet is drawn up as cells, then written by openpyxl or by xlsxwriter, in turn, since both write files that differ inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any, Literal
from unicodedata import combining, normalize

from openpyxl.utils import get_column_letter as letter

from pipelines.contract import code_list, fold, header_map, reports
from pipelines.demo_reports import spelled_boolean
from planted_rows import MISTAKES, Mistake, Value, clean

Language = Literal["fr", "en"]
#: A cell, by sheet row and column, both from 1 on.
At = tuple[int, int]

#: Headings over groups of columns: words that are no field of any kind.
HEADINGS = {
    "fr": ("Quoi", "Qui est concerné", "À remplir", "Pour le fonds"),
    "en": ("What", "Who it is", "To fill in", "For the fund"),
}
TITLES = {
    "fr": "Relevé du trimestre, à renvoyer avant le 5",
    "en": "Statement of the quarter, please return by the 5th",
}
NOTES = {
    "fr": "Les montants ont été arrondis par notre logiciel de comptabilité.",
    "en": "Amounts were rounded by our accounting software.",
}
ERRORS = ("#N/A", "#REF!")


@dataclass(frozen=True)
class Planted:
    """A mistake in a workbook: what the findings must say of it, and whether the row still counts."""

    file: str
    sheet: str
    cell: str
    rule: str
    kept: bool


@dataclass(frozen=True)
class Notice:
    """Something about the form of a sheet that must be told: rows and columns that are hidden, totals, unknown columns."""

    file: str
    sheet: str
    rule: str


@dataclass
class Sheet:
    """The cells of a sheet and what is odd about it."""

    name: str
    cells: dict[At, Value] = field(default_factory=dict)
    merged: list[tuple[At, At]] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Workbook:
    """A workbook with what was planted in it; `rows` are the rows of each sheet and kind."""

    file: str
    path: Path
    planted: tuple[Planted, ...]
    notices: tuple[Notice, ...]
    rows: dict[tuple[str, str], int]


@dataclass
class _Draft:
    """A workbook while it is drawn up."""

    file: str
    rng: Random
    language: Language
    sheets: list[Sheet] = field(default_factory=list)
    planted: list[Planted] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    rows: dict[tuple[str, str], int] = field(default_factory=dict)


def workbooks(folder: Path, count: int, seed: int) -> Iterator[Workbook]:
    """Writes so many workbooks; every kind and every mistake take their turns."""
    rng = Random(seed)
    kinds = cycle(rng.sample(list(reports()), len(reports())))
    turns = {
        kind: cycle(rng.sample(own, len(own))) for kind in reports() if (own := [m for m in MISTAKES if m.kind == kind])
    }
    number = iter(range(1, 1_000_000))
    for n in range(count):
        draft = _Draft(f"partner-{n:02d}/2026-Q1/{n:02d}.xlsx", rng, "fr" if n % 3 else "en")
        for s in range(1 + n % 3):
            sheet = Sheet(f"{'Feuille' if draft.language == 'fr' else 'Sheet'} {s + 1}")
            row = _title(draft, sheet)
            for _ in range(1 + (n + s) % 5 // 3):
                kind = next(kinds)
                row = _table(draft, sheet, row, kind, turns[kind], number)
            if rng.random() < 0.2:
                sheet.cells[row, 2] = NOTES[draft.language]
                draft.notices.append(Notice(draft.file, sheet.name, "read.note-below"))
            draft.sheets.append(sheet)
        path = folder / draft.file
        path.parent.mkdir(parents=True, exist_ok=True)
        (_by_openpyxl if n % 2 else _by_xlsxwriter)(path, draft.sheets)
        yield Workbook(draft.file, path, tuple(draft.planted), tuple(draft.notices), draft.rows)


def _title(draft: _Draft, sheet: Sheet) -> int:
    """Puts none to three rows above the first table; gives the row that it begins in."""
    lines = draft.rng.randrange(4)
    for row in range(1, lines + 1):
        if row != 2:
            sheet.cells[row, 1] = f"{TITLES[draft.language]} ({row})"
    if lines and draft.rng.random() < 0.5:
        sheet.merged.append(((1, 1), (1, 4)))
    return lines + 1 + (draft.rng.randrange(2) if lines else 0)


def _table(draft: _Draft, sheet: Sheet, top: int, kind: str, turns: Iterator[Mistake], number: Iterator[int]) -> int:
    """Draws a table of 6 to 14 rows with one to four mistakes; gives the first row that is free below it."""
    rng = draft.rng
    count = rng.randrange(6, 15)
    rows = [clean(kind, next(number), rng) for _ in range(count)]
    names = rng.sample(list(rows[0]), len(rows[0]))
    columns = _columns(rng, names)
    header_rows = _header(draft, sheet, top, kind, names, columns)
    styles = {name: rng.choice(("typed", "typed", "local")) for name in names}
    wrong = {at: next(turns) for at in rng.sample(range(count), rng.randrange(1, 5))}
    for mistake in wrong.values():
        for name in names if mistake.typed else ():
            styles[name] = "typed"
    # Of a column, one text that can be read in two ways is enough: what a second one says would be of the first as well.
    unsure: set[str | None] = set()
    wrong = {at: m for at, m in wrong.items() if not (m.typed and (m.at in unsure or unsure.add(m.at)))}  # type: ignore[func-returns-value]

    places = _places(rng, top + header_rows, count)
    for at, (place, row) in enumerate(zip(places, rows, strict=True)):
        mistake = wrong.get(at)
        spoiled = mistake.spoil(row) if mistake else {}
        for name, column in columns.items():
            value = (
                spoiled[name] if name in spoiled else _spelled(kind, name, row[name], draft.language, styles[name], rng)
            )
            if value is not None:
                sheet.cells[place, column] = value
        if mistake:
            column = columns[mistake.at] if mistake.at else 1
            draft.planted.append(
                Planted(draft.file, sheet.name, f"{letter(column)}{place}", mistake.rule, mistake.kept)
            )
    key = sheet.name, kind
    draft.rows[key] = draft.rows.get(key, 0) + count
    bottom = _extras(draft, sheet, top + header_rows, places, columns)
    return bottom + 2 + rng.randrange(2)


def _columns(rng: Random, names: list[str]) -> dict[str, int]:
    """Gives each field its column; some tables begin further right, some have a blank column within."""
    column = rng.choice((1, 1, 1, 2, 3))
    gap = rng.randrange(1, len(names)) if rng.random() < 0.25 else None
    columns = {}
    for n, name in enumerate(names):
        column += n == gap
        columns[name] = column
        column += 1
    return columns


def _places(rng: Random, first: int, count: int) -> list[int]:
    """Gives each row its place; in some tables blank rows stand between."""
    gaps = set(rng.sample(range(1, count), rng.randrange(1, 3))) if rng.random() < 0.35 else set()
    places, row = [], first
    for n in range(count):
        row += n in gaps
        places.append(row)
        row += 1
    return places


def _header(draft: _Draft, sheet: Sheet, top: int, kind: str, names: list[str], columns: dict[str, int]) -> int:
    """Writes the header in one row, or in two with groups merged over the first; gives how many rows it takes."""
    rng = draft.rng
    if rng.random() < 0.65:
        for name in names:
            sheet.cells[top, columns[name]] = _worded(rng, kind, name, draft.language)
        return 1
    headings = iter(rng.sample(HEADINGS[draft.language], 4))
    n = 0
    while n < len(names):
        size = min(rng.choice((1, 1, 2, 3)), len(names) - n)
        group = names[n : n + size]
        heading = next(headings, None) if size > 1 and columns[group[-1]] - columns[group[0]] == size - 1 else None
        for name in group:
            text = _worded(rng, kind, name, draft.language)
            if heading is None:
                sheet.cells[top, columns[name]] = text
                sheet.merged.append(((top, columns[name]), (top + 1, columns[name])))
            else:
                sheet.cells[top + 1, columns[name]] = text
        if heading is not None:
            sheet.cells[top, columns[group[0]]] = heading
            sheet.merged.append(((top, columns[group[0]]), (top, columns[group[-1]])))
        n += size
    return 2


def _extras(draft: _Draft, sheet: Sheet, first: int, places: list[int], columns: dict[str, int]) -> int:
    """Adds a column of our own, hides rows and columns, adds up; gives the last row of the table."""
    rng, notices = draft.rng, draft.notices
    if rng.random() < 0.25:
        column = max(columns.values()) + 1
        sheet.cells[first - 1, column] = "Zone interne" if draft.language == "fr" else "Office use"
        for place in places[:: rng.randrange(1, 4)]:
            sheet.cells[place, column] = "vu"
        notices.append(Notice(draft.file, sheet.name, "read.unknown-column"))
    if rng.random() < 0.3:
        sheet.hidden_rows |= set(rng.sample(places, 2))
        notices.append(Notice(draft.file, sheet.name, "V25.hidden-rows"))
    if rng.random() < 0.3:
        filled = [c for c in columns.values() if any((place, c) in sheet.cells for place in places)]
        sheet.hidden_columns.add(rng.choice(filled))
        notices.append(Notice(draft.file, sheet.name, "V25.hidden-columns"))
    sums = [c for name, c in columns.items() if name in ("amount", "planned", "declared_value", "hours", "quantity")]
    label = next((c for name, c in columns.items() if name.endswith(("_id", "label", "title", "period"))), None)
    if sums and label and rng.random() < 0.4:
        row = places[-1] + 1
        sheet.cells[row, label] = rng.choice(("Total", "TOTAL", "Somme", "Total :"))
        for column in sums:
            found = [v for p in places if isinstance(v := sheet.cells.get((p, column)), int | float)]
            sheet.cells[row, column] = round(sum(found), 2)
        notices.append(Notice(draft.file, sheet.name, "total"))
        return row
    return places[-1]


def _worded(rng: Random, kind: str, name: str, language: Language) -> str:
    """Words a header as people do: as stated or by a synonym, in another case, without accents, over two lines."""
    contract = reports()[kind]
    known = header_map(contract)
    # A header that names the currency answers for a blank cell of the currency.
    others = [
        text for text in contract.fields[name].also
        if known.get(fold(text)) == name and len(fold(text)) > 4 and "eur" not in fold(text)
    ]  # fmt: skip
    text = rng.choice(others) if others and rng.random() < 0.2 else contract.fields[name].header.of(language)
    match rng.randrange(7):
        case 0:
            return text.upper()
        case 1:
            return _bare(text)
        case 2:
            return f"  {text} "
        case 3:
            return text.replace(" ", "\n", 1)
        case 4:
            return f"{text.lower()} *"
        case _:
            return text


def _bare(text: str) -> str:
    return "".join(c for c in normalize("NFD", text) if not combining(c)).replace("’", "'")


def _spelled(kind: str, name: str, value: Value, language: Language, style: str, rng: Random) -> Value:
    """Types a right value: as a number or day of the spreadsheet, or as the text of a language."""
    of = reports()[kind].fields[name]
    if of.type == "boolean":
        return spelled_boolean(value == "oui", language)
    if of.type == "code" and rng.random() < 0.7:
        label = next(c for c in code_list(of.codes or "").codes if c.code == value)
        text = label.fr if language == "fr" else label.en
        return text if style == "typed" else _bare(text).upper()
    if style == "typed" or value is None:
        return value
    if of.type == "money":
        text = f"{float(str(value)):,.2f}"
        return text.replace(",", "\u202f").replace(".", ",") + " €" if language == "fr" else text
    if isinstance(value, date):
        # A year first settles the matter for every cell of the column.
        return f"{value:%Y-%m-%d}"
    return value


def _by_xlsxwriter(path: Path, sheets: list[Sheet]) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"in_memory": True, "strings_to_numbers": False}) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        plain = book.add_format({"align": "center"})
        for sheet in sheets:
            written = book.add_worksheet(sheet.name)
            for (row1, column1), (row2, column2) in sheet.merged:
                if (row1, column1) != (row2, column2):
                    written.merge_range(row1 - 1, column1 - 1, row2 - 1, column2 - 1, "", plain)
            for (row, column), value in sorted(sheet.cells.items()):
                at = row - 1, column - 1
                if value in ERRORS:
                    written.write_formula(*at, "=NA()" if value == "#N/A" else "=A1+#REF!", None, value)
                elif isinstance(value, date):
                    written.write_datetime(*at, datetime(value.year, value.month, value.day), day)  # noqa: DTZ001
                else:
                    written.write(*at, value)
            for row in sheet.hidden_rows:
                written.set_row(row - 1, None, None, {"hidden": True})
            for column in sheet.hidden_columns:
                written.set_column(column - 1, column - 1, None, None, {"hidden": True})


def _by_openpyxl(path: Path, sheets: list[Sheet]) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for sheet in sheets:
        written: Any = book.create_sheet(sheet.name)
        for (row, column), value in sorted(sheet.cells.items()):
            written.cell(row, column, value)
        for (row1, column1), (row2, column2) in sheet.merged:
            if (row1, column1) != (row2, column2):
                written.merge_cells(start_row=row1, start_column=column1, end_row=row2, end_column=column2)
        for row in sheet.hidden_rows:
            written.row_dimensions[row].hidden = True
        for column in sheet.hidden_columns:
            written.column_dimensions[letter(column)].hidden = True
    book.save(path)
