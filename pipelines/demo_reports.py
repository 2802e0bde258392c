"""The files of the fictional fund's partners: workbooks and exports, in French and in English.

Belongs here: how a value is typed into a workbook or an export, and the address of the cell it is typed into. Does
not belong here: which values (`demo_money`, `demo_tables`), which mistakes (`demo_mistakes`), IATI (`demo_iati`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pipelines.contract import Contract, Field, code_list, fold, header_map, load_all
from pipelines.demo_mistakes import Slip
from pipelines.demo_world import Language, Partner, World

if TYPE_CHECKING:
    import pyarrow as pa
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

#: A workbook states when it was made; the demo's always say this.
CREATED = datetime(2026, 7, 1)  # noqa: DTZ001 - office files know no zone
FICTION = {
    "fr": "Rapport fictif : organismes, lieux et montants sont inventés.",
    "en": "A fictional report: organisations, places and amounts are invented.",
}


@dataclass(frozen=True)
class Planted:
    """A mistake as it stands in a file; `rule_id` None: it must be understood without a finding.

    One of a whole file, its encoding, has no cell and no field.
    """

    file: str
    sheet: str
    cell: str
    kind: str
    field: str
    typed: str | None
    rule_id: str | None


@dataclass(frozen=True)
class Dialect:
    """The habits of one exporting system."""

    encoding: str
    delimiter: str
    decimal: str
    day: str
    newline: str
    quoting: Literal["none", "needed"]
    states_sender: bool
    also: bool


#: What older French systems write; a mistake of the file, whatever its cells hold.
OLD_ENCODING = "cp1252"

#: French systems in turn, then the English one.
DIALECTS = (
    Dialect(OLD_ENCODING, ";", ",", "%d/%m/%Y", "\r\n", "none", states_sender=False, also=False),
    Dialect("utf-8", ";", ".", "%Y-%m-%d", "\n", "needed", states_sender=True, also=True),
    Dialect("utf-8-sig", ";", ",", "%Y-%m-%d", "\r\n", "none", states_sender=False, also=False),
)
ENGLISH = Dialect("utf-8", ",", ".", "%Y-%m-%d", "\n", "needed", states_sender=True, also=False)


def write_workbook(
    path: Path, file: str, partner: Partner, period: str, tables: Mapping[str, tuple[pa.Table, Iterable[Slip]]]
) -> list[Planted]:
    """Writes one partner's workbook: who reports, then one sheet per kind; gives the mistakes with their cells."""
    import xlsxwriter

    options = {"in_memory": True, "strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}
    language = partner.language
    planted: list[tuple[str, str, str, Slip]] = []
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": FICTION[language], "author": partner.name, "created": CREATED})
        formats = {
            "head": book.add_format({"bold": True, "text_wrap": True, "bg_color": "#E8EEF4"}),
            "title": book.add_format({"bold": True, "font_size": 14}),
            "money": book.add_format({"num_format": "#,##0.00"}),
            "date": book.add_format({"num_format": "dd/mm/yyyy" if language == "fr" else "yyyy-mm-dd"}),
        }
        _identity(book.add_worksheet("Identité" if language == "fr" else "Identity"), partner, period, formats)
        for kind, (rows, slips) in tables.items():
            contract = load_all()[kind]
            name = contract.title.of(language)
            sheet = book.add_worksheet(name)
            planted += [
                (name, cell, kind, slip)
                for cell, slip in _sheet(sheet, partner, period, contract, rows, slips, formats)
            ]
    return [found(file, name, cell, kind, slip) for name, cell, kind, slip in planted]


def found(file: str, sheet: str, cell: str, kind: str, slip: Slip) -> Planted:
    """Says where a mistake stands."""
    typed = None if slip.typed is None else str(slip.typed)
    return Planted(file, sheet, cell, kind, slip.field, typed, slip.rule_id)


def _identity(sheet: Worksheet, partner: Partner, period: str, formats: Mapping[str, Format]) -> None:
    language, shared = partner.language, load_all()["transactions"].fields
    rows = (
        (shared["partner_name"].header.of(language), partner.name),
        (shared["partner_id"].header.of(language), partner.siren),
        (shared["report_period"].header.of(language), spelled_period(period, language)),
        ("Note", FICTION[language]),
    )
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, 60)
    for n, (label, value) in enumerate(rows):
        sheet.write_string(n, 0, label, formats["head"])
        sheet.write_string(n, 1, value)


def _sheet(
    sheet: Worksheet, partner: Partner, period: str, contract: Contract, rows: pa.Table, slips: Iterable[Slip],
    formats: Mapping[str, Format],
) -> Iterator[tuple[str, Slip]]:  # fmt: skip
    """Fills one sheet; every second partner puts a title above the header."""
    from xlsxwriter.utility import xl_rowcol_to_cell

    fields = ordered(contract, rows.column_names)
    top = 0
    if partner.index % 2:
        sheet.write_string(
            0,
            0,
            f"{contract.title.of(partner.language)} – {spelled_period(period, partner.language)}",
            formats["title"],
        )
        top = 2
    for column, field in enumerate(fields):
        sheet.write_string(top, column, field.header.of(partner.language), formats["head"])
        sheet.set_column(column, column, 16)
    wrong = {(slip.row, slip.field): slip for slip in slips}
    for n, values in enumerate(rows.to_pylist()):
        for column, field in enumerate(fields):
            slip = wrong.get((n, field.name))
            value = slip.typed if slip else values[field.name]
            _type(sheet, top + 1 + n, column, field, value, partner, formats)
            if slip:
                yield xl_rowcol_to_cell(top + 1 + n, column), slip


def _type(
    sheet: Worksheet, row: int, column: int, field: Field, value: Any, partner: Partner, formats: Mapping[str, Format]
) -> None:
    match value:
        case None:
            return
        case bool():
            sheet.write_string(row, column, spelled_boolean(value, partner.language))
        case date():
            sheet.write_datetime(row, column, value, formats["date"])
        case int() | Decimal():
            sheet.write_number(row, column, float(value), formats["money"] if field.type == "money" else None)
        case str() if field.type == "code" and partner.index % 4 != 1:
            sheet.write_string(row, column, _label(field, value, partner.language))
        case str() if field.type == "period":
            sheet.write_string(row, column, spelled_period(value, partner.language))
        case _:
            sheet.write_string(row, column, value)


def dialect_of(partner: Partner) -> Dialect:
    """Gives the habits of a partner's system."""
    return ENGLISH if partner.language == "en" else DIALECTS[partner.index // 4 % len(DIALECTS)]


def typed_columns(world: World, kind: str, rows: pa.Table, slips: Iterable[Slip], dialect: Dialect) -> pa.Table:
    """Gives all rows of one kind and dialect as the texts to be written, mistakes included, whole columns at a time."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    columns: dict[str, pa.ChunkedArray | pa.Array] = {}
    if dialect.states_sender:
        columns["partner_id"] = pa.array([p.siren for p in world.partners]).take(rows["_partner"].combine_chunks())
        columns["report_period"] = pa.array(list(world.quarters)).take(rows["_quarter"].combine_chunks())
    for field in ordered(load_all()[kind], rows.column_names):
        column = rows[field.name].combine_chunks()
        if column.null_count == len(column):
            continue
        match field.type:
            case "money" | "number" | "percent":
                texts = pc.replace_substring(column.cast(pa.string()), ".", dialect.decimal)
            case "date":
                # A short column of French dates need not say which part is the day; only money is long enough.
                texts = pc.strftime(column, dialect.day if kind == "transactions" else "%Y-%m-%d")
            case "boolean":
                texts = pc.if_else(column, "oui", "non")
            case _:
                texts = column.cast(pa.string())
        wrong = [s for s in slips if s.field == field.name]
        if wrong:
            mask = np.zeros(len(texts), dtype=bool)
            mask[[s.row for s in wrong]] = True
            typed = [None if s.typed is None else str(s.typed) for s in sorted(wrong, key=lambda s: s.row)]
            texts = pc.replace_with_mask(texts, mask, pa.array(typed, pa.string()))
        columns[field.name] = texts
    return pa.table(columns)


def write_export(path: Path, kind: str, texts: pa.Table, dialect: Dialect, language: Language) -> None:
    """Writes one export: the header in the partner's language, then the rows as they are typed."""
    import pyarrow as pa
    from pyarrow import csv

    head = dialect.delimiter.join(_header(kind, name, language, dialect.also) for name in texts.column_names)
    body = pa.BufferOutputStream()
    options = csv.WriteOptions(include_header=False, delimiter=dialect.delimiter, quoting_style=dialect.quoting)
    csv.write_csv(texts, body, options)
    text = head + "\n" + body.getvalue().to_pybytes().decode()
    path.write_bytes(text.replace("\n", dialect.newline).encode(dialect.encoding))


@cache
def _header(kind: str, name: str, language: Language, also: bool) -> str:
    """Gives the header that a system writes: the stated one, or another spelling that means no other field."""
    contract = load_all()[kind]
    known = header_map(contract)
    others = [spelling for spelling in contract.fields[name].also if known[fold(spelling)] == name]
    return others[0] if also and others else contract.fields[name].header.of(language)


def ordered(contract: Contract, names: Iterable[str]) -> list[Field]:
    """Gives the fields of a contract that a table has: the project first, as people look for it, then in its order."""
    there = set(names)
    fields = [f for f in contract.fields.values() if f.name in there]
    return sorted(fields, key=lambda f: f.name != "project_id")


def spelled_period(period: str, language: Language) -> str:
    """Spells a quarter as people of a language do: `2026-T2`, `2026-Q2`."""
    return period.replace("Q", "T") if language == "fr" else period


def spelled_boolean(value: bool, language: Language) -> str:
    """Spells yes and no."""
    return {"fr": ("non", "oui"), "en": ("no", "yes")}[language][value]


def _label(field: Field, code: str, language: Language) -> str:
    """Gives the words of a code, as a drop-down of the workbook offers them; what is no code stays as typed."""
    assert field.codes is not None
    return next((c.fr if language == "fr" else c.en for c in code_list(field.codes).codes if c.code == code), code)
