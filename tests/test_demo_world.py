"""The world of the demo before anybody has made a mistake: invented names, and figures that add up.

Belongs here: numbers, places and rows as a careful partner would give them. Does not belong here: files, and what is found in
them (test_demo).
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from itertools import pairwise
from typing import Any

from pipelines.contract import code_list, load_all
from pipelines.demo_tables import tables
from pipelines.demo_world import draw, imagine, luhn_key, place_name, siren, siret


def test_identifiers_are_invented_and_have_a_right_key() -> None:
    assert luhn_key("73282932") == "0"
    assert luhn_key("7328293200007") == "4"
    world = imagine(400, 4, 17)
    numbers = [p.siren for p in world.partners] + [o.siren for o in world.circle]
    assert len(set(numbers)) == len(numbers)
    assert all(n.startswith(("99", "099")) and len(n) == 9 and luhn_key(n[:-1]) == n[-1] for n in numbers)
    assert all(len(siret(n)) == 14 and luhn_key(siret(n)[:-1]) == siret(n)[-1] for n in numbers)
    assert siren(3, leading_zero=True).startswith("099")


def test_places_and_folders_are_unique() -> None:
    names = [place_name(i) for i in range(3000)]
    assert len(set(names)) == len(names)
    partners = imagine(3000, 1, 1).partners
    assert len({p.partner_id for p in partners}) == len(partners)


def test_lots_are_the_same_on_every_machine() -> None:
    assert [round(x, 6) for x in draw(17, "weight", 3).tolist()] == [0.047545, 0.914456, 0.402544]


def test_money_adds_up() -> None:
    """Nobody spends what has not been paid, nobody is paid what was not committed, and every line is above nought."""
    world = imagine(60, 6, 5)
    rows = tables(world)["transactions"].to_pylist()
    fund = world.partners[0].siren
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["provider_id"] == fund:
            sums[row["project_id"], row["transaction_type_code"]] += row["amount"]
        assert row["amount"] > 0 or row["transaction_type_code"] == "2"
    projects = {project for project, _ in sums}
    assert len(projects) == len(world.projects)
    for project in projects:
        committed, paid, received, spent = (sums[project, code] for code in "2314")
        assert committed >= paid == received > spent > 0
    assert len({(r["_partner"], r["project_id"], r["transaction_id"]) for r in rows}) == len(rows)


def test_clean_values_are_of_their_code_lists() -> None:
    for kind, rows in tables(imagine(60, 4, 17)).items():
        for field in load_all()[kind].fields.values():
            if field.codes and field.name in rows.column_names:
                stated = set(rows[field.name].to_pylist()) - {None}
                assert stated <= {c.code for c in code_list(field.codes).codes}, (kind, field.name)


def test_one_indicator_is_restated_and_no_other_total_falls() -> None:
    rows = tables(imagine(8, 6, 17))["observations"].to_pylist()
    series: dict[tuple[str, str, str | None], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["measure_basis"] == "cumulative":
            series[row["project_id"], row["indicator_code"], row["breakdown"]].append(row)
    falls = [b for told in series.values() for a, b in pairwise(told) if b["value"] < a["value"]]
    assert falls
    assert all(row["is_restatement"] for row in falls)
    assert {row["project_id"] for row in rows if row["is_restatement"]} == {"P001-A"}
    parts: dict[tuple[str, int], list[Decimal]] = defaultdict(list)
    for row in rows:
        if row["indicator_code"] == "BEN":
            parts[row["project_id"], row["_quarter"]].append(row["value"])
    assert all(whole == women + men for whole, women, men in parts.values())


def test_budgets_balance_and_their_accounts_only_grow() -> None:
    rows = tables(imagine(60, 6, 5))["budgets"].to_pylist()
    sides: dict[tuple[str, int], dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    last: dict[tuple[str, str, str], Decimal] = {}
    for row in rows:
        sides[row["project_id"], row["_quarter"]][row["side"]].append(row)
        key = row["project_id"], row["budget_version"], row["line_code"]
        assert row["actual"] >= last.get(key, Decimal(0))
        last[key] = row["actual"]
        assert row["explanation"] or row["actual"] <= row["planned"] * Decimal("1.10")
    for both in sides.values():
        for amount in ("planned", "actual"):
            assert sum(r[amount] for r in both["charge"]) == sum(r[amount] for r in both["income"])
    assert {r["budget_version"] for r in rows} == {"original", "revised"}
    assert any(r["explanation"] for r in rows)


def test_weights_sum_to_a_hundred_in_each_family_with_one_principal() -> None:
    families: dict[tuple[str, bool], Decimal] = defaultdict(Decimal)
    principals: dict[str, int] = defaultdict(int)
    for row in tables(imagine(60, 6, 5))["sdg_links"].to_pylist():
        families[row["project_id"], row["target_code"].startswith("17")] += row["weight_pct"]
        principals[row["project_id"]] += row["is_principal"]
    assert set(families.values()) == {Decimal(100)}
    assert set(principals.values()) == {1}
