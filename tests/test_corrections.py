"""A correction changes one value, keeps what was typed, says who and why, and fails once the source has changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from made import source, table
from pipelines import (
    acceptance,
    attribution,
    corrections,
    findings,
    parsing,
    precedence,
    staging,
    validation,
    validation_files,
)
from pipelines.attribution import Source
from pipelines.contract import reports
from pipelines.errors import ProjectError
from pipelines.paths import DataRoot

ENTRY = {
    "id": "C-1", "signed_by": "responsable du fonds", "signed_on": "2026-05-02", "reason": "Saisi en milliers.",
    "submission": "S-1", "cell": "B2", "kind": "transactions", "field": "amount", "expected": "12,50", "value": "12 500",
}  # fmt: skip


def written(root: DataRoot, *entries: dict[str, Any], name: str = "2026.toml") -> tuple[corrections.Correction, ...]:
    """Writes entries as a file of the fund, and reads them."""
    lines = []
    for entry in entries:
        lines.append("[[corrections]]")
        for word, value in entry.items():
            lines.append(f"{word} = {value}" if word in ("signed_on", "until") else f'{word} = "{value}"')
    root.corrections.mkdir(exist_ok=True)
    (root.corrections / name).write_text("\n".join(lines), encoding="utf-8")
    return corrections.read(root)


def paid(**cells: Any) -> dict[str, Any]:
    return {"project_id": "P-1", "transaction_type_code": "3", "amount": "12,50", "currency": "EUR", **cells}


@pytest.fixture(scope="module")
def judged() -> duckdb.DuckDBPyConnection:
    return accepted(
        source(table("transactions", [paid(), paid(amount="7", provider_name="Ville de Bréval"), paid(amount="sept")]))
    )


def accepted(*sources: Source, kind: str = "transactions") -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    parsing.install(con)
    attribution.attribute(con, list(sources))
    staging.stage(con, list(sources))
    precedence.settle(con, [kind])
    contracts = {kind: reports()[kind]}
    findings.begin(con)
    validation.judge(con, contracts)
    validation_files.judge_files(con, list(sources), [kind])
    acceptance.accept(con, contracts)
    return con


@pytest.fixture
def con(judged: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The accepted rows, which are as they were when a test ends."""
    judged.execute("begin")
    yield judged
    judged.execute("rollback")


def test_the_value_changes_and_the_text_stays(root: DataRoot, con: duckdb.DuckDBPyConnection) -> None:
    corrections.correct(con, written(root, ENTRY))
    rows = con.execute("select amount, amount__text from accepted.transactions").fetchall()
    assert rows == [(Decimal(12500), "12,50"), (Decimal(7), "7")]


def test_the_log_says_who_and_why_and_what_stood_there(root: DataRoot, con: duckdb.DuckDBPyConnection) -> None:
    corrections.correct(con, written(root, ENTRY))
    [row] = con.sql("from corrections").to_arrow_table().to_pylist()
    assert list(row) == list(corrections.LOG)
    assert (row["correction_id"], row["source"], row["signed_by"]) == ("C-1", "2026.toml", "responsable du fonds")
    assert (row["cell"], row["text_as_typed"], row["text_instead"], row["signed_on"]) == (
        "B2",
        "12,50",
        "12 500",
        date(2026, 5, 2),
    )
    assert (row["value_before"], row["value_after"]) == ("12.5000000000", "12500.0000000000")


def test_a_row_may_be_named_by_its_row_id_and_its_file(root: DataRoot, con: duckdb.DuckDBPyConnection) -> None:
    con.execute("update staged.transactions set source_sha256 = repeat('a', 64)")
    [(row,)] = con.execute("select row_id from accepted.transactions where amount = 7").fetchall()
    by_row = {k: v for k, v in ENTRY.items() if k not in ("submission", "cell")}
    entries = written(root, by_row | {"file": "a" * 64, "row": row, "expected": "7", "value": "70"})
    corrections.correct(con, entries)
    assert con.execute("select amount from accepted.transactions").fetchall() == [(Decimal("12.5"),), (Decimal(70),)]


@pytest.mark.parametrize(("field", "expected", "value", "read"), [
    ("transaction_type_code", "3", "versement", "3"),
    ("transaction_date", "", "2026-03-31", date(2026, 3, 31)),
    ("provider_id", "", "73282932000074", "FR-SIREN-732829320"),
    ("description", "", " Deuxième versement ", "Deuxième versement"),
    ("currency", "EUR", "", None),
])  # fmt: skip
def test_new_texts_are_read_as_cells_are(
    root: DataRoot, con: duckdb.DuckDBPyConnection, field: str, expected: str, value: str, read: object
) -> None:
    [(row,)] = con.execute("select row_id from accepted.transactions where amount = 7").fetchall()
    entry = {k: v for k, v in ENTRY.items() if k != "cell"} | {
        "row": row,
        "field": field,
        "expected": expected,
        "value": value,
    }
    corrections.correct(con, written(root, entry))
    assert con.execute(f"select {field} from accepted.transactions where amount = 7").fetchall() == [(read,)]


@pytest.mark.parametrize(("change", "words"), [
    ({"expected": "12.50"}, "expects '12.50' in transactions.amount, and the source shows '12,50'"),
    ({"submission": "S-2"}, "no such accepted row any more"),
    ({"cell": "B4"}, "no such accepted row any more"),
    ({"kind": "time", "field": "hours"}, "no report has time"),
    ({"value": "1.234"}, "cannot be read as money .V01.ambiguous."),
    ({"value": "douze"}, "cannot be read as money .V01.not-a-number."),
    ({"value": "12 USD"}, "the row is in EUR, not in USD"),
    ({"until": "2026-05-31"}, "held until 2026-05-31 and has ended"),
])  # fmt: skip
def test_it_fails_loudly_and_names_the_entry(
    root: DataRoot, con: duckdb.DuckDBPyConnection, change: dict[str, str], words: str
) -> None:
    with pytest.raises(ProjectError, match=f"Correction C-1 in 2026.toml.*{words}"):
        corrections.correct(con, written(root, ENTRY | change), date(2026, 7, 1))


def test_a_correction_that_is_not_yet_signed_is_not_yet_there(root: DataRoot, con: duckdb.DuckDBPyConnection) -> None:
    corrections.correct(con, written(root, ENTRY | {"until": "2026-06-30"}), date(2026, 5, 1))
    assert con.execute("select count(*) from corrections").fetchall() == [(0,)]
    corrections.correct(con, written(root, ENTRY | {"until": "2026-06-30"}), date(2026, 6, 30))
    assert con.execute("select count(*) from corrections").fetchall() == [(1,)]


def test_a_cell_that_was_emptied_for_its_limits_is_filled(root: DataRoot) -> None:
    row = {"project_id": "P-1", "category": "benevolat", "people": "-3", "hours": "12"}
    con = accepted(source(table("time", [row])), kind="time")
    assert con.execute("select people from accepted.time").fetchall() == [(None,)]
    entry = ENTRY | {"kind": "time", "field": "people", "expected": "-3", "value": "3"}
    corrections.correct(con, written(root, entry))
    assert con.execute("select people, people__text from accepted.time").fetchall() == [(3, "-3")]
    with pytest.raises(ProjectError, match=r"C-1 .*: '-4' is not between the limits of people"):
        corrections.correct(accepted(source(table("time", [row])), kind="time"), written(root, entry | {"value": "-4"}))


def test_a_report_that_comes_again_ends_it(root: DataRoot) -> None:
    again = accepted(
        source(table("transactions", [paid()])), source(table("transactions", [paid(amount="12500")]), order=2)
    )
    with pytest.raises(ProjectError, match=r"C-1 .* no such accepted row any more"):
        corrections.correct(again, written(root, ENTRY))


@pytest.mark.parametrize(("change", "words"), [
    ({"colour": "red"}, "colour: Extra inputs are not permitted"),
    ({"file": "a" * 64}, "one of the two"),
    ({"row": "abc"}, "one of the two"),
    ({"field": "amout"}, "no kind of report has transactions.amout"),
    ({"field": "partner_id"}, "which no correction changes"),
    ({"until": "2026-05-01"}, "ends before it was signed"),
    ({"value": "12,50"}, "changes nothing"),
    ({"signed_by": ""}, "signed_by: "),
])  # fmt: skip
def test_the_grammar_is_closed(root: DataRoot, change: dict[str, str], words: str) -> None:
    with pytest.raises(ProjectError, match=f"2026.toml, entry 1 .C-1.: .*{words}"):
        written(root, ENTRY | change)


def test_two_entries_of_one_name_or_one_cell_are_refused(root: DataRoot, con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ProjectError, match=r"C-1 in 2026.toml: 2026.toml has one of the same id"):
        written(root, ENTRY, ENTRY)
    with pytest.raises(ProjectError, match=r"C-2 in 2026.toml is of the same cell as C-1"):
        written(root, ENTRY, ENTRY | {"id": "C-2"})
    [(row,)] = con.execute("select row_id from accepted.transactions where amount = 12.5").fetchall()
    by_row = {k: v for k, v in ENTRY.items() if k != "cell"} | {"id": "C-2", "row": row}
    with pytest.raises(ProjectError, match=r"C-2 in 2026.toml is of the same cell as C-1"):
        corrections.correct(con, written(root, ENTRY, by_row))


def test_a_file_that_is_no_toml_is_named(root: DataRoot) -> None:
    root.corrections.mkdir()
    (root.corrections / "x.toml").write_text("corrections = 3")
    with pytest.raises(ProjectError, match=r"x\.toml"):
        corrections.read(root)
    assert [path.name for path in corrections.files(root)] == ["x.toml"]


def test_a_fund_without_corrections_has_an_empty_log(root: DataRoot, con: duckdb.DuckDBPyConnection) -> None:
    corrections.correct(con, corrections.read(root))
    assert con.execute("select count(*) from corrections").fetchall() == [(0,)]
    assert Path(root.corrections).exists() is False
