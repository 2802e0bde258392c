"""One publisher's grants as a workbook and as JSON, in one inbox: each grant counts once, whichever came later."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.intake.extract import extract
from pipelines.judging import Source, judge_sources


@pytest.mark.parametrize("order", [("abct.xlsx", "abct.json"), ("abct.json", "abct.xlsx")])
def test_the_same_grants_in_two_files_count_once(real: Path, order: tuple[str, str]) -> None:
    sources = [
        Source(f"S-{place}", name, name, None, None, place, extract(real / "360giving" / name, name))
        for place, name in enumerate(order)
    ]
    judged = judge_sources(sources, {})
    states = {
        row["source_file"]: (row["accepted"], row["superseded"] + row["duplicate"])
        for row in judged.counts.to_pylist()
        if row["kind"] == "transactions"
    }
    assert states == {order[0]: (0, 783), order[1]: (783, 0)}
    amounts = judged.accepted["transactions"].column("amount").to_pylist()
    assert sum(amounts) == Decimal(12785625)
