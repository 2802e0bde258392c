"""What a text means: numbers, dates, organisations, codes, as partners and publishers really write them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made import fault, installed, read, value
from pipelines import parsing
from pipelines.contract import fold, reports


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("1 234,50 €", "1234.50", "EUR"),
        ("1\u202f234,50\u00a0€", "1234.50", "EUR"),
        ("50 000 euros", "50000", "EUR"),
        ("12 k€", "12000", "EUR"),
        ("12,5K€", "12500", "EUR"),
        ("1,2 M€", "1200000", "EUR"),
        ("2 millions d’euros", "2000000", "EUR"),
        ("(500)", "-500", None),
        ("-500,25", "-500.25", None),
        ("−500,25", "-500.25", None),
        ("500,25-", "-500.25", None),
        ("100,-", "100", None),
        ("500 € (TTC)", "500", "EUR"),
        ("MAD 12", "12", "MAD"),
        ("12 FCFA", "12", None),
        ("$ 12.50", "12.50", None),
        ("1'234.50", "1234.50", None),
        ("1.234.567", "1234567", None),
        ("1,234.5", "1234.5", None),
        ("0.125", "0.125", None),
        ("1234,567", "1234.567", None),
        ("12.", "12", None),
        (",5", "0.5", None),
        (("2198291013.0594", "n"), "2198291013.0594", None),
        (("1.234", "n"), "1.234", None),
        ("999999999999999999", "999999999999999999", None),
    ],
)
def test_amounts(text: Any, amount: str, currency: str | None) -> None:
    [found] = read("money", [text]).values()
    assert (found["value"], found["fault"], found["said"]) == (Decimal(amount), None, currency)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("abc", "V01.not-a-number"),
        ("12 34", "V01.not-a-number"),
        ("1.2.3", "V01.not-a-number"),
        ("12 m", "V01.not-a-number"),
        ("2018-2019", "V01.not-a-number"),
        ("1,23,456.00", "V01.not-a-number"),
        ("12 pommes", "V01.not-a-number"),
        ("1,5E+05", "V01.scientific"),
        ("99999999999999999999", "V01.too-large"),
        ("1.234", "V01.ambiguous"),
        (("#N/A", "e"), "V25.spreadsheet-error"),
        (("true", "b"), "V01.not-a-number"),
    ],
)
def test_amounts_that_cannot_be_read(text: Any, rule: str) -> None:
    assert fault("money", text) == rule


def test_an_ambiguous_amount_shows_both_readings() -> None:
    assert read("money", ["1.234"])["1.234"]["expected"] == "1234 / 1.234"
    assert read("money", ["(2,500 k€)"])["(2,500 k€)"]["expected"] == "-2500 / -2500000"


@pytest.mark.parametrize(
    ("beside", "read_as"),
    [
        ("3,5", Decimal(1234)),
        ("3.5", Decimal("1.234")),
        ("1.234.567", Decimal(1234)),
        ("1,234,567", Decimal("1.234")),
        ("12", None),
        (("3.5", "n"), None),
    ],
)
def test_the_column_decides_what_one_cell_leaves_open(beside: Any, read_as: Decimal | None) -> None:
    assert read("money", ["1.234", beside])["1.234"]["value"] == read_as


def test_a_column_of_both_kinds_decides_nothing() -> None:
    found = read("money", ["1.234", "3,5", "3.5"])
    assert found["1.234"]["fault"] == "V01.ambiguous"
    assert (found["3,5"]["value"], found["3.5"]["value"]) == (Decimal("3.5"), Decimal("3.5"))


def test_more_than_ten_decimals_are_rounded_and_said() -> None:
    assert read("money", ["0,12345678901"])["0,12345678901"]["note"] == "V01.rounded"


@pytest.mark.parametrize("signs", [",.", "\u202f,", " ,", ".,", "’.", "\u00a0."])
@settings(max_examples=20)
@given(st.lists(st.decimals(min_value=-(10**15), max_value=10**15, places=2, allow_nan=False), min_size=1))
def test_what_a_locale_writes_is_read_back(signs: str, amounts: list[Decimal]) -> None:
    written = {f"{amount:,.2f}".translate(str.maketrans(",.", signs)): amount for amount in amounts}
    found = read("money", list(written))
    assert {text: f["value"] for text, f in found.items()} == written


def test_whole_numbers_and_units() -> None:
    found = read("integer", ["12", "12,0", "12 personnes", "12,5", "12 h"], name="people")
    assert [f["value"] for f in found.values()].count(12) == 3
    assert (found["12,5"]["fault"], found["12 h"]["fault"]) == ("V01.not-whole", "V24.other-unit")
    assert value("number", "35 heures", name="hours") == 35
    assert fault("number", "5 jours", name="hours") == "V24.other-unit"


def test_percentages_and_shares() -> None:
    assert value("percent", "45 %") == 45
    assert [f["value"] for f in read("percent", ["50", "0,5"]).values()].count(Decimal("0.5")) == 1
    shares = read("percent", [("0.5", "n"), ("1", "n"), ("0", "n")])
    assert {text: f["value"] for text, f in shares.items()} == {"0.5": 50, "1": 100, "0": 0}
    assert shares["0.5"]["note"] == "V24.read-as-share"
    assert fault("percent", "1") == "V24.share-or-percent"
    assert value("percent", "1 %") == 1
    assert value("percent", ("1", "n"), layout="iati") == 1


@pytest.mark.parametrize(
    ("text", "day", "note"),
    [
        ("2024-01-05", date(2024, 1, 5), None),
        ("2024-01-05T10:00:00Z", date(2024, 1, 5), None),
        ("2024-01-05 10:00:00.000", date(2024, 1, 5), None),
        ("2014-01-01+01:00", date(2014, 1, 1), None),
        ("2017/09/08", date(2017, 9, 8), None),
        ("20240115", date(2024, 1, 15), None),
        ("05.03.2024", date(2024, 3, 5), None),
        ("31/12/2024", date(2024, 12, 31), None),
        ("12/31/2024", date(2024, 12, 31), None),
        ("15/06/24", date(2024, 6, 15), None),
        ("le 13/12/2024 12:30", date(2024, 12, 13), None),
        ("12 janvier 2024", date(2024, 1, 12), None),
        ("1er août 2024", date(2024, 8, 1), None),
        ("mardi 3 juin 2025", date(2025, 6, 3), None),
        ("12-janv.-24", date(2024, 1, 12), None),
        ("3 déc. 2024", date(2024, 12, 3), None),
        ("March 1, 2024", date(2024, 3, 1), None),
        ("1 Mar 2024", date(2024, 3, 1), None),
        ("21st of May 2024", date(2024, 5, 21), None),
        (("2024-02-03", "d"), date(2024, 2, 3), None),
        (("43831", "n"), date(2020, 1, 1), "V04.excel-serial"),
        ("43831", date(2020, 1, 1), "V04.excel-serial"),
        ("2018-01-01_2018-03-31", date(2018, 1, 1), "V03.several-dates"),
        ("2017-03-30/2017-05-24", date(2017, 3, 30), "V03.several-dates"),
        ("14/04/2017 (avance)\nSolde 15/11/2017", date(2017, 4, 14), "V03.several-dates"),
        ("14/04/2017 (avance)", date(2017, 4, 14), "V03.date-in-text"),
    ],
)
def test_dates(text: Any, day: date, note: str | None) -> None:
    [found] = read("date", [text]).values()
    assert (found["value"], found["fault"], found["note"]) == (day, None, note)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("31/02/2024", "V03.impossible-date"),
        ("45/13/2024", "V03.impossible-date"),
        ("2024-13-45", "V03.impossible-date"),
        ("0217-01-01", "V03.impossible-date"),
        ("2024", "V03.not-a-date"),
        ("janvier 2024", "V03.not-a-date"),
        ("bientôt", "V03.not-a-date"),
        (("15000", "n"), "V03.not-a-date"),
        (("#REF!", "e"), "V25.spreadsheet-error"),
    ],
)
def test_dates_that_cannot_be_read(text: Any, rule: str) -> None:
    assert fault("date", text) == rule


def test_the_column_decides_the_order_of_day_and_month() -> None:
    assert read("date", ["03/04/2026", "25/04/2026"])["03/04/2026"]["value"] == date(2026, 4, 3)
    assert read("date", ["03/04/2026", "04/25/2026"])["03/04/2026"]["value"] == date(2026, 3, 4)
    both = read("date", ["03/04/2026", "04/25/2026", "25/04/2026"])["03/04/2026"]
    assert (both["fault"], both["expected"]) == ("V04.ambiguous-date", "2026-04-03 / 2026-03-04")


def test_where_the_column_says_nothing_the_order_of_day_and_month_is_not_guessed() -> None:
    assert fault("date", "03/04/2026") == "V04.ambiguous-date"
    assert value("date", "04/04/2026") == date(2026, 4, 4)


def test_what_a_partner_declared_settles_what_its_column_leaves_open() -> None:
    declared = "day-first decimal-comma"
    assert value("date", "03/04/2026", locale=declared) == date(2026, 4, 3)
    assert value("date", "03/04/2026", locale="month-first") == date(2026, 3, 4)
    assert value("money", "1.234", locale=declared) == Decimal(1234)
    assert value("money", "1.234", locale="decimal-point") == Decimal("1.234")
    other = read("date", ["03/04/2026", "04/25/2026"], locale=declared)
    assert other["03/04/2026"]["value"] == date(2026, 3, 4)


@pytest.mark.parametrize(
    "text",
    ["2026-Q2", "2026Q2", "2026-T2", "T2 2026", "Q2 2026", "2T2026", "2e trimestre 2026", "deuxième trimestre 2026",
     "2nd quarter of 2026", "2026-05-03"],
)  # fmt: skip
def test_quarters(text: str) -> None:
    assert value("period", text) == "2026-Q2"


@pytest.mark.parametrize("text", ["2026", "S1 2026", "T5 2026", "mai 2026"])
def test_what_is_no_quarter(text: str) -> None:
    assert fault("period", text) == "V23.not-a-quarter"


def test_every_type_of_the_contracts_is_read() -> None:
    for field_type in {f.type for c in reports().values() for f in c.fields.values()} - set(parsing.AS_TYPED):
        assert read(field_type, ["?!"])["?!"]["value"] is None


@settings(max_examples=20)
@given(
    st.lists(
        st.text(
            alphabet=st.characters(codec="latin-1", exclude_characters="\0ªº¹²³¼½¾") | st.sampled_from("œŒ’–\u202fşłő")
        )
    )
)
def test_texts_are_folded_as_the_contract_folds_them(texts: list[str]) -> None:
    folded = (
        installed().execute("select list_transform(?::varchar[], lambda t: fold_text(t))", [texts]).fetchall()[0][0]
    )
    assert folded == [fold(text) for text in texts]
