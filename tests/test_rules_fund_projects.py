"""Targets, weights and dates of a project: rows that break each rule, and rows that do not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from pipelines.judging import Fund, judge_sources
from rules_asked import REGISTERS, cells, found, judged, links, of, paid, project, quarter


@pytest.mark.parametrize(("targets", "difference"), [
    ([("17.17", "50 %"), ("17.16", "40 %")], "-10"), ([("17.17", "60 %"), ("17.16", "60 %")], "20"),
    ([("17.17", "100 %"), ("17.16", None)], "0"), ([("17.17", "50 %"), ("3.d", "100 %")], "50"),
])  # fmt: skip
def test_weights_that_do_not_sum(targets: list[tuple[str, str | None]], difference: str) -> None:
    [finding] = found("V18.weights", of("sdg_links", *links(*targets)))
    assert (finding["expected"], finding["difference"]) == ("100", difference)


@pytest.mark.parametrize("targets", [
    [("17.17", "50 %"), ("17.16", "50 %")], [("17.17", "50 %"), ("3.d", "50 %")], [("17.17", "100 %"), ("3.d", "100 %")],
    [("17.17", None), ("17.16", None)], [("17.17", "33.33 %"), ("17.16", "33.33 %"), ("17", "33.34 %")],
    [("17.17", "100 %"), ("3.1", None), ("3.2", None)],
])  # fmt: skip
def test_weights_that_hold(targets: list[tuple[str, str | None]]) -> None:
    assert not found("V18.weights", of("sdg_links", *links(*targets)))


def test_too_many_targets() -> None:
    targets = [(t, None) for t in ("17", "17.16", "17.17", "3.1", "3.2", "3.3", "3.4", "3.5", "3.6", "3.7", "3.8")]
    assert found("V18.many-targets", of("sdg_links", *links(*targets)))[0]["difference"] == "1"
    assert not found("V18.many-targets", of("sdg_links", *links(*targets[:10])))


def test_one_principal_target() -> None:
    targets = [("17.16", None), ("17.17", None)]
    assert found("V18.principal", of("sdg_links", *links(*targets, is_principal="oui")))[0]["difference"] == "1"
    assert found("V18.principal", of("sdg_links", *links(*targets, is_principal=None)))[0]["difference"] == "-1"
    assert not found("V18.principal", of("sdg_links", *links(*targets)))
    unasked = [{k: v for k, v in row.items() if k != "is_principal"} for row in links(*targets)]
    assert not found("V18.principal", of("sdg_links", *unasked))
    assert not found("V18.principal", of("sdg_links", *links(*targets[:1], is_principal=None)))
    assert not found("V18.principal", of("sdg_links", *links(*targets, is_principal=None), layout="iati"))


def test_a_target_for_developing_countries_in_france() -> None:
    link = of("sdg_links", *links(("17.9", None)))
    assert cells("V18.scope", link, of("projects", project(), order=2)) == [("A2", None)]
    assert cells("V18.scope", link, of("projects", project(country_code=None, territory_code="44109"), order=2)) == [
        ("A2", None)
    ]
    assert not found("V18.scope", link, of("projects", project(country_code="SN"), order=2))
    assert not found("V18.scope", of("sdg_links", *links(("17.16", None))), of("projects", project(), order=2))


@pytest.mark.parametrize(("period", "came", "days"), [
    ("2025-Q4", date(2026, 1, 21), "1"), ("2025-Q4", date(2026, 1, 20), None),
    ("2026-Q1", date(2026, 4, 6), "1"), ("2026-Q1", date(2026, 4, 5), None),
])  # fmt: skip
def test_a_report_after_its_day(period: str, came: date, days: str | None) -> None:
    reports = found("V23.late-report", quarter("transactions", period, 1, paid()), came=came)
    assert [f["difference"] for f in reports] == ([days] if days else [])
    assert all((f["submission_id"], f["partner_id"], f["period"]) == ("S-1", "coop", period) for f in reports)


def test_what_is_sent_again_is_not_late() -> None:
    first, again = (
        quarter("transactions", "2026-Q1", 1, paid()),
        quarter("transactions", "2026-Q1", 2, paid(amount="3")),
    )
    came = {"S-1": date(2026, 4, 1), "S-2": date(2026, 5, 1)}
    rules = [f["rule_id"] for f in judge_sources([first, again], REGISTERS, fund=Fund(came)).findings.to_pylist()]
    assert "V23.late-report" not in rules


def test_time_outside_the_project() -> None:
    dated = of(
        "projects",
        project(planned_start_date="2025-04-01", planned_end_date="2025-12-31", actual_end_date="2026-01-10"),
        order=2,
    )
    worked = {"project_id": "P-1", "category": "benevolat", "hours": "12"}
    for period, wrong in (("2025-Q1", True), ("2025-Q2", False), ("2026-Q1", False), ("2026-Q2", True)):
        judgement = judged(of("time", worked | {"period": period}), dated)
        assert ("V23.outside-project" in judgement.findings["rule_id"].to_pylist()) is wrong
        assert judgement.accepted["time"]["hours"].to_pylist() == [Decimal(12)]
