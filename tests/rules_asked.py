"""What tests of rules over several rows ask for: registers of a small world, reports in a line each, findings by rule.

Belongs here: making reports and judging them as the fund does. Does not belong here: any claim about a rule.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa

from made import source, table
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
        "period": ["2025-Q4"], "due_on": pa.array([date(2026, 1, 20)], pa.date32()),
        "release_on": pa.array([date(2026, 1, 31)], pa.date32()),
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


def links(*targets: tuple[str, str | None], **more: Any) -> list[dict[str, Any]]:
    return [{"project_id": "P-1", "target_code": t, "weight_pct": w, "is_principal": "oui" if n == 0 else "non", **more}
            for n, (t, w) in enumerate(targets)]  # fmt: skip
