"""V10.no-rate: an amount that gets no value in euros says so, and none other does."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from pipelines.intake.extract import extract
from pipelines.judging import Fund, Source, judge_sources

RATES = pa.table(
    {
        "currency": ["CHF", "CHF"],
        "rate_date": pa.array([datetime.date(2026, 3, 6), datetime.date(2026, 3, 20)], pa.date32()),
        "units_per_eur": pa.array([Decimal("0.94"), Decimal("0.95")], pa.decimal128(28, 10)),
        "source": ["a rate of this test"] * 2,
    }
)
PARITIES = pa.table(
    {
        "currency": ["EUR", "XOF"],
        "units_per_eur": pa.array([Decimal(1), Decimal("655.957")], pa.decimal128(28, 10)),
        "source": ["itself", "by treaty"],
    }
)
REPORT = """Project identifier;Transaction type;Transaction date;Amount;Currency;Provider
P1;2;2026-03-06;100;CHF;A
P1;2;2026-03-13;200;CHF;A
P1;2;2026-03-14;300;CHF;A
P1;2;;400;CHF;A
P1;2;1950-01-01;500;XOF;A
P1;2;;600;EUR;A
P1;2;2026-03-06;700;KPW;A
"""


def test_an_amount_without_a_rate_of_its_day_or_the_week_before_is_found(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_text(REPORT, encoding="utf-8")
    source = Source("S-1", "report.csv", "0", "p", "2026-Q1", 0, extract(path, path.name))
    given = {"exchange_rates": RATES, "fixed_parities": PARITIES}
    judged = judge_sources([source], given, fund=Fund({"S-1": datetime.date(2026, 4, 1)}))
    found = [f for f in judged.findings.to_pylist() if f["rule_id"] == "V10.no-rate"]
    assert [(f["cell"], f["value"], f["severity"]) for f in found] == [
        ("L4C4", "300", "critical"), ("L5C4", "400", "critical"), ("L8C4", "700", "critical"),
    ]  # fmt: skip
    assert "2026-03-14" in found[0]["message_en"]
    assert "14/03/2026" in found[0]["message_fr"]
    assert "non indiqué" in found[1]["message_fr"]
    assert judged.accepted["transactions"].num_rows == 7
    assert not [f for f in judge_sources([source], given).findings.to_pylist() if f["rule_id"] == "V10.no-rate"]
