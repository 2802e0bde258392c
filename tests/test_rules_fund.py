"""Rules over several rows: each has its words, and those of the fund run for the fund alone."""

from __future__ import annotations

import tomllib

from made import source, table
from pipelines import rules_fund
from pipelines.findings import catalogue
from pipelines.paths import CONTRACTS
from rules_asked import judged, links, paid, project


def test_every_rule_has_its_words_and_every_word_its_rule() -> None:
    stated = {
        rule["id"] for rule in tomllib.loads((CONTRACTS / "_rules_fund.toml").read_text(encoding="utf-8"))["rules"]
    }
    asked = {query.rule for query in rules_fund.queries()} | {"V08.personal-data", "V09.name-only"}
    assert stated <= asked <= set(catalogue())


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
