"""Makes the inputs of the benchmarks from a seed: the same bytes on every machine.

    python -m benchmarks.inputs FOLDER [NAME ...]

The grants and the IATI activities are real reports, repeated; they are found by the variable SDG17_REAL. Where errors
are planted, `<name>.truth.csv` lists each with its cell, what was typed and the family of rules that must find it.
What belongs here: inputs. What does not: measuring (`peers`), and small examples (`tests/examples`).
"""

from __future__ import annotations

import csv
import json
import os
import re
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from benchmarks import sheets

SEED = 17
GRANTS = 49_000
PLANTED = 4_900
ROWS = 100_000
ROW_ERRORS = 2_000
WORKBOOKS = 200
WORKBOOK_ROWS = 250
ACTIVITY_COPIES = 6

#: Per column of the grants: what is typed, and the rules (of one family) that must find it.
GRANT_ERRORS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Amount Awarded": ("V01", ("n/a", "thirty thousand", "see letter", "30,00,00")),
    "Award Date": ("V03", ("2019-02-30", "31/11/2018", "2017-13-13", "30/02/2016")),
    "Currency": ("V10", ("ZZZ", "QQQ", "GPX", "UKL")),
    "Recipient Org:Identifier": ("V05", ("2,43E+13", "5.21E+13", "2,1E+13", "8.05E+13")),
}

#: The same for the delimited rows; a blank is a missing value.
ROW_FAULTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "amount": ("V01", ("n/a", "twelve", "12.5.0", "unknown")),
    "transaction_date": ("V03", ("2024-02-30", "2023-11-31", "2025-13-01", "2024-00-10")),
    "transaction_type_code": ("code", ("99", "0", "ZZ", "77")),
    "project_id": ("required", ("",)),
}
ROW_FIELDS = (
    "project_id", "transaction_id", "transaction_type_code", "transaction_date", "amount", "currency",
    "provider_name", "receiver_name", "description",
)  # fmt: skip


def make(folder: Path, names: list[str] | None = None) -> None:
    """Writes the inputs of these names, or all of them, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or list(INPUTS):
        started = time.perf_counter()
        INPUTS[name](folder)
        sys.stdout.write(f"{name}: {time.perf_counter() - started:.1f} s\n")


def grants(folder: Path) -> None:
    """The ABCT workbook repeated to 49,000 rows, each with its own identifier, recipient and date."""
    sheets.write(folder / "grants.xlsx", _grants(), "Grants")


def grants_with_errors(folder: Path) -> None:
    """The same with 4,900 cells that cannot be right, one in each of 4,900 rows."""
    table = _grants()
    chosen = np.random.default_rng(SEED).choice(GRANTS, PLANTED, replace=False)
    typed_in, truth = _plant(GRANT_ERRORS, np.sort(chosen), GRANTS)
    sheets.write(folder / "grants_with_errors.xlsx", table, "Grants", typed_in)
    letters = {name: sheets.column_letters(table.column_names.index(name)) for name in GRANT_ERRORS}
    _write_truth(
        folder / "grants_with_errors.truth.csv",
        ("sheet", "cell", "column", "typed", "family"),
        [("Grants", f"{letters[name]}{row + 2}", name, text, family) for row, name, text, family in truth],
    )


def sparse(folder: Path) -> None:
    """A workbook of a few kilobytes with grants in rows 2 and 1,000,000 and nothing between."""
    sheets.write(folder / "sparse.xlsx", _grants().slice(0, 2), "Grants", rows=[2, 1_000_000])


def rows(folder: Path) -> None:
    """100,000 transactions as CSV, 2,000 faulty cells, and the contract as a Table Schema."""
    from pipelines.contract import load_all, table_schema

    table = _transactions(ROWS, np.random.default_rng(SEED), "en", date(2021, 1, 4), 1_800)
    chosen = np.sort(np.random.default_rng(SEED + 1).choice(ROWS, ROW_ERRORS, replace=False))
    typed_in, truth = _plant(ROW_FAULTS, chosen, ROWS)
    texts = {name: table[name].combine_chunks().cast(pa.string()) for name in ROW_FIELDS}
    texts |= {name: pc.coalesce(over, texts[name]) for name, over in typed_in.items()}
    pacsv.write_csv(pa.table(texts), folder / "rows.csv", pacsv.WriteOptions(quoting_style="none"))
    schema = table_schema(load_all()["transactions"])
    stated = {field["name"]: field for field in schema["fields"]}
    schema = {"fields": [stated[name] for name in ROW_FIELDS]}
    # A transaction may be of no project; here every one has its own, so that a missing one can be planted.
    schema["fields"][0]["constraints"] = {"required": True}
    (folder / "rows.schema.json").write_text(json.dumps(schema, ensure_ascii=False, indent=1), encoding="utf-8")
    places = {name: ROW_FIELDS.index(name) + 1 for name in ROW_FAULTS}
    _write_truth(
        folder / "rows.truth.csv",
        ("row", "field", "cell", "typed", "family"),
        [(row + 2, name, f"L{row + 2}C{places[name]}", text, family) for row, name, text, family in truth],
    )


def activities(folder: Path) -> None:
    """The activities of three real publishers that keep to the schema, six times over, each with its own identifier."""
    blocks: list[bytes] = []
    for name in ("aecid-es.xml", "oxfam-novib.xml", "swiss-sdc.xml"):
        content = (real() / "iati" / name).read_bytes()
        blocks += re.findall(rb"<iati-activity[\s>].*?</iati-activity>", content, re.DOTALL)
    copies = [
        re.sub(rb"</iati-identifier>", b"-%d</iati-identifier>" % copy, block, count=1)
        for copy in range(ACTIVITY_COPIES)
        for block in blocks
    ]
    opening = b'<?xml version="1.0" encoding="UTF-8"?>\n<iati-activities version="2.03">\n'
    (folder / "activities.xml").write_bytes(opening + b"\n".join(copies) + b"\n</iati-activities>\n")


def workbooks(folder: Path) -> None:
    """200 workbooks of 250 transactions, as ten partners would drop them over twenty quarters."""
    from pipelines.contract import load_all

    fields = load_all()["transactions"].fields
    for number in range(WORKBOOKS):
        partner, quarter = number % 10, number // 10
        language = ("fr", "en")[partner % 2]
        first = date(2021 + quarter // 4, quarter % 4 * 3 + 1, 1)
        chance = np.random.default_rng(SEED + number)
        table = _transactions(WORKBOOK_ROWS, chance, language, first, 90, f"B{number:03d}-")
        table = table.rename_columns([fields[name].header.of(language) for name in table.column_names])
        place = folder / "workbooks" / f"P-{partner:02d}" / f"{first.year}-Q{quarter % 4 + 1}"
        sheets.write(place / "transactions.xlsx", table, "Transactions")


def real() -> Path:
    """Gives the folder of real reports: the variable SDG17_REAL, else `../shared/real` beside the checkout."""
    stated = os.environ.get("SDG17_REAL")
    found = Path(stated) if stated else Path(__file__).resolve().parents[2] / "shared" / "real"
    if not found.is_dir():
        sys.exit(f"There are no real reports in {found}. Set SDG17_REAL to the folder that has them.")
    return found


INPUTS: dict[str, Callable[[Path], None]] = {
    "grants": grants,
    "grants_with_errors": grants_with_errors,
    "sparse": sparse,
    "rows": rows,
    "activities": activities,
    "workbooks": workbooks,
}


def _grants() -> pa.Table:
    from python_calamine import CalamineWorkbook

    header, *cells = (
        CalamineWorkbook.from_path(str(real() / "360giving" / "abct.xlsx")).get_sheet_by_index(0).to_python()
    )
    one = {str(name): _column([row[i] for row in cells]) for i, name in enumerate(header)}
    repeat = pa.array(np.arange(GRANTS) // len(cells))
    table = pa.table(one).take(pa.array(np.arange(GRANTS) % len(cells)))
    turn = pc.utf8_slice_codeunits(pc.add(repeat, 100).cast(pa.string()), 1)
    charity = ("Recipient Org:Identifier", "Recipient Org:Charity Number")
    for name, between in {"Identifier": "-", "Recipient Org:Name": " ", **dict.fromkeys(charity, "")}.items():
        table = _set(table, name, pc.binary_join_element_wise(table[name].combine_chunks(), turn, between))
    for name in ("Award Date", "Award Date - website format"):
        days = pc.subtract(table[name].combine_chunks().cast(pa.int32()), repeat.cast(pa.int32()))
        table = _set(table, name, days.cast(pa.date32()))
    return table


def _column(cells: list[object]) -> pa.Array:
    # calamine gives "" for a blank cell, and a whole number as a float. A column with any text in it becomes text.
    values = [int(cell) if isinstance(cell, float) and cell.is_integer() else cell for cell in cells]
    values = [None if value == "" else value for value in values]
    is_text = any(isinstance(value, str) for value in values)
    return pa.array([None if value is None else str(value) for value in values] if is_text else values)


def _set(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, column)


def _transactions(
    count: int, chance: np.random.Generator, language: str, first: date, days: int, prefix: str = ""
) -> pa.Table:
    number = pa.array(np.arange(count)).cast(pa.string())
    dates = (first - date(1970, 1, 1)).days + chance.integers(0, days, count)
    cents = chance.integers(10_000, 9_999_999, count)
    whole, rest = (pa.array(part).cast(pa.string()) for part in (cents // 100, cents % 100 + 100))
    amount = pc.binary_join_element_wise(whole, pc.utf8_slice_codeunits(rest, 1), ".").cast(pa.decimal128(12, 2))
    purpose = {"en": "Grant for the alliance of project ", "fr": "Subvention à l’alliance du projet "}[language]

    def named(word: str, numbers: pa.Array) -> pa.Array:
        return pc.binary_join_element_wise(word, numbers, "")

    return pa.table(
        {
            "project_id": named(f"{prefix}P", number),
            "transaction_id": named(f"{prefix}T", number),
            "transaction_type_code": pa.array(chance.choice(["2", "11"], count)),
            "transaction_date": pa.array(dates, pa.int32()).cast(pa.date32()),
            "amount": amount,
            "currency": pa.array(["EUR"] * count),
            "provider_name": named("Fondation ", pa.array(chance.integers(1, 60, count)).cast(pa.string())),
            "receiver_name": named(f"Association {prefix}", number),
            "description": named(purpose, number),
        }
    )


def _plant(
    faults: dict[str, tuple[str, tuple[str, ...]]], chosen: np.ndarray, count: int
) -> tuple[dict[str, pa.Array], list[tuple[int, str, str, str]]]:
    """Gives, per column, the texts to be typed in (null elsewhere), and the truth in the order of the rows."""
    names = list(faults)
    columns: dict[str, pa.Array] = {}
    truth: list[tuple[int, str, str, str]] = []
    for turn, name in enumerate(names):
        family, texts = faults[name]
        places = chosen[turn :: len(names)]
        typed = np.array(texts, object)[np.arange(len(places)) % len(texts)]
        column = np.full(count, None, object)
        column[places] = typed
        columns[name] = pa.array(column, pa.string())
        truth += [(int(row), name, text, family) for row, text in zip(places, typed, strict=True)]
    return columns, sorted(truth)


def _write_truth(path: Path, header: tuple[str, ...], found: list[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as text:
        csv.writer(text, lineterminator="\n").writerows([header, *found])


if __name__ == "__main__":
    make(Path(sys.argv[1]), sys.argv[2:])
