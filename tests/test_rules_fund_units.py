"""What a number is of: the period or the total so far, and its unit."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.judging import judge_sources
from rules_asked import found, of, paid, quarter

Row = dict[str, Any]


def seen(value: str | None = "5", **more: Any) -> Row:
    return {"project_id": "P-1", "indicator_code": "BEN", "indicator_unit": "personnes", "period_end": "2026-03-31", "value": value,
            "measure_basis": "cumulative", **more}  # fmt: skip


def spent(**more: Any) -> Row:
    return {"project_id": "P-1", "side": "charge", "line_code": "60", "actual": "5", "planned": "5", "currency": "EUR",
            "measure_basis": "period", **more}  # fmt: skip


def without(field: str, *rows: Row) -> list[Row]:
    return [{name: value for name, value in row.items() if name != field} for row in rows]


@pytest.mark.parametrize(
    ("kind", "row", "measure"), [("observations", seen(), "value"), ("budgets", spent(), "actual")]
)
def test_a_basis_that_is_not_said(kind: str, row: Row, measure: str) -> None:
    silent = row | {"measure_basis": None}
    [finding] = found("V14.basis-missing", of(kind, row | {"project_id": "P-2"}, silent))
    assert (finding["line"], finding["field"], finding["severity"]) == (3, "measure_basis", "critical")
    assert finding["cell"].endswith("3") and "« Base de mesure »" in finding["message_fr"]
    assert not found("V14.basis-column", of(kind, silent))
    kept = judge_sources([of(kind, silent)], {}).accepted[kind]
    assert kept.num_rows == 1 and str(kept[measure][0]).startswith("5")
    for clean in (of(kind, row), of(kind, silent, layout="iati"), of(kind, silent | {"measure_basis": "à voir"})):
        assert not found("V14.basis-missing", clean)
    nothing_yet = {"value": None, "target_value": "5"} if kind == "observations" else {"actual": None}
    assert not found("V14.basis-missing", of(kind, silent | nothing_yet))


def test_a_basis_that_is_asked_nowhere_is_told_of_once() -> None:
    rows = without(
        "measure_basis", seen(), seen(project_id="P-2"), seen(project_id="P-3", value=None, target_value="5")
    )
    [finding] = found("V14.basis-column", of("observations", *rows))
    assert finding["line"] == 2 and "(rows: 2)" in finding["message_en"]
    assert not found("V14.basis-missing", of("observations", *rows))
    assert not found("V14.basis-column", of("observations", *rows, layout="iati"))
    assert not found("V14.basis-column", of("observations", seen()))


def test_movements_are_of_their_day() -> None:
    [finding] = found("V14.cumulative-movement", of("transactions", paid(measure_basis="cumulative")), alone=True)
    assert (finding["severity"], finding["value"], finding["scope"]) == ("warning", "cumulative", "row")
    for clean in ("period", None):
        assert not found("V14.cumulative-movement", of("transactions", paid(measure_basis=clean)))


def test_a_unit_that_is_not_said() -> None:
    rows = [seen(), seen(project_id="P-2", indicator_unit=None), seen(project_id="P-3", indicator_unit=None)]
    [finding] = found("V24.unit-missing", of("observations", *rows))
    assert (finding["line"], finding["suggestion"], finding["severity"]) == (3, "personnes", "warning")
    assert "(rows without one: 2); elsewhere in this report it is “personnes”" in finding["message_en"]
    assert found("V24.unit-missing", of("observations", *without("indicator_unit", *rows)))[0]["suggestion"] is None
    assert not found("V24.unit-missing", of("observations", rows[0]))
    assert not found("V24.unit-missing", of("observations", *rows, layout="iati"))


def test_two_units_in_one_report() -> None:
    rows = [seen(breakdown=part) for part in (None, "femmes", "hommes")]
    [finding] = found("V24.unit-differs", of("observations", *rows[:2], rows[2] | {"indicator_unit": "foyers"}))
    assert (finding["line"], finding["value"], finding["expected"]) == (4, "foyers", "personnes")
    for same in ("Personne", "people", "nombre de personnes", None):
        assert not found("V24.unit-differs", of("observations", *rows[:2], rows[2] | {"indicator_unit": same})), same
    for other in ({"project_id": "P-2"}, {"indicator_code": "AUT"}):
        assert not found("V24.unit-differs", of("observations", *rows, rows[2] | {"indicator_unit": "foyers"} | other))


@pytest.mark.parametrize(("one", "other", "same"), [
    ("€", "euros", True), ("k€", "€", False), ("%", "pour cent", True), ("h", "heures", True), ("jours", "days", True),
    ("jours", "heures", False), ("%", "personnes", False),
])  # fmt: skip
def test_one_unit_has_many_spellings(one: str, other: str, same: bool) -> None:
    rows = [seen(indicator_unit=one), seen(indicator_unit=other, breakdown="femmes")]
    assert bool(found("V24.unit-differs", of("observations", *rows))) is not same


def test_a_unit_that_is_another_than_before() -> None:
    before = quarter("observations", "2025-Q4", 1, seen(period_end="2025-12-31"))
    after = quarter("observations", "2026-Q1", 2, seen(indicator_unit="foyers"))
    later = quarter("observations", "2026-Q2", 3, seen(indicator_unit="foyers", period_end="2026-06-30"))
    [finding] = found("V24.unit-changed", before, after, later)
    assert (finding["period"], finding["value"], finding["expected"]) == ("2026-Q1", "foyers", "personnes")
    assert "2025-Q4" in finding["message_en"]
    assert not found("V24.unit-changed", before, after, alone=True)
    assert not found(
        "V24.unit-changed", before, quarter("observations", "2026-Q1", 2, seen(indicator_unit="Personnes"))
    )
    assert not found(
        "V24.unit-changed", before, quarter("observations", "2026-Q1", 2, seen(indicator_unit="foyers"), partner="asso")
    )


def share(value: str, **more: Any) -> Row:
    return seen(value, indicator_unit="%", **more)


def test_a_percentage_that_is_typed_as_a_share() -> None:
    rows = [share("45"), share("0,47", breakdown="femmes"), share("43", breakdown="hommes")]
    [finding] = found("V24.percent-or-share", of("observations", *rows))
    assert (finding["line"], finding["field"], finding["value"], finding["expected"]) == (3, "value", "0,47", "47")
    assert "43" in finding["message_en"] and finding["severity"] == "warning"
    assert found("V24.percent-or-share", of("observations", share("0,45", target_value="60")))[0]["field"] == "value"
    for clean in (
        [share("45"), share("47", breakdown="femmes")], [share("0,45"), share("0,47", breakdown="femmes")],
        [share("1,2"), share("0,8", breakdown="femmes")], [share("45"), share("0,47", project_id="P-2")],
        [seen("45", indicator_unit="jours"), seen("0,47", indicator_unit="jours", breakdown="femmes")], [share("45", baseline_value="0")],
    ):  # fmt: skip
        assert not found("V24.percent-or-share", of("observations", *clean)), clean


def test_a_percentage_that_is_a_share_in_another_report() -> None:
    before = quarter("observations", "2025-Q4", 1, share("45", period_end="2025-12-31"))
    after = quarter("observations", "2026-Q1", 2, share("0,47"))
    [finding] = found("V24.percent-or-share-over-time", before, after)
    assert (finding["period"], finding["value"], finding["suggestion"]) == ("2026-Q1", "0,47", "47")
    assert not found("V24.percent-or-share-over-time", before, quarter("observations", "2026-Q1", 2, share("47")))
    said = quarter("observations", "2026-Q1", 2, share("0,47"), share("44", breakdown="femmes"))
    assert not found("V24.percent-or-share-over-time", before, said)
    assert found("V24.percent-or-share", before, said)
