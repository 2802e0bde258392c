"""Organisations, alliances and engagements: rows that break each rule, and rows that do not."""

from __future__ import annotations

from typing import Any

from made import source, table
from rules_asked import A, B, C, found, links, of, paid, project, quarter


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
    left = quarter("alliances", "2026-Q2", 2, party(B, party_to="2026-04-01"))
    assert not found("V21.one-party", quarter("alliances", "2026-Q1", 1, party(A), party(B)), left)
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
