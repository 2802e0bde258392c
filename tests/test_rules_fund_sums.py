"""Parts and their whole: budgets and indicators that do not add up, and those that do."""

from __future__ import annotations

from typing import Any

import pytest

from rules_asked import found, judged, of, quarter

Row = dict[str, Any]


def line(side: str, code: str | None, planned: str | None, actual: str | None = None, **more: Any) -> Row:
    return {"project_id": "P-1", "budget_version": "original", "side": side, "line_code": code, "planned": planned, "actual": actual,
            "currency": "EUR", "period_start": "2026-01-01", "measure_basis": "cumulative", **more}  # fmt: skip


def total(side: str, planned: str, code: str | None = None, **more: Any) -> Row:
    return line(side, code, planned, is_total="oui", **more)


CHARGES = [line("charge", "60", "400"), line("charge", "61", "600,50")]


def test_a_total_that_is_not_the_sum_of_its_lines() -> None:
    [finding] = found("V11.budget-total", of("budgets", *CHARGES, total("charge", "1100,50")))
    assert (finding["line"], finding["field"], finding["value"]) == (4, "planned", "1100,50")
    assert (finding["expected"], finding["difference"], finding["scope"]) == ("1000.5", "100", "file")
    assert "1000,5 :" in finding["message_fr"] and "1000.5:" in finding["message_en"]
    done = judged(of("budgets", *CHARGES, total("charge", "1100,50")))
    assert done.accepted["budgets"].num_rows == 3 and done.refused["budgets"].num_rows == 0
    assert str(done.accepted["budgets"]["planned"].to_pylist()[2]).startswith("1100.5")


def test_what_was_spent_has_totals_of_its_own() -> None:
    spent = [line("charge", "60", "400", "300"), line("charge", "61", "600", "500")]
    [finding] = found("V11.budget-total", of("budgets", *spent, total("charge", "1000", actual="900")))
    assert (finding["field"], finding["expected"], finding["difference"]) == ("actual", "800", "100")


GIFTS = line("charge", "86", "50")


@pytest.mark.parametrize("rows", [
    [*CHARGES, total("charge", "1000,50")], [*CHARGES, GIFTS, total("charge", "1050,50")],
    # A total before the gifts, one of the gifts, one of all.
    [*CHARGES, total("charge", "1000,50", line_label="Total"), GIFTS, total("charge", "50"), total("charge", "1050,50")],
    # A total of an account, of a class and of a block.
    [line("charge", "601", "10"), line("charge", "602", "20"), total("charge", "30", "60"), line("charge", "61", "5"),
     total("charge", "35", "6"), total("charge", "35")],
    [*CHARGES, total("charge", "1000,50"), line("charge", "62", "7"), line("charge", "63", "8"), total("charge", "15"),
     total("charge", "1015,50")],
    # Other budgets, and what cannot be summed.
    [*CHARGES, total("income", "1"), line("income", "74", "1"), total("charge", "1000,50")], [*CHARGES, total("charge", "7", "70")],
    [*CHARGES, total("charge", "400", project_id="P-2")], [*CHARGES, total("charge", "400", budget_version="revised")],
    [*CHARGES, total("charge", "400", period_start="2025-01-01")], [*CHARGES, total("charge", "400", currency="USD")],
    [*CHARGES, line("charge", "62", "à confirmer"), total("charge", "1400")],
])  # fmt: skip
def test_totals_that_hold_or_cannot_be_checked(rows: list[Row]) -> None:
    assert not found("V11.budget-total", of("budgets", *rows))


def test_a_total_of_an_account() -> None:
    rows = [
        line("charge", "601", "10"),
        line("charge", "602", "20"),
        line("charge", "61", "5"),
        total("charge", "31", "60"),
    ]
    assert [f["expected"] for f in found("V11.budget-total", of("budgets", *rows))] == ["30"]


def test_charges_are_the_income() -> None:
    income = line("income", "74", "900")
    [finding] = found("V11.plan-unbalanced", of("budgets", *CHARGES, income, total("income", "900")))
    assert (finding["line"], finding["severity"]) == (4, "critical")
    assert (finding["expected"], finding["difference"]) == ("1000.5", "-100.5")
    for clean in (
        [*CHARGES, line("income", "74", "1000,50")], CHARGES, [income], [*CHARGES, income | {"project_id": "P-2"}],
        [*CHARGES, income | {"budget_version": "revised"}], [*CHARGES, income | {"period_start": "2025-01-01"}],
        [*CHARGES, income, line("income", "70", "à confirmer")], [*CHARGES, income, line("à voir", "70", "7")],
        [*CHARGES, line("income", "74", "1000,50"), GIFTS], [*CHARGES, total("income", "7")],
    ):  # fmt: skip
        assert not found("V11.plan-unbalanced", of("budgets", *clean)), clean


def test_an_account_may_differ_where_it_says_why() -> None:
    rows = [line("charge", "60", "100", "80"), line("income", "74", "100", "100")]
    [finding] = found("V11.account-unbalanced", of("budgets", *rows))
    assert (finding["field"], finding["difference"], finding["severity"]) == ("actual", "20", "warning")
    told = [rows[0], rows[1] | {"explanation": "Versé en une fois"}]
    assert not found("V11.account-unbalanced", of("budgets", *told))
    assert not found("V11.plan-unbalanced", of("budgets", *told))
    assert found("V11.plan-unbalanced", of("budgets", told[0], told[1] | {"planned": "101"}))


def test_what_is_given_is_what_is_used() -> None:
    both = [line("charge", "60", "100"), line("income", "74", "100")]
    given, used = line("income", "870", "50"), line("charge", "86 - Bénévolat", "40")
    [finding] = found("V11.voluntary-unbalanced", of("budgets", *both, used, given))
    assert (finding["line"], finding["expected"], finding["difference"]) == (5, "40", "10")
    assert not found("V11.plan-unbalanced", of("budgets", *both, used, given))
    assert found("V11.voluntary-unbalanced", of("budgets", *both, used))[0]["difference"] == "-40"
    assert not found("V11.voluntary-unbalanced", of("budgets", *both, used, given | {"planned": "40"}))
    assert not found("V11.voluntary-unbalanced", of("budgets", *both))


def test_a_report_is_summed_as_it_was_sent() -> None:
    before = quarter("budgets", "2025-Q4", 1, *CHARGES, line("charge", "62", "9"), line("income", "74", "1009,50"))
    after = quarter("budgets", "2026-Q1", 2, *CHARGES, line("income", "74", "1000,50"))
    for rule in ("V11.plan-unbalanced", "V11.budget-total"):
        assert not found(rule, before, after)
    wrong = quarter("budgets", "2026-Q1", 2, *CHARGES, line("income", "74", "1"))
    assert [f["period"] for f in found("V11.plan-unbalanced", before, wrong)] == ["2026-Q1"]
    again = quarter("budgets", "2026-Q1", 3, *CHARGES, line("income", "74", "1000,50"))
    assert not found("V11.plan-unbalanced", before, wrong, again)


def seen(value: str, part: str | None = None, **more: Any) -> Row:
    return {"project_id": "P-1", "indicator_code": "BEN", "indicator_title": "Personnes accompagnées", "indicator_unit": "personnes",
            "period_end": "2026-03-31", "breakdown": part, "breakdown_overlaps": "non", "value": value, "measure_basis": "cumulative",
            **more}  # fmt: skip


def test_a_part_that_is_more_than_the_whole() -> None:
    [finding] = found(
        "V19.whole-below-part", of("observations", seen("100"), seen("120", "femmes"), seen("10", "hommes"))
    )
    assert (finding["line"], finding["value"], finding["expected"], finding["difference"]) == (2, "100", "≥ 120", "-20")
    assert "« femmes »" in finding["message_fr"] and finding["severity"] == "critical"
    assert not found("V19.parts-above-whole", of("observations", seen("100"), seen("120", "femmes")))
    # A published indicator as well; overlaps do not excuse it.
    assert found(
        "V19.whole-below-part", of("observations", seen("1"), seen("2", "f", breakdown_overlaps="oui"), layout="iati")
    )


def test_parts_that_are_more_than_the_whole_together() -> None:
    rows = [seen("100"), seen("60", "femmes"), seen("50", "hommes")]
    [finding] = found("V19.parts-above-whole", of("observations", *rows))
    assert (finding["line"], finding["expected"], finding["difference"]) == (2, "≥ 110", "-10")
    for clean in (
        [rows[0], rows[1], rows[2] | {"breakdown_overlaps": "oui"}], [rows[0], rows[1], rows[2] | {"value": "40"}],
        [rows[0], rows[1], rows[2] | {"period_end": "2025-12-31"}], [rows[0], rows[1], rows[2] | {"project_id": "P-2"}],
        [rows[0], rows[1], rows[2] | {"indicator_code": "AUT"}], [rows[0], rows[1], rows[1] | {"breakdown": "Femmes"}], rows[1:],
    ):  # fmt: skip
        assert not found("V19.parts-above-whole", of("observations", *clean)), clean
    assert not found("V19.parts-above-whole", of("observations", *rows, layout="iati"))


@pytest.mark.parametrize("about", [
    {"indicator_unit": "%"}, {"indicator_title": "Délai moyen"}, {"indicator_title": "Taux de retour"}, {"value": "0,5"},
])  # fmt: skip
def test_of_a_mean_or_a_share_the_whole_may_be_less(about: Row) -> None:
    rows = [
        seen("40") | about,
        seen("50", "femmes") | about | {"value": "50"},
        seen("45", "hommes") | about | {"value": "45"},
    ]
    for rule in ("V19.whole-below-part", "V19.parts-above-whole"):
        assert not found(rule, of("observations", *rows))
