"""What a fund decides for itself: senders that its register does not know."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

from pipelines import build, inputs, settings
from pipelines.errors import RegisterError
from pipelines.paths import DataRoot

REGISTER = "partner_id,org_id,name,language,mailbox,is_active\natelier,,Atelier Belle-Rive,fr,,true\n"
REPORT = """Project identifier;Transaction type;Transaction date;Amount;Currency;Provider
P1;2;2026-02-13;1250.50;EUR;The fund
"""


def received(root: DataRoot, decision: str | None) -> DataRoot:
    root.reference.mkdir(parents=True, exist_ok=True)
    (root.reference / "partners.csv").write_text(REGISTER, encoding="utf-8")
    if decision:
        settings.file(root).write_text(f'unknown_senders = "{decision}"\n', encoding="utf-8")
    for partner in ("atelier", "stranger"):
        path = root.inbox / partner / "2026-Q1" / "transactions.csv"
        path.parent.mkdir(parents=True)
        path.write_text(REPORT, encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("decision", "refused", "rule", "severity"),
    [(None, 0, "V00.sender-unknown", "info"), ("refuse", 1, "V00.sender-refused", "critical")],
)
def test_a_sender_whom_the_register_does_not_know(
    root: DataRoot, decision: str | None, refused: int, rule: str, severity: str
) -> None:
    received(root, decision)
    (root.inbox / "stranger" / "2026-Q1" / "transactions.csv").write_text(REPORT.replace("P1", "P2"), encoding="utf-8")
    build.receive(root)
    build.registers(root)
    build.judge(root)
    counts = {row["source_file"].split("/")[0]: row for row in pq.read_table(root.counts).to_pylist()}
    assert counts["atelier"]["accepted"] == 1
    assert (counts["stranger"]["refused"], counts["stranger"]["accepted"]) == (refused, 1 - refused)
    found = [f for f in pq.read_table(root.findings).to_pylist() if f["rule_id"].startswith("V00")]
    assert [(f["rule_id"], f["severity"], f["partner_id"]) for f in found] == [(rule, severity, "stranger")]


def test_a_decision_is_an_input_and_an_unknown_word_is_refused(root: DataRoot) -> None:
    received(root, None)
    before = inputs.input_hash(root)
    settings.file(root).write_text('unknown_senders = "refuse"\n', encoding="utf-8")
    assert inputs.input_hash(root) != before
    settings.file(root).write_text('unknown_sender = "refuse"\n', encoding="utf-8")
    with pytest.raises(RegisterError, match=r"fund\.toml"):
        settings.read(root)
