"""Running totals, look-alikes and sums of money: rows that break each rule, and rows that do not."""

from __future__ import annotations

from typing import Any

import pytest

from rules_asked import A, B, C, found, judged, of, paid, quarter


def seen(value: str, **more: Any) -> dict[str, Any]:
    return {"project_id": "P-1", "indicator_code": "BEN", "value": value, "measure_basis": "cumulative", **more}


def test_a_running_total_that_falls() -> None:
    before = quarter("observations", "2025-Q4", 1, seen("120"))
    [finding] = found("V13.cumulative-falls", before, quarter("observations", "2026-Q1", 2, seen("100")))
    assert (finding["value"], finding["expected"], finding["difference"], finding["period"]) == (
        "100",
        "≥ 120",
        "-20",
        "2026-Q1",
    )
    for clean in (seen("120"), seen("100", is_restatement="oui"), seen("100", measure_basis="period"), seen("1", breakdown="femmes"),
                  seen("1", indicator_code="AUT"), seen("1", project_id="P-2")):  # fmt: skip
        assert not found("V13.cumulative-falls", before, quarter("observations", "2026-Q1", 2, clean))


def test_a_running_total_that_has_replaced_the_one_before() -> None:
    line = {
        "project_id": "P-1",
        "line_code": "60",
        "side": "charge",
        "budget_version": "original",
        "period_start": "2025-01-01",
        "measure_basis": "cumulative",
        "currency": "EUR",
    }
    before = quarter("budgets", "2025-Q4", 1, line | {"actual": "500"})
    [finding] = found("V13.cumulative-falls", before, quarter("budgets", "2026-Q1", 2, line | {"actual": "400"}))
    assert finding["difference"] == "-100"
    told = line | {"actual": "400", "explanation": "Rectification d’une facture comptée deux fois"}
    assert not found("V13.cumulative-falls", before, quarter("budgets", "2026-Q1", 2, told))
    again = quarter("budgets", "2025-Q4", 2, line | {"actual": "300"})
    assert not found("V13.cumulative-falls", before, again, quarter("budgets", "2026-Q1", 3, line | {"actual": "400"}))


def test_payments_that_look_alike_are_said_once_per_group() -> None:
    twin = paid(provider_id=A, receiver_id=B, transaction_date="2026-01-10")
    rows = [twin, twin | {"transaction_date": "2026-01-20"}, twin | {"transaction_date": "2026-02-03"}]
    [finding] = found("V16.look-alike", of("transactions", *rows))
    assert finding["line"] == 4 and "3 rows" in finding["message_en"] and "report.csv C2" in finding["message_en"]
    judgement = judged(of("transactions", *rows))
    assert judgement.accepted["transactions"].num_rows == 3


def test_between_partners_too() -> None:
    twin = paid(provider_id=A, receiver_id=B, transaction_date="2026-01-10", project_id=None)
    other = quarter("transactions", "2026-Q1", 2, twin | {"transaction_date": "2026-01-12"}, partner="asso")
    assert len(found("V16.look-alike", quarter("transactions", "2026-Q1", 1, twin), other)) == 1


@pytest.mark.parametrize("change", [
    {"transaction_date": "2026-01-26"}, {"amount": "12,51"}, {"receiver_id": C}, {"transaction_type_code": "2"}, {"currency": "USD"},
    {"agreement_ref": "B-2", "description": "Football"}, {"transaction_date": None},
])  # fmt: skip
def test_payments_that_do_not_look_alike(change: dict[str, Any]) -> None:
    first = paid(provider_id=A, receiver_id=B, transaction_date="2026-01-10", agreement_ref="A-1", description="Danse")
    assert not found("V16.look-alike", of("transactions", first, first | change))


def test_undated_payments_of_one_agreement() -> None:
    row = paid(provider_id=A, receiver_id=B, agreement_ref="A-1")
    assert found("V16.look-alike", of("transactions", row, row | {"description": "Solde"}))
    assert not found("V16.look-alike", of("transactions", row, row | {"agreement_ref": "A-2"}))


def test_cofinancing_that_looks_alike() -> None:
    row = {"project_id": "P-1", "provider_id": A, "amount": "500", "currency": "EUR", "agreement_ref": "A-1"}
    one = "V16.look-alike-cofinancing"
    assert len(found(one, of("cofinancing", row, row | {"amount": "700", "project_id": "P-2"}))) == 1
    dated = row | {"agreement_ref": None, "secured_on": "2026-01-01"}
    assert len(found(one, of("cofinancing", dated, dated | {"secured_on": "2026-01-15"}))) == 1
    shared = {"shared_with_projects": "P-1, P-2"}
    for first, second in (
        (row, row | {"agreement_ref": "A-2"}), (row, row | {"provider_id": B}), (row | shared, row | shared | {"project_id": "P-2"}),
        (dated, dated | {"secured_on": "2026-01-31"}), (dated, dated | {"project_id": "P-2"}),
    ):  # fmt: skip
        assert not found(one, of("cofinancing", first, second)), (first, second)


def test_more_paid_out_than_committed() -> None:
    committed = quarter(
        "transactions", "2025-Q4", 1, paid(transaction_type_code="2", amount="100", transaction_id="T1")
    )
    paid_out = [
        paid(amount="60", transaction_id="T2"),
        paid(amount="60,01", transaction_id="T3", transaction_date="2026-02-01"),
    ]
    [finding] = found("V17.disbursed-above-committed", committed, quarter("transactions", "2026-Q1", 2, *paid_out))
    assert (finding["line"], finding["expected"], finding["difference"]) == (3, "≤ 100", "20.01")
    for clean in (
        [paid(amount="60"), paid(amount="40", transaction_id="T3")],
        [paid(amount="600", project_id="P-2")],
        [paid(amount="600", currency="USD")],
    ):
        assert not found("V17.disbursed-above-committed", committed, quarter("transactions", "2026-Q1", 2, *clean))
    running = [
        paid(amount=a, measure_basis="cumulative", transaction_date=d)
        for a, d in (("60", "2026-01-01"), ("90", "2026-02-01"))
    ]
    assert not found("V17.disbursed-above-committed", committed, *(
        quarter("transactions", f"2026-Q{n}", n + 1, row) for n, row in enumerate(running, 1)))  # fmt: skip


def test_more_spent_than_paid_out() -> None:
    rows = [
        paid(amount="100"),
        paid(transaction_type_code="4", amount="80"),
        paid(transaction_type_code="7", amount="30"),
    ]
    [finding] = found("V17.spent-above-disbursed", of("transactions", *rows))
    assert (finding["difference"], finding["severity"]) == ("10", "warning")
    assert not found("V17.spent-above-disbursed", of("transactions", *rows[:2]))
    assert not found("V17.spent-above-disbursed", of("transactions", *rows[1:]))
    own = [paid(amount="100", provider_id=A), paid(transaction_type_code="4", amount="130", provider_id=B)]
    assert not found("V17.spent-above-disbursed", of("transactions", *own))
    assert found("V17.spent-above-disbursed", of("transactions", own[0], own[1] | {"provider_id": A}))
