"""Days that cannot well be: rows that break each rule, and rows that do not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from rules_asked import A, found, of, paid, project

CAME = date(2026, 3, 1)


@pytest.mark.parametrize(("kind", "row", "field"), [
    ("transactions", paid(), "transaction_date"),
    ("cofinancing", {"project_id": "P-1", "provider_id": A, "amount": "5", "currency": "EUR", "state": "secured"}, "secured_on"),
    ("cofinancing", {"project_id": "P-1", "provider_id": A, "amount": "5", "currency": "EUR"}, "received_on"),
    ("alliances", {"alliance_id": "A-1", "project_id": "P-1", "party_id": A}, "agreement_date"),
    ("engagements", {"engagement_id": "E-1", "project_id": "P-1", "lever": "human", "state": "signed"}, "engagement_date"),
    ("inkind", {"inkind_id": "N-1", "project_id": "P-1", "quantity": "1"}, "given_on"),
    ("baselines", {"project_id": "P-1", "lever": "human", "engagement_count": "1"}, "taken_on"),
])  # fmt: skip
def test_a_day_after_the_report_came(kind: str, row: dict[str, Any], field: str) -> None:
    [finding] = found("V03.after-receipt", of(kind, row | {field: "2026-03-02"}), came=CAME)
    assert (finding["field"], finding["value"], finding["expected"], finding["difference"]) == (
        field,
        "2026-03-02",
        "≤ 2026-03-01",
        "1",
    )
    assert "02/03/2026" in finding["message_fr"] and "2026-03-02" in finding["message_en"]
    assert not found("V03.after-receipt", of(kind, row | {field: "2026-03-01"}), came=CAME)
    assert not found("V03.after-receipt", of(kind, row | {field: "2026-03-02"}), came=CAME, alone=True)


def test_what_is_only_meant_to_be_may_lie_ahead() -> None:
    engagement = {
        "engagement_id": "E-1",
        "project_id": "P-1",
        "lever": "human",
        "state": "intention",
        "engagement_date": "2026-09-01",
    }
    assert not found("V03.after-receipt", of("engagements", engagement), came=CAME)
    pledged = {
        "project_id": "P-1",
        "provider_id": A,
        "amount": "5",
        "currency": "EUR",
        "state": "pledged",
        "secured_on": "2026-09-01",
    }
    assert not found("V03.after-receipt", of("cofinancing", pledged), came=CAME)


def test_one_agreement_is_told_of_once() -> None:
    party = {"alliance_id": "A-1", "project_id": "P-1", "agreement_date": "2026-09-01"}
    assert (
        len(
            found("V03.after-receipt", of("alliances", party | {"party_id": A}, party | {"party_name": "B"}), came=CAME)
        )
        == 1
    )


def test_a_day_of_long_ago() -> None:
    [finding] = found("V03.long-ago", of("transactions", paid(transaction_date="2000-12-31")), alone=True)
    assert (finding["cell"], finding["expected"], finding["scope"]) == ("B2", "≥ 2001-01-01", "cell")
    for clean in ({"transaction_date": "2001-01-01"}, {"report_period": "1999-Q1", "transaction_date": "1999-01-01"}):
        assert not found("V03.long-ago", of("transactions", paid(**clean)))
    assert found(
        "V03.long-ago", of("projects", project(planned_start_date="1926-01-01", planned_end_date="1927-01-01"))
    )[1]


def test_a_published_day_is_held_against_the_receipt() -> None:
    old = paid(transaction_date="1900-01-01", provider_id=A)
    rule = "V03.long-before-receipt"
    assert [f["expected"] for f in found(rule, of("transactions", old, layout="scdl"), came=CAME)] == ["≥ 2001-03-01"]
    assert not found(rule, of("transactions", old, layout="iati"), came=CAME)
    assert not found(rule, of("transactions", old), came=CAME)
    assert not found(rule, of("transactions", old | {"transaction_date": "2001-03-01"}, layout="scdl"), came=CAME)
    assert found(rule, of("transactions", old, period=None), came=CAME)


def test_an_end_too_far_ahead() -> None:
    dated = project(planned_start_date="2026-01-01", planned_end_date="2038-01-02")
    [finding] = found("V03.far-end", of("projects", dated), alone=True)
    assert (finding["field"], finding["expected"], finding["scope"]) == ("planned_end_date", "≤ 2038-01-01", "row")
    assert not found("V03.far-end", of("projects", dated | {"planned_end_date": "2038-01-01"}))
    started = {"planned_start_date": None, "actual_start_date": "2026-01-01"}
    assert found("V03.far-end", of("projects", dated | started))


def test_an_end_without_a_start_is_held_against_the_receipt() -> None:
    ends = project(planned_end_date="2038-03-02")
    assert len(found("V03.far-end-from-receipt", of("projects", ends), came=CAME)) == 1
    assert not found("V03.far-end-from-receipt", of("projects", ends), came=CAME, alone=True)
    assert not found("V03.far-end-from-receipt", of("projects", ends | {"planned_end_date": "2038-03-01"}), came=CAME)
    assert not found("V03.far-end-from-receipt", of("projects", ends | {"planned_start_date": "2027-01-01"}), came=CAME)
