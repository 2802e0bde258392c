"""What is found in rows and files, what becomes of them, and that nothing is lost on the way."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from made import source, table
from pipelines.contract import reports
from pipelines.findings import COLUMNS, catalogue
from pipelines.intake.model import ReadFinding
from pipelines.judging import Judgement, judge_sources
from test_staging import PARTNERS, paid


def judged(*sources: Any, registers: dict[str, pa.Table] | None = None, **of: Any) -> Judgement:
    return judge_sources(list(sources), registers or {}, **of)


def found(judgement: Judgement, *rules: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = judgement.findings.to_pylist()
    return [row for row in rows if not rules or row["rule_id"] in rules]


def rules(judgement: Judgement) -> Counter[str]:
    return Counter(row["rule_id"] for row in found(judgement))


def counts(judgement: Judgement) -> list[tuple[str, int, int, int, int, int]]:
    return [
        (r["kind"], r["read"], r["accepted"], r["refused"], r["superseded"], r["duplicate"])
        for r in judgement.counts.to_pylist()
    ]


def test_a_clean_report_has_no_finding() -> None:
    done = judged(source(table("transactions", [paid(), paid(amount="7")])))
    assert (rules(done), counts(done)) == (Counter(), [("transactions", 2, 2, 0, 0, 0)])


def test_a_finding_says_what_where_and_how_to_mend_it() -> None:
    [one] = found(judged(source(table("transactions", [paid(), paid(amount="12 pommes")], sheet="Opérations"))))
    assert list(one) == list(COLUMNS)
    assert one | {"finding_key": "", "row_id": ""} == {
        "finding_key": "", "rule_id": "V01.not-a-number", "scope": "cell", "severity": "critical", "submission_id": "S-1",
        "row_id": "", "source_file": "coop/2026-Q1/report.csv", "sheet": "Opérations", "cell": "B3", "line": 3, "field": "amount",
        "value": "12 pommes", "expected": None, "difference": None, "suggestion": None,
        "message_en": "“12 pommes” in “Montant” cannot be read as a number. Please write digits only, such as 1250.50.",
        "message_fr": "« 12 pommes » dans « Montant » ne se lit pas comme un nombre. "
        "Merci d’écrire seulement des chiffres, par exemple 1250,50.",
        "state": "new", "kind": "transactions", "partner_id": "coop", "period": "2026-Q1",
    }  # fmt: skip


def test_two_readings_are_written_as_each_language_writes_numbers() -> None:
    [one] = found(judged(source(table("transactions", [paid(amount="1.234")]))))
    assert "1234 / 1.234" in one["message_en"] and "1234 / 1,234" in one["message_fr"]


def test_every_failing_row_is_found_however_many_there_are() -> None:
    rows = [paid(transaction_type_code="?", amount="abc" if n % 2 else "1") for n in range(1000)]
    done = judged(source(table("transactions", rows)))
    assert rules(done) == {"code.unknown": 1000, "V01.not-a-number": 500}
    assert counts(done) == [("transactions", 1000, 500, 500, 0, 0)]


def test_a_blank_is_missing_and_an_unread_cell_is_not() -> None:
    assert rules(judged(source(table("transactions", [paid(amount=None), paid()])))) == {"required": 1}
    assert rules(judged(source(table("transactions", [paid(amount="abc"), paid()])))) == {"V01.not-a-number": 1}


def test_a_row_is_refused_only_for_its_point_or_for_naming_nobody() -> None:
    bad: dict[str, Any] = {"transaction_type_code": "?", "currency": "?", "transaction_date": "?", "evidence_tier": "?"}
    done = judged(
        source(
            table(
                "transactions", [paid(**bad, amount="-5"), paid(amount="abc"), paid(amount=None), paid(project_id=None)]
            )
        )
    )
    assert counts(done) == [("transactions", 4, 1, 3, 0, 0)]
    [kept] = done.accepted["transactions"].to_pylist()
    assert (kept["amount"], kept["transaction_type_code"], kept["currency"]) == (Decimal(-5), None, None)
    assert kept["currency__text"] == "?"
    assert len(found(done, "parties.missing")) == 1
    assert done.refused["transactions"].column("amount__text").to_pylist() == ["abc", None, "12,50"]


def test_a_party_with_a_ruined_number_has_been_named() -> None:
    done = judged(source(table("transactions", [paid(project_id=None, provider_id="2,43E+13")])))
    assert counts(done) == [("transactions", 1, 1, 0, 0, 0)]
    assert done.accepted["transactions"].column("provider_id").to_pylist() == [None]


def test_where_there_are_several_quantities_one_is_enough() -> None:
    spent = [{"project_id": "P-1", "period": "2026-Q1", "category": "benevolat", **q} for q in (
        {"hours": "12"}, {"hours": "abc", "days": "2"}, {"hours": "abc"}, {"people": None, "hours": None},
    )]  # fmt: skip
    done = judged(source(table("time", spent)))
    assert counts(done) == [("time", 4, 2, 2, 0, 0)]
    assert rules(done) == {"V01.not-a-number": 2, "point.missing": 2}


def test_a_value_out_of_bounds_empties_its_cell_and_keeps_its_row() -> None:
    rows = [
        {"project_id": "P-1", "target_code": t, "weight_pct": w}
        for t, w in (("17.17", "120"), ("17.16", "-5"), ("17.14", "50"))
    ]
    done = judged(source(table("sdg_links", rows)))
    assert rules(done)["maximum"] == rules(done)["minimum"] == 1
    assert done.accepted["sdg_links"].column("weight_pct").to_pylist() == [None, None, Decimal(50)]
    assert found(done, "maximum")[0]["expected"] == "100"


def test_money_is_never_taken_away_for_its_sign() -> None:
    rows = [{"project_id": "P-1", "provider_name": "X", "amount": "-5", "received": "0", "currency": "EUR"}]
    done = judged(source(table("cofinancing", rows)))
    assert done.accepted["cofinancing"].column("amount").to_pylist() == [Decimal(-5)]
    assert {f["severity"] for f in found(done, "V02.negative")} == {"warning"}


def test_a_claim_over_several_fields_quotes_them() -> None:
    rows = [
        {"project_id": "P-1", "provider_name": "X", "amount": "5", "received": r, "currency": "EUR"}
        for r in ("6 000", "5", None)
    ]
    [one] = found(judged(source(table("cofinancing", rows))), "V17.received-above-secured")
    assert one["scope"] == "row"
    assert one["message_fr"].startswith("6 000 reçus dépassent les 5 acquis.")


def test_a_cell_that_feeds_two_kinds_is_wrong_once() -> None:
    grant = paid(provider_id="2,43E+13", partner_id="2,43E+13", provider_name="X", partner_name="X")
    places = {f"{f}__cell": "A2" for f in ("provider_id", "partner_id")}
    made = table("transactions", [grant])
    data = made.data
    for name, cell in places.items():
        data = data.set_column(data.column_names.index(name), name, pa.array([cell]))
    done = judged(source(type(made)(made.kind, made.sheet, made.rows, made.columns, data), layout="scdl"))
    assert [(f["rule_id"], f["field"], f["cell"]) for f in found(done)] == [("V05.excel-number", "provider_id", "A2")]


def test_a_column_that_is_not_there_is_said_once() -> None:
    said = ReadFinding("read.column-missing", field="transaction_type_code", expected="Type d’opération")
    rows = [{"project_id": "P-1", "amount": str(n)} for n in range(1, 50)]
    done = judged(source(table("transactions", rows), findings=(said,)))
    assert rules(done) == {"read.column-missing": 1, "V10.currency-column": 1}
    assert "49" in found(done, "V10.currency-column")[0]["message_en"]


def test_what_readers_say_of_a_file_is_among_the_findings() -> None:
    done = judged(source(findings=(ReadFinding("V25.encoding", value="cp1252", expected="UTF-8"),)))
    [one] = found(done)
    assert (one["rule_id"], one["scope"], one["partner_id"], one["row_id"]) == ("V25.encoding", "file", "coop", None)
    assert "cp1252" in one["message_en"] and "cp1252" in one["message_fr"]


def test_an_unknown_sender_is_taken_in_or_refused() -> None:
    files = [
        source(table("transactions", [paid(), paid()]), partner="nouveau"),
        source(table("transactions", [paid()]), order=2),
    ]
    taken = judged(*files, registers={"partners": PARTNERS})
    assert [(f["value"], f["severity"], f["scope"]) for f in found(taken)] == [("nouveau", "info", "fund")]
    assert counts(taken) == [("transactions", 2, 2, 0, 0, 0), ("transactions", 1, 1, 0, 0, 0)]
    refused = judged(*files, registers={"partners": PARTNERS}, unknown_senders="refuse")
    assert [(f["rule_id"], f["severity"]) for f in found(refused)] == [("V00.sender-refused", "critical")]
    assert counts(refused) == [("transactions", 2, 0, 2, 0, 0), ("transactions", 1, 1, 0, 0, 0)]


def test_a_report_of_nobody_is_kept_and_said() -> None:
    done = judged(source(table("transactions", [paid()]), partner=None, period=None), registers={"partners": PARTNERS})
    assert rules(done) == {"V00.sender-missing": 1, "V23.period-missing": 1}
    assert done.accepted["transactions"].column("partner_id").to_pylist() == ["UNKNOWN"]


def test_a_file_in_the_folder_of_another_is_said() -> None:
    done = judged(
        source(table("transactions", [paid()]), partner="ville", sender=("asso", None)),
        registers={"partners": PARTNERS},
    )
    [one] = found(done)
    assert (one["rule_id"], one["value"], one["expected"]) == ("V00.sender-differs", "asso", "ville")


def test_rows_that_give_way_are_counted_and_said() -> None:
    rows = table("transactions", [paid(), paid(amount="7")])
    done = judged(
        source(rows, sha="a"), source(rows, sha="a", order=2, file="copy.csv"),
        source(table("transactions", [paid()]), order=3, file="coop/2026-Q1/v2.csv"),
    )  # fmt: skip
    by_file = {
        r["source_file"]: (r["read"], r["accepted"], r["superseded"], r["duplicate"]) for r in done.counts.to_pylist()
    }
    assert by_file == {
        "coop/2026-Q1/report.csv": (2, 0, 1, 1),
        "copy.csv": (2, 0, 0, 2),
        "coop/2026-Q1/v2.csv": (1, 1, 0, 0),
    }
    assert rules(done) == {"V15.same-file": 1, "V15.newer-report": 1}


def test_two_rows_of_one_report_with_one_key_are_said() -> None:
    done = judged(source(table("transactions", [paid(transaction_id="T-1"), paid(transaction_id="T-1", amount="13")])))
    [one] = found(done)
    assert (one["rule_id"], one["cell"], one["line"], one["value"]) == ("V16.key-again", "C2", 3, "P-1 T-1")


def test_rows_are_counted_per_sheet_and_kind_even_where_there_are_none() -> None:
    done = judged(source(table("transactions", [paid()], sheet="A"), table("transactions", [paid(amount="abc")], sheet="B"),
                         table("projects", [{"project_id": "P", "title": "T"}], sheet="C")))  # fmt: skip
    assert sorted((r["source_sheet"], r["read"], r["accepted"], r["refused"]) for r in done.counts.to_pylist()) == [
        ("A", 1, 1, 0), ("B", 1, 0, 1), ("C", 1, 1, 0),
    ]  # fmt: skip


def test_a_finding_keeps_its_key_when_rows_come_in_above() -> None:
    rows = [paid(amount="abc"), paid(amount="abc"), paid(transaction_id="T", amount="x")]
    before = {f["finding_key"] for f in found(judged(source(table("transactions", rows))))}
    after = {f["finding_key"] for f in found(judged(source(table("transactions", [paid(), *rows]), order=9)))}
    assert before == after
    assert len(before) == 3


def test_nothing_to_judge_means_no_great_expectations() -> None:
    ask = "import sys; from pipelines.judging import judge_sources; judge_sources([], {}); print('great_expectations' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "False"


def test_every_kind_can_be_judged_whole() -> None:
    tables = [table(kind, [dict.fromkeys(contract.fields, "?!")]) for kind, contract in reports().items()]
    done = judged(source(*tables))
    assert sum(row[1] for row in counts(done)) == len(tables)
    assert all(f["message_en"] and f["message_fr"] for f in found(done))


def test_a_quarter_of_a_day_is_judged_on_every_value() -> None:
    rows = [{"project_id": "P-1", "category": "mecenat_competences", "days": d} for d in ("4,5", "0,25", "0,3")]
    assert rules(judged(source(table("time", rows), period="2026-Q1")))["V20.quarter-days"] == 1


@pytest.mark.parametrize("rule", sorted(catalogue()))
def test_a_rule_says_the_same_in_both_languages(rule: str) -> None:
    says = catalogue()[rule].says
    words = [set(re.findall(r"\{(\w+)\}", text)) - {"expected"} for text in (says.en, says.fr)]
    assert words[0] == words[1]
    assert says.en != says.fr
    assert all(text.count("[") == text.count("]") and text.count("{") == text.count("}") for text in (says.en, says.fr))


def test_a_value_is_quoted_whole_and_cannot_break_a_sentence() -> None:
    nasty = 'l\'été {amount} [x] %s \\ "quoted"'
    [one] = found(judged(source(table("transactions", [paid(transaction_type_code=nasty), paid()]))))
    assert nasty in one["message_en"] and nasty in one["message_fr"]
    long = "x" * 5000
    [one] = found(judged(source(table("transactions", [paid(transaction_type_code=long), paid()]))))
    assert (one["value"], len(one["message_en"]) < 400) == (long, True)
