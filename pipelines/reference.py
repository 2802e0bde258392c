"""The fund's registers and the euro reference rates: `data/reference/*.csv` -> typed Parquet in `build/reference`.

A register is the fund's own file: what is wrong in it stops the run, with the file, the line, the column and the remedy.
Registers about the world (targets, territories, fixed parities) are the same for every fund; a data root without its
own copy takes the project's.

Belongs here: reading registers by their contracts, and the exchange rates. Does not belong here: what partners send.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zipfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import contract
from pipelines.contract import Contract, Field
from pipelines.errors import RegisterError
from pipelines.paths import CHECKOUT, DataRoot

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

#: Registers about the world and not about one fund.
OF_THE_WORLD = ("sdg_targets", "sdg_indicators", "territories", "territory_passages", "rates", "fixed_parities")

RATES = "exchange_rates"
RATES_SOURCE = "ECB euro foreign exchange reference rates"

#: What is an organisation's key, written as a number: it is brought to the form that partners' rows have.
_ORG_KEY = """case
    when regexp_full_match({0}, '[0-9]{{9}}') then 'FR-SIREN-' || {0}
    when regexp_full_match({0}, '[0-9]{{14}}') then 'FR-SIREN-' || left({0}, 9)
    when regexp_full_match({0}, 'W[0-9][0-9A-Z][0-9]{{7}}') then 'FR-RNA-' || {0}
    else {0} end"""

_READ = {
    "money": "case when {0} ~ '^-?[0-9]+(\\.[0-9]+)?$' then try_cast({0} as decimal(28, 10)) end",
    "integer": "case when {0} ~ '^-?[0-9]+$' then try_cast({0} as bigint) end",
    "date": "case when {0} ~ '^\\d{{4}}-\\d{{2}}-\\d{{2}}$' then try_cast({0} as date) end",
    "boolean": "case when lower({0}) in ('true', '1', 'yes', 'oui', 'vrai') then true "
    "when lower({0}) in ('false', '0', 'no', 'non', 'faux') then false end",
    "period": "case when {0} ~ '^\\d{{4}}-Q[1-4]$' then {0} end",
    "currency": "case when {0} ~ '^[A-Z]{{3}}$' then {0} end",
    "org": _ORG_KEY,
}

_REMEDY = {
    "money": "Write a number with a decimal point and without spaces, such as 1250.50.",
    "integer": "Write a whole number without spaces.",
    "date": "Write the date as 2026-03-31.",
    "boolean": "Write true or false.",
    "period": "Write the quarter as 2026-Q2.",
    "currency": "Write the three letters of ISO 4217, such as EUR.",
}


def registers(root: DataRoot) -> dict[str, int]:
    """Reads every register and the exchange rates into `build/reference`; gives the number of rows of each.

    Raises RegisterError for the first register that is not as its contract says. A register of the fund that is not
    there has no rows.
    """
    import duckdb

    rows: dict[str, int] = {}
    with duckdb.connect() as con:
        for name, of in contract.registers().items():
            rows[name] = _keep(con, name, _register(con, of, source(root, name)), root)
        rows[RATES] = _kept_rates(root) or _keep(con, RATES, _exchange_rates(con), root)
    return rows


def source(root: DataRoot, name: str) -> Path | None:
    """Gives the file a register is read from: the data root's, else for the world's the project's, else none."""
    folders: list[Path] = [root.reference]
    if name in OF_THE_WORLD:
        folders.append(CHECKOUT / "data" / "reference")
    places = (folder / f"{name}{suffix}" for folder in folders for suffix in (".csv", ".csv.gz"))
    return next((path for path in places if path.is_file()), None)


def hashes(root: DataRoot) -> dict[str, str]:
    """Gives the SHA-256 of every register there is, and of the exchange rates."""
    found = {name: source(root, name) for name in contract.registers()}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in found.items() if path} | {
        RATES: hashlib.sha256(_rates_zip()).hexdigest()
    }


def table_schema(name: str) -> pa.Schema:
    """Gives the Arrow schema of a register or of the exchange rates."""
    import pyarrow as pa

    if name != RATES:
        return contract.arrow_schema(contract.registers()[name])
    return pa.schema(
        [
            ("currency", pa.string()),
            ("rate_date", pa.date32()),
            ("units_per_eur", pa.decimal128(28, 10)),
            ("source", pa.string()),
        ],
        metadata={"source_sha256": hashlib.sha256(_rates_zip()).hexdigest()},
    )


def _kept_rates(root: DataRoot) -> int:
    """Gives the rows of the exchange rates when they were already read from these very bytes, else nought."""
    import pyarrow.parquet as pq

    path = root.table("reference", RATES)
    if not path.is_file():
        return 0
    kept = pq.ParquetFile(path)
    same: bool = kept.schema_arrow.metadata == table_schema(RATES).metadata
    return int(kept.metadata.num_rows) if same else 0


def _keep(con: duckdb.DuckDBPyConnection, name: str, query: str, root: DataRoot) -> int:
    from pipelines import parquet

    key = ("currency", "rate_date") if name == RATES else contract.registers()[name].key
    rows = con.sql(f"select * from ({query}) order by {', '.join(key)}")
    return parquet.write(
        rows.to_arrow_reader(parquet.ROW_GROUP), table_schema(name), key, root.table("reference", name)
    )


def _register(con: duckdb.DuckDBPyConnection, of: Contract, path: Path | None) -> str:
    """Loads a register as text, reports the first cell that is wrong, and gives the query that types it."""
    import pyarrow as pa

    lines, columns = _cells(of, path) if path else ([], {name: [] for name in of.fields})
    text = {name: columns.get(name, [None] * len(lines)) for name in of.fields}
    con.register("cells", pa.table({"line_number": pa.array(lines, pa.int64())} | {
        name: pa.array(values, pa.string()) for name, values in text.items()
    }))  # fmt: skip
    typed = ", ".join(f'{_reading(field)} as "{field.name}"' for field in of.fields.values())
    con.execute(f"create or replace table typed as select line_number, {typed} from cells")
    if path:
        for field in of.fields.values():
            _assert_readable(con, of, field, path)
        _assert_keys(con, of, path)
        _assert_sense(con, of, path)
    if of.kind == "fixed_parities":  # the one parity that no decision had to fix
        euro = "select 'EUR', cast(1 as decimal(28, 10)), 'euro'"
        return (
            f"select * exclude line_number from typed union all {euro} where 'EUR' not in (select currency from typed)"
        )
    return "select * exclude line_number from typed"


def _cells(of: Contract, path: Path) -> tuple[list[int], dict[str, list[str | None]]]:
    """Reads a register's text by column, with the line of each row; blank cells are null, blank lines no rows."""
    raw = path.read_bytes()
    try:
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RegisterError(f"{path} is not in UTF-8.", "Save it as CSV UTF-8.") from None
    known, head = contract.header_map(of), text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    headers = next(reader, [])
    names = [known.get(contract.fold(header), "") for header in headers]
    for header, name in zip(headers, names, strict=True):
        if not name or names.count(name) > 1:
            raise RegisterError(
                f"{path}, line 1: column {header!r} is {'there twice' if name else 'not one of this register'}.",
                f"Columns: {', '.join(of.fields)}.",
            )
    if missing := [f.name for f in of.fields.values() if f.required and f.name not in names]:
        raise RegisterError(f"{path}, line 1: column {missing[0]} is missing.", f"Columns: {', '.join(of.fields)}.")
    lines: list[int] = []
    columns: dict[str, list[str | None]] = {name: [] for name in names}
    for row in reader:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(names):
            raise RegisterError(
                f"{path}, line {reader.line_num}: {len(row)} cells under {len(names)} headers.",
                "A cell that holds the delimiter stands in quotes.",
            )
        lines.append(reader.line_num)
        for name, cell in zip(names, row, strict=True):
            columns[name].append(cell.strip() or None)
    return lines, columns


def _reading(field: Field) -> str:
    kind = "money" if field.type in ("money", "number", "percent") else field.type
    return _READ.get(kind, "{0}").format(f'"{field.name}"')


def _assert_readable(con: duckdb.DuckDBPyConnection, of: Contract, field: Field, path: Path) -> None:
    codes = [c.code for c in contract.code_list(field.codes).codes] if field.codes else []
    wrong = f'(c."{field.name}" is not null and t."{field.name}" is null)'
    if field.required:
        wrong += f' or c."{field.name}" is null'
    if codes:
        wrong += f' or t."{field.name}" not in ({", ".join(_quoted(code) for code in codes)})'
    for limit, sign in ((field.minimum, "<"), (field.maximum, ">")):
        wrong += f' or t."{field.name}" {sign} {limit}' if limit is not None else ""
    bad = con.execute(
        f'select c.line_number, c."{field.name}" from cells c join typed t using (line_number) '
        f"where {wrong} order by c.line_number limit 1"
    ).fetchall()
    if bad:
        line, cell = bad[0]
        if cell is None:
            raise RegisterError(f"{path}, line {line}, column {field.name}: the cell is blank.", "It is required.")
        remedy = f"One of: {', '.join(codes)}." if codes else _REMEDY.get(field.type, _REMEDY["money"])
        raise RegisterError(f"{path}, line {line}, column {field.name}: {cell!r} cannot be taken.", remedy)


def _assert_keys(con: duckdb.DuckDBPyConnection, of: Contract, path: Path) -> None:
    key = ", ".join(f'"{name}"' for name in of.key)
    twice = con.execute(
        f"select max(line_number), min(line_number) from typed group by {key} having count(*) > 1 order by 1 limit 1"
    ).fetchall()
    if twice:
        raise RegisterError(
            f"{path}, line {twice[0][0]}: the same {', '.join(of.key)} as in line {twice[0][1]}.",
            "Keep one of the two.",
        )


def _assert_sense(con: duckdb.DuckDBPyConnection, of: Contract, path: Path) -> None:
    """What the grammar of contracts cannot say of a register."""
    if of.kind == "organisation_alias":
        chain = con.execute(
            "select a.line_number, a.org_id, b.org_id from typed a join typed b on b.alias_id = a.org_id order by 1 limit 1"
        ).fetchall()
        if chain:
            line, middle, last = chain[0]
            raise RegisterError(
                f"{path}, line {line}, column org_id: {middle} is itself an alias.",
                f"Name the organisation it leads to: {last}.",
            )
    if of.kind == "fixed_parities":
        odd = con.execute(
            "select line_number, currency from typed where units_per_eur <= 0 or (currency = 'EUR' and units_per_eur <> 1)"
        ).fetchall()
        if odd:
            raise RegisterError(
                f"{path}, line {odd[0][0]}, column units_per_eur: not a parity of {odd[0][1]}.",
                "It is above zero, and 1 for EUR.",
            )


def _exchange_rates(con: duckdb.DuckDBPyConnection) -> str:
    """Loads the reference rates as whole columns of text; a day without a rate for a currency is no row."""
    import pyarrow as pa
    import pyarrow.csv as arrow_csv

    with zipfile.ZipFile(io.BytesIO(_rates_zip())) as packed:
        raw = packed.read(packed.namelist()[0])
    names = raw.partition(b"\n")[0].decode().strip().rstrip(",").split(",")
    wide = arrow_csv.read_csv(
        io.BytesIO(raw),
        convert_options=arrow_csv.ConvertOptions(column_types={n: pa.string() for n in names}, include_columns=names),
    )
    con.register("rates", wide)
    return f"""
        select currency, cast("Date" as date) as rate_date, cast(rate as decimal(28, 10)) as units_per_eur,
            {_quoted(RATES_SOURCE)} as source
        from (unpivot rates on columns(* exclude "Date") into name currency value rate)
        where rate <> 'N/A' and rate <> ''"""


def _rates_zip() -> bytes:
    import currency_converter

    return resources.files(currency_converter).joinpath("eurofxref-hist.zip").read_bytes()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
