"""What a staged row holds: typed values, what could not be read, whom and when it is from, what it is called."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from made import source, table
from pipelines import attribution, parsing, precedence, shapes, staging
from pipelines.attribution import Source
from pipelines.contract import reports

PARTNERS = pa.table({
    "partner_id": ["coop", "asso", "ville"],
    "org_id": ["732829320", "W751064167", None],
    "name": ["Coopérative des Trois-Rives", "Asso Verte", "Ville de Bréval"],
})  # fmt: skip


def staged(
    *sources: Source, kind: str = "transactions", ask: str = "*", partners: pa.Table | None = None
) -> list[dict[str, Any]]:
    """Stages and settles files, and gives the rows in the order of their files."""
    con = duckdb.connect()
    parsing.install(con)
    attribution.attribute(con, list(sources), partners)
    staging.stage(con, list(sources))
    precedence.settle(con, [kind])
    found = con.sql(f"select {ask} from staged.{kind} order by arrival, table_no, source_row").to_arrow_table()
    rows: list[dict[str, Any]] = found.to_pylist()
    return rows


def paid(**cells: Any) -> dict[str, Any]:
    return {"project_id": "P-1", "transaction_type_code": "3", "amount": "12,50", "currency": "EUR", **cells}


def test_a_row_has_the_columns_that_the_next_rooms_expect() -> None:
    for kind, contract in reports().items():
        text = next(f for f in contract.fields if f not in ("partner_id", "partner_name"))
        [row] = staged(source(table(kind, [{text: "x"}])), kind=kind)
        assert list(row)[: len(staging.SYSTEM)] == list(staging.SYSTEM)
        assert set(shapes.accepted(contract)) <= set(row)


def test_typed_columns_have_the_types_of_the_contract() -> None:
    for kind, contract in reports().items():
        con = duckdb.connect()
        one = source(table(kind, [dict.fromkeys(contract.fields, "1")]))
        parsing.install(con)
        attribution.attribute(con, [one])
        staging.stage(con, [one])
        types = dict(
            con.execute("select column_name, data_type from duckdb_columns() where schema_name = 'staged'").fetchall()
        )
        assert {f: types[f] for f in contract.fields} == {f.name: f.duckdb_type for f in contract.fields.values()}


def test_a_cell_keeps_its_text_its_place_and_why_it_is_unread() -> None:
    [row] = staged(source(table("transactions", [paid(amount="1.234", transaction_date="31/02/2026")])))
    assert (row["amount"], row["amount__text"], row["unread__amount"], row["fault__amount"]) == (
        None,
        "1.234",
        "1.234",
        "V01.ambiguous",
    )
    assert (row["expect__amount"], row["amount__cell"], row["source_cell"]) == ("1234 / 1.234", "C2", "C2")
    assert row["fault__transaction_date"] == "V03.impossible-date"
    assert (row["currency"], row["unread__currency"]) == ("EUR", None)


def test_each_column_of_each_sheet_has_its_own_decimal_sign() -> None:
    french = table("transactions", [paid(amount="1.234"), paid(amount="1,5")], sheet="A")
    english = table("transactions", [paid(amount="1.234"), paid(amount="1.5")], sheet="B")
    rows = staged(source(french, english), source(english, order=2, period="2026-Q2"))
    assert [row["amount"] for row in rows] == [
        1234,
        Decimal("1.5"),
        Decimal("1.234"),
        Decimal("1.5"),
        Decimal("1.234"),
        Decimal("1.5"),
    ]


def test_the_currency_beside_an_amount_fills_a_blank_and_never_overrules_a_column() -> None:
    rows = staged(source(table("transactions", [paid(amount="12 CHF", currency=None), paid(amount="12 CHF")])))
    assert [(row["currency"], row["note__amount"]) for row in rows] == [
        ("CHF", None),
        ("EUR", "V10.currency-in-amount"),
    ]


@pytest.mark.parametrize(
    ("header", "currency"),
    [
        ("Montant (€)", "EUR"),
        ("Montant en euros", "EUR"),
        ("amount (EUR)", "EUR"),
        ("Montant (XOF)", "XOF"),
        ("Neuro", None),
        ("Amount", None),
    ],
)
def test_a_header_can_state_the_currency(header: str, currency: str | None) -> None:
    made = table("transactions", [{"project_id": "P-1", "transaction_type_code": "3", "amount": "12"}])
    headed = type(made)(
        made.kind,
        made.sheet,
        made.rows,
        tuple(type(c)(c.field, header, c.position, c.label) for c in made.columns),
        made.data,
    )
    assert staged(source(headed))[0]["currency"] == currency


def test_a_spreadsheet_error_is_unread_even_in_a_text() -> None:
    [row] = staged(source(table("transactions", [paid(description="#REF!", amount="#N/A")])))
    assert (row["description"], row["fault__description"]) == (None, "V25.spreadsheet-error")
    assert row["fault__amount"] == "V25.spreadsheet-error"


@pytest.mark.parametrize(
    ("of", "partner"),
    [
        ({"partner": "coop"}, "coop"),
        ({"partner": "COOP"}, "coop"),
        ({"partner": "73282932000074"}, "coop"),
        ({"partner": "other"}, "other"),
        ({"partner": "asso", "sender": ("732 829 320", None)}, "coop"),
        ({"partner": None, "sender": ("asso", None)}, "asso"),
        ({"partner": None, "sender": (None, "ASSO VERTE")}, "asso"),
        ({"partner": None, "sender": (None, "Ville de Bréval")}, "ville"),
        ({"partner": None, "sender": ("W751064167", "Un autre nom")}, "asso"),
        ({"partner": None, "sender": ("P-042", None)}, "P-042"),
        ({"partner": None, "sender": ("NL-KVK-27108436", "X")}, "NL-KVK-27108436"),
        ({"partner": None, "sender": ("2,43E+13", None)}, "UNKNOWN"),
        ({"partner": None}, "UNKNOWN"),
    ],
)
def test_the_sender_is_whom_the_file_says_else_the_folder(of: dict[str, Any], partner: str) -> None:
    [row] = staged(source(table("transactions", [paid()]), **of), partners=PARTNERS)
    assert row["partner_id"] == partner


def test_a_row_can_say_whom_it_is_from() -> None:
    rows = [
        paid(partner_id="732829320"),
        paid(partner_name="Asso Verte"),
        paid(partner_id="2,43E+13", partner_name="Ville de Breval"),
        paid(),
    ]
    assert [r["partner_id"] for r in staged(source(table("transactions", rows), partner="other"), partners=PARTNERS)] == [
        "coop", "asso", "ville", "other",
    ]  # fmt: skip
    first, *_ = staged(source(table("transactions", rows), partner="other"))
    assert first["partner_id"] == "FR-SIREN-732829320"


def test_the_quarter_is_that_of_the_row_else_the_file_else_the_folder() -> None:
    rows = [paid(report_period="T3 2026"), paid(report_period="bientôt"), paid()]
    assert [r["period"] for r in staged(source(table("transactions", rows), period="2026-T2"))] == [
        "2026-Q3",
        "2026-Q2",
        "2026-Q2",
    ]
    assert staged(source(table("transactions", [paid()]), period=None))[0]["period"] is None


def test_a_publication_has_no_reporting_quarter() -> None:
    assert staged(source(table("transactions", [paid()]), layout="iati"))[0]["period"] is None


def test_time_has_the_quarter_worked_and_the_quarter_reported() -> None:
    rows = [
        {"project_id": "P-1", "category": "benevolat", "hours": "12", "period": p} for p in ("2025-T4", None, "hiver")
    ]
    found = staged(source(table("time", rows)), kind="time")
    assert [(r["period"], r["report_period"]) for r in found] == [
        ("2025-Q4", "2026-Q1"),
        ("2026-Q1", "2026-Q1"),
        (None, "2026-Q1"),
    ]


def names(*sources: Source, **of: Any) -> list[str]:
    return [row["row_id"] for row in staged(*sources, **of)]


def test_rows_keep_their_names_when_a_row_comes_in_above() -> None:
    rows = [paid(transaction_id="T-1"), paid(amount="7"), paid(amount="8")]
    before = names(source(table("transactions", rows)))
    after = names(source(table("transactions", [paid(amount="99"), *rows])))
    assert after[1:] == before
    assert len(set(after)) == 4


def test_equal_rows_have_names_of_their_own() -> None:
    found = names(source(table("transactions", [paid(), paid(), paid()])))
    assert len(set(found)) == 3
    assert names(source(table("transactions", [paid(), paid()]))) == found[:2]


def test_a_row_with_a_key_keeps_its_name_when_its_content_changes() -> None:
    [before] = names(source(table("transactions", [paid(transaction_id="T-1")])))
    [after] = names(source(table("transactions", [paid(transaction_id="T-1", amount="13")]), order=7))
    assert before == after


def test_the_line_that_names_a_project_of_a_publication_is_no_part_of_its_content() -> None:
    def grant(line: int) -> dict[str, Any]:
        return paid(project_id=f"732829320/REF/{line}", receiver_name="Asso Verte")

    before = names(source(table("transactions", [grant(2)]), layout="scdl"))
    after = names(source(table("transactions", [paid(amount="1"), grant(3)], first=2), layout="scdl"))
    assert after[1:] == before


def test_names_do_not_depend_on_other_senders_or_quarters() -> None:
    rows = table("transactions", [paid()])
    [alone] = names(source(rows))
    assert (
        names(source(rows), source(rows, order=2, partner="asso"), source(rows, order=3, period="2026-Q2"))[0] == alone
    )
