"""Rules over several rows: each with rows that break it and rows that do not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from made import source, table
from pipelines import rules_fund
from pipelines.attribution import Source
from pipelines.findings import catalogue
from pipelines.judging import Fund, Judgement, judge_sources

PLACES = [
    ("FR", "nation", "France", None), ("REG-84", "region", "Auvergne-Rhône-Alpes", 18), ("84", "departement", "Vaucluse", 5),
    ("44", "departement", "Loire-Atlantique", 4), ("44109", "commune", "Nantes", 3), ("01015", "commune", "Arboys en Bugey", 1),
    ("24053", "commune", "Boulazac Isle Manoire", 1), ("73001", "commune", "Aime-la-Plagne", 2), ("42218", "commune", "Saint-Étienne", 9),
    ("66174", "commune", "Saint-Estève", 1), ("54100", "commune", "Beaumont", 1), ("63032", "commune", "Beaumont", 2),
]  # fmt: skip
OLD = [
    ("01340", "commune", "Saint-Bois", 1943, 2015, "01015"), ("73006", "commune", "Aime", None, 2015, "73001"),
    ("01015", "commune", "Arbignieu", None, 2015, "01015"), ("01015", "commune", "Arboys en Bugey", 2016, None, "01015"),
]  # fmt: skip
REGISTERS = {
    "territories": pa.table({
        "territory_code": [p[0] for p in PLACES], "level": [p[1] for p in PLACES], "name": [p[2] for p in PLACES],
        "population": pa.array([p[3] for p in PLACES], pa.int64()), "cog_year": pa.array([2026] * len(PLACES), pa.int64()),
    }),
    "territory_passages": pa.table({
        "old_code": [p[0] for p in OLD], "kind": [p[1] for p in OLD], "name": [p[2] for p in OLD],
        "first_cog_year": pa.array([p[3] for p in OLD], pa.int64()), "last_cog_year": pa.array([p[4] for p in OLD], pa.int64()),
        "current_code": [p[5] for p in OLD],
    }),
    "sdg_targets": pa.table({
        "target_code": ["17", "17.16", "17.17", "17.9", "3.d", *(f"3.{n}" for n in range(1, 10)), "4.1", "4.2"],
        "scope": pa.array([None, "M", "U", "D", "D", *[None] * 11], pa.string()),
    }),
    "waves": pa.table({"wave_id": ["V1"], "programme": ["roadmap"], "opened_on": pa.array([date(2025, 3, 1)], pa.date32())}),
    "calendar": pa.table({
        "period": ["2025-Q4"], "due_on": pa.array([date(2026, 1, 20)], pa.date32()), "release_on": pa.array([date(2026, 1, 31)], pa.date32()),
    }),
    "organisation_alias": pa.table({"alias_id": ["FR-RNA-W751064167"], "org_id": ["FR-SIREN-732829320"]}),
}  # fmt: skip
A, B, C = "732829320", "356000000", "552100554"


def judged(*sources: Source, came: date = date(2026, 3, 1), alone: bool = False) -> Judgement:
    fund = None if alone else Fund({s.submission_id: came for s in sources})
    return judge_sources(list(sources), REGISTERS, fund=fund)


def found(rule: str, *sources: Source, **of: Any) -> list[dict[str, Any]]:
    """The findings of a rule, each with its sentences complete."""
    rows = [f for f in judged(*sources, **of).findings.to_pylist() if f["rule_id"] == rule]
    for row in rows:
        assert "—" not in row["message_en"] + row["message_fr"], row
        assert row["severity"] == catalogue()[rule].severity
    return rows


def cells(rule: str, *sources: Source, **of: Any) -> list[tuple[str, str | None]]:
    return sorted((f["cell"], f["suggestion"]) for f in found(rule, *sources, **of))


def paid(**of: Any) -> dict[str, Any]:
    return {"project_id": "P-1", "transaction_type_code": "3", "amount": "12,50", "currency": "EUR", **of}


def project(**of: Any) -> dict[str, Any]:
    return {"project_id": "P-1", "title": "Ateliers", "country_code": "FR", **of}


def of(kind: str, *rows: dict[str, Any], **about: Any) -> Source:
    return source(table(kind, list(rows)), **about)


def quarter(kind: str, period: str, order: int, *rows: dict[str, Any], partner: str = "coop") -> Source:
    return source(
        table(kind, list(rows)), order=order, file=f"{partner}/{period}/report.csv", partner=partner, period=period
    )


# --- V07 -------------------------------------------------------------------------------------------------------------


def test_one_name_with_several_numbers() -> None:
    rows = [
        paid(provider_id=A, provider_name="Asso Verte"),
        paid(provider_id=A, provider_name="Asso verte", amount="1"),
    ]
    [finding] = found(
        "V07.one-name-several-ids", of("transactions", *rows, paid(provider_id=B, provider_name="ASSO VERTE"))
    )
    assert (finding["value"], finding["expected"]) == (f"FR-SIREN-{B}", f"FR-SIREN-{A}")
    assert not found("V07.one-name-several-ids", of("transactions", *rows))
    alias = paid(provider_id="W751064167", provider_name="Asso Verte")
    assert not found("V07.one-name-several-ids", of("transactions", *rows, alias))


def test_one_number_with_several_names() -> None:
    rows = [
        paid(provider_id=A, provider_name=n, amount=str(i))
        for i, n in enumerate(["Asso Verte", "Asso Verte", "Garage Martin"], 1)
    ]
    [finding] = found("V07.one-id-several-names", of("transactions", *rows))
    assert (finding["value"], finding["expected"], finding["line"]) == ("Garage Martin", "Asso Verte", 4)
    names = [
        "Ville de Bréval-sur-Lande",
        "Commune de Breval sur Lande",
        "BREVAL SUR LANDE",
        "Bréval sur Landes",
        "BSL",
        "Mairie de Bréval-sur-Lande (service culture)",
    ]
    same = [paid(provider_id=A, provider_name=n, amount=str(i)) for i, n in enumerate(names, 1)]
    assert not found("V07.one-id-several-names", of("transactions", *same))


# --- V09 -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "year", "suggestion"), [
    ("01340", "2016", "01015"), ("73006", "2026", "73001"), ("99999", "2026", None), ("200099999", "2024", None),
])  # fmt: skip
def test_a_code_that_its_year_does_not_have(code: str, year: str, suggestion: str | None) -> None:
    judgement = judged(of("projects", project(territory_code=code, cog_year=year)))
    [finding] = [f for f in judgement.findings.to_pylist() if f["rule_id"].startswith("V09.")]
    assert (finding["rule_id"], finding["value"], finding["suggestion"]) == ("V09.unknown-in-year", code, suggestion)
    assert judgement.accepted["projects"]["territory_code"].to_pylist() == [None]
    assert judgement.accepted["projects"]["territory_code__text"].to_pylist() == [code]


@pytest.mark.parametrize(("code", "year"), [
    ("01340", "2015"), ("73006", "2000"), ("44109", "2026"), ("44109", "2003"), ("01015", "2010"), ("01015", "2020"),
    ("44109", "2027"), ("44109", None), ("44", "2026"), ("REG-84", "2026"),
])  # fmt: skip
def test_a_code_that_its_year_has(code: str, year: str | None) -> None:
    scale = {"scale": "departement"} if code == "44" else {"scale": "region"} if code == "REG-84" else {}
    judgement = judged(of("projects", project(territory_code=code, cog_year=year, **scale)))
    assert not [f["rule_id"] for f in judgement.findings.to_pylist() if f["rule_id"].startswith("V09.")]
    assert judgement.accepted["projects"]["territory_code"].to_pylist() == [code]


def test_an_old_code_without_a_year() -> None:
    assert cells("V09.old-code", of("projects", project(territory_code="73006"))) == [("B2", "73001")]
    assert not found("V09.unlisted", of("projects", project(territory_code="73006")))
    assert found("V09.unlisted", of("projects", project(territory_code="99999")))


def test_two_digits_are_a_departement_or_a_region() -> None:
    [finding] = found("V09.two-levels", of("projects", project(territory_code="84")))
    assert "REG-84" in finding["message_fr"] and "Vaucluse" in finding["message_fr"]
    judgement = judged(
        of(
            "projects",
            project(territory_code="84", scale="region"),
            project(territory_code="84", scale="departement", project_id="P-2"),
        )
    )
    assert judgement.accepted["projects"]["territory_code"].to_pylist() == ["REG-84", "84"]
    assert [f["rule_id"] for f in judgement.findings.to_pylist() if f["rule_id"].startswith("V09.")] == [
        "V09.region-read"
    ]


@pytest.mark.parametrize(("name", "scale", "suggestion", "codes"), [
    ("nantes", None, "44109", None), ("Beaumont", "commune", None, "63032, 54100"), ("Saint Etienne", "epci", "42218", None),
])  # fmt: skip
def test_a_name_in_the_place_of_a_code(name: str, scale: str | None, suggestion: str | None, codes: str | None) -> None:
    [finding] = found("V09.name-only", of("projects", project(territory_code=name, scale=scale)))
    assert (finding["suggestion"], finding["expected"]) == (suggestion, codes)
    assert found("V09.not-a-code", of("projects", project(territory_code="Trifouillis")))


# --- V13 -------------------------------------------------------------------------------------------------------------


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


# --- V16 -------------------------------------------------------------------------------------------------------------


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


# --- V17 -------------------------------------------------------------------------------------------------------------


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


# --- V18 -------------------------------------------------------------------------------------------------------------


def links(*targets: tuple[str, str | None], **more: Any) -> list[dict[str, Any]]:
    return [{"project_id": "P-1", "target_code": t, "weight_pct": w, "is_principal": "oui" if n == 0 else "non", **more}
            for n, (t, w) in enumerate(targets)]  # fmt: skip


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


# --- V21 -------------------------------------------------------------------------------------------------------------


def party(number: str, sector: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "alliance_id": "A-1",
        "alliance_name": "Belle-Rive",
        "project_id": "P-1",
        "party_id": number,
        "party_sector": sector,
        **more,
    }


def test_an_alliance_of_one() -> None:
    assert found("V21.one-party", of("alliances", party(A)))
    assert found("V21.one-party", of("alliances", party(A), party("W751064167", party_role="lead")))
    assert not found("V21.one-party", of("alliances", party(A), party(B)))
    assert not found("V21.one-party", of("alliances", party(A), layout="iati"))


def test_a_partnership_of_many_parties_has_three_sectors() -> None:
    link = table("sdg_links", links(("17.16", None)))
    two = [party(A, "public"), party(B, "company")]
    few = table("alliances", two)
    [finding] = found("V21.few-sectors", source(few, link))
    assert (finding["expected"], finding["difference"]) == ("≥ 3", "-1")
    assert not found("V21.few-sectors", source(table("alliances", [*two, party(C, "association")]), link))
    assert not found("V21.few-sectors", source(table("alliances", [*two, party(C)]), link))
    assert not found("V21.few-sectors", source(few, table("sdg_links", links(("17.17", None)))))


# --- V22 -------------------------------------------------------------------------------------------------------------


def engaged(**more: Any) -> dict[str, Any]:
    return {
        "project_id": "P-1",
        "party_id": A,
        "lever": "human",
        "engagement_date": "2025-02-01",
        "state": "signed",
        **more,
    }


def test_an_engagement_before_the_call() -> None:
    projects = of("projects", project(wave_id="V1"), order=2)
    [finding] = found("V22.before-first-contact", of("engagements", engaged()), projects)
    assert (finding["expected"], finding["difference"]) == ("≥ 2025-03-01", "-28")
    for clean in (
        engaged(engagement_date="2025-03-01"),
        engaged(is_baseline="oui"),
        engaged(engagement_date=None),
        engaged(project_id="P-2"),
    ):
        assert not found("V22.before-first-contact", of("engagements", clean), projects)


def test_a_lever_without_its_baseline() -> None:
    one = "V22.baseline-missing"
    assert len(found(one, of("engagements", engaged(), engaged(party_id=B), engaged(lever="financial")))) == 2
    assert not found(one, of("engagements", engaged(), engaged(is_baseline="oui", party_id=B)))
    nought = {"project_id": "P-1", "lever": "human", "taken_on": "2025-01-01", "engagement_count": "0"}
    assert not found(one, of("engagements", engaged()), of("baselines", nought, order=2))
    assert found(one, of("engagements", engaged()), of("baselines", nought | {"lever": "alliance"}, order=2))
    assert not found(one, of("engagements", engaged(state="intention")))


# --- V23 -------------------------------------------------------------------------------------------------------------


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


# --- All -------------------------------------------------------------------------------------------------------------


def test_every_rule_has_its_words_and_every_word_its_rule() -> None:
    import tomllib

    from pipelines.paths import CONTRACTS

    stated = {
        rule["id"] for rule in tomllib.loads((CONTRACTS / "_rules_fund.toml").read_text(encoding="utf-8"))["rules"]
    }
    assert {query.rule for query in rules_fund.queries()} | {"V08.personal-data", "V09.name-only"} == stated


def test_a_file_alone_is_judged_by_all_but_the_rules_of_the_fund() -> None:
    both = source(
        table("sdg_links", links(("17.9", "90 %"))),
        table("projects", [project(territory_code="99999", cog_year="2026")]),
        table("transactions", [paid(transaction_type_code="2", amount="1"), paid(amount="2")]),
    )
    alone, among = (set(judged(both, alone=a).findings["rule_id"].to_pylist()) for a in (True, False))
    assert among - alone == {"V18.scope", "V17.disbursed-above-committed"}
    assert {rule for rule in alone if catalogue()[rule].scope == "fund"} <= {"V00.sender-unknown"}
    assert {"V18.weights", "V09.unknown-in-year"} <= alone <= among
