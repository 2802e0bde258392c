"""Codes of territories against the year they are said to be of: rows that break the rule, and rows that do not."""

from __future__ import annotations

import pytest

from rules_asked import cells, found, judged, of, project


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
