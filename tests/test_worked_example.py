"""The worked example of the domain, completed in the definitions: the figures built so far come out to the last digit.

One project of a fund: 40,000 committed, 24,000 disbursed, 18,000 spent, all in the first quarter of 2026; SDG weights
.5/.3/.2; 19 new engagements and 7 of before the award; ten partners; co-financing, hours and days beside.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pipelines.paths import DataRoot
from tables import accept, ask, build

FUND, PROJECT, QUARTER = "FR-SIREN-732829320", "P-001", "2026-Q1"

PARTNERS = ["public"] * 3 + ["company"] * 2 + ["association"] * 4 + ["academic"]


def money(kind: int, amount: int) -> dict[str, Any]:
    return {
        "project_id": PROJECT,
        "transaction_type_code": str(kind),
        "transaction_date": "2026-02-10",
        "amount": amount,
        "currency": "EUR",
        "provider_id": FUND,
        "provider_name": "The Fund",
    }


def cofinancing(provider: str, origin: str, secured: int, received: int | None) -> dict[str, Any]:
    return {
        "project_id": PROJECT,
        "provider_id": f"NAME-{provider}",
        "provider_name": provider,
        "origin": origin,
        "state": "secured",
        "amount": secured,
        "received": received,
        "currency": "EUR",
        "secured_on": "2026-02-01",
        "received_on": "2026-03-01",
    }


def engagements(lever: str, new: int, baseline: int) -> list[dict[str, Any]]:
    row = {
        "project_id": PROJECT,
        "lever": lever,
        "activation": "action",
        "state": "done",
        "engagement_date": "2026-03-01",
    }
    return [row | {"is_baseline": number >= new} for number in range(new + baseline)]


ROWS: dict[str, list[dict[str, Any]]] = {
    "projects": [{"project_id": PROJECT, "title": "The worked example", "territory_code": "44"}],
    "transactions": [money(2, 40_000), money(3, 24_000), money(4, 18_000)],
    "sdg_links": [
        {"project_id": PROJECT, "target_code": "17.17", "weight_pct": 50, "is_principal": True},
        {"project_id": PROJECT, "target_code": "17.16", "weight_pct": 30},
        {"project_id": PROJECT, "target_code": "17.14", "weight_pct": 20},
    ],
    "cofinancing": [
        cofinancing("commune", "public", 15_000, 15_000),
        cofinancing("foundation", "private", 10_000, 6_000),
        cofinancing("company", "private", 5_000, 5_000),
        cofinancing("sales", "activity", 2_000, None),
        cofinancing("own", "own", 3_000, None),
    ],
    "engagements": [*engagements("human", 9, 4), *engagements("financial", 3, 1), *engagements("alliance", 7, 2)],
    "alliances": [
        {
            "alliance_id": "A-1",
            "project_id": PROJECT,
            "party_id": f"NAME-{number}",
            "party_name": f"Partner {number}",
            "party_sector": sector,
            "party_from": "2026-01-15",
        }
        for number, sector in enumerate(PARTNERS)
    ],
    "time": [
        {"project_id": PROJECT, "period": QUARTER, "category": "benevolat", "people": 31, "hours": 620},
        {
            "project_id": PROJECT,
            "period": QUARTER,
            "category": "mecenat_competences",
            "days": 18,
            "declared_cost": 350,
            "declared_cost_basis": "per_day",
            "currency": "EUR",
        },
    ],
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> DataRoot:
    root = DataRoot(tmp_path_factory.mktemp("worked"))
    root.reference.mkdir()
    (root.reference / "organisations.csv").write_text(
        f"org_id,name,sector,is_fund\n{FUND},The Fund,foundation,true\n", encoding="utf-8"
    )
    accept(root, ROWS)
    build(root)
    return root


def test_committed_disbursed_spent(built: DataRoot) -> None:
    figures = "committed_eur, disbursed_eur, spent_eur, committed_to_date_eur, disbursed_to_date_eur, spent_to_date_eur"
    expected = [(QUARTER, *map(Decimal, ("40000.00", "24000.00", "18000.00") * 2))]
    assert (
        ask(built, f"select quarter, {figures} from metrics.project_quarter where project_id = '{PROJECT}'") == expected
    )
    assert ask(built, f"select quarter, {figures} from metrics.fund_quarter where provider_id = '{FUND}'") == expected
    assert ask(built, "select count(*) from metrics.project_quarter") == [(1,)]
    reported = ask(
        built,
        f"select measure, currency, amount_total from metrics.provider_currency where provider_id = '{FUND}' order by 1",
    )
    assert reported == [
        ("committed", "EUR", Decimal(40_000)),
        ("disbursed", "EUR", Decimal(24_000)),
        ("spent", "EUR", Decimal(18_000)),
    ]


def test_amounts_by_target_split_and_flagged(built: DataRoot) -> None:
    split = "select family, target_code, quarter, committed_eur from metrics.sdg_amount_split order by 1, 2"
    assert ask(built, split) == [
        ("how", "17.14", QUARTER, Decimal("8000.00")),
        ("how", "17.16", QUARTER, Decimal("12000.00")),
        ("how", "17.17", QUARTER, Decimal("20000.00")),
        ("what", "none", QUARTER, Decimal("40000.00")),
    ]
    flagged = "select target_code, committed_flagged_eur, additive from metrics.sdg_amount_flagged order by 1"
    assert ask(built, flagged) == [(target, Decimal("40000.00"), False) for target in ("17.14", "17.16", "17.17")]
    assert ask(built, "select effective_targets from metrics.sdg_breadth") == [(Decimal("2.6316"),)]


def test_engagements_by_lever(built: DataRoot) -> None:
    by_lever = "select lever, sum(new_count), sum(baseline_count) from metrics.engagement_lever group by 1 order by 1"
    assert ask(built, by_lever) == [("alliance", 7, 2), ("financial", 3, 1), ("human", 9, 4)]


def test_active_partners_by_sector(built: DataRoot) -> None:
    by_sector = f"select sector, partners_count from metrics.sector_partners where quarter = '{QUARTER}' order by 1"
    expected = [("academic", 1), ("association", 4), ("company", 2), ("public", 3)]
    assert ask(built, by_sector) == expected
    assert ask(built, by_sector.replace("sector_partners", "project_partners")) == expected


def test_every_figure_is_a_metric_value(built: DataRoot) -> None:
    value = (
        "select value, unit, additive from metrics.metric_value where metric_id = {!r} and part = {!r} and key = {!r}"
    )
    key = f'{{"family":"how","quarter":"{QUARTER}","target_code":"17.17"}}'
    assert ask(built, value.format("M35", "committed", key)) == [(Decimal(20_000), "EUR", True)]
    key = f'{{"project_id":"{PROJECT}","quarter":"{QUARTER}"}}'
    assert ask(built, value.format("M01", "flow", key)) == [(Decimal(40_000), "EUR", True)]
    assert ask(built, "select distinct metric_id from metrics.metric_value order by 1") == [
        (metric,) for metric in ("M01", "M02", "M03", "M20", "M26", "M35", "M36")
    ]


def test_what_later_metrics_need_is_in_the_one_fact(built: DataRoot) -> None:
    whole = (
        "select measure, coalesce(sum(amount_eur), sum(quantity)), any_value(unit) "
        "from core.contribution where share_kind = 'whole' group by 1"
    )
    totals = {measure: (value, unit) for measure, value, unit in ask(built, whole)}
    assert totals["cofinancing_secured"] == (Decimal("35000.00"), "EUR")
    assert totals["cofinancing_received"] == (Decimal("26000.00"), "EUR")
    assert totals["volunteer_hours"] == (Decimal(620), "h")
    assert totals["skills_value"] == (Decimal("6300.00"), "EUR")
    assert totals["partners"] == (Decimal(10), "organisations")


def test_a_figure_leads_to_its_cells(built: DataRoot) -> None:
    cells = ask(
        built,
        "select source_file, source_sheet, source_text, amount_eur from core.contribution "
        "where measure = 'committed' and share_kind = 'sdg_how' and target_code = '17.17'",
    )
    assert cells == [("demo/report.xlsx", "transactions", "40000", Decimal("20000.00"))]
