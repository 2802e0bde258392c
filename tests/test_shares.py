"""Every way of sharing out sums to the whole, and the cents fall where exact fractions say: against an oracle in Python."""

from __future__ import annotations

import random
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import pyarrow as pa

from pipelines import warehouse
from pipelines.paths import DataRoot
from tables import accept, ask, build

AMOUNTS = [
    "0.01",
    "-0.01",
    "0",
    "10000.01",
    "-10000.01",
    "25000",
    "99999999.99",
    "0.07",
    "1234567.891",
    "-3.3333333333",
]


def largest_remainder(hundredths: int, shares: dict[str, Fraction]) -> dict[str, int]:
    """Splits a number without its sign; ties go by code."""
    exact = {code: hundredths * share for code, share in shares.items()}
    down = {code: value.numerator // value.denominator for code, value in exact.items()}
    left = hundredths - sum(down.values())
    for code in sorted(exact, key=lambda c: (down[c] - exact[c], c))[:left]:
        down[code] += 1
    return down


def test_cents_fall_where_exact_fractions_say() -> None:
    chance = random.Random(17)
    model = warehouse.model("core.contribution")
    amounts: list[tuple[Any, ...]] = []
    sources: list[tuple[Any, ...]] = []
    shares: list[tuple[Any, ...]] = []
    expected: dict[str, tuple[Decimal, dict[str, int]]] = {}
    for number in range(600):
        project, count = f"P{number}", chance.randint(1, 7)
        numerators = [chance.choice([1, 1, 2, 33, 5_000_000, 33_333_333]) for _ in range(count)]
        if chance.random() < 0.4:
            numerators = [1] * count
        codes = sorted(chance.sample([f"17.{n}" for n in range(1, 20)], count))
        amount = Decimal(chance.choice(AMOUNTS))
        euros = amount.quantize(Decimal("0.01"))
        amounts.append((f"r{number}", "committed", amount, "EUR", euros))
        sources.append((f"r{number}", project))
        places = enumerate(zip(codes, numerators, strict=True), start=1)
        shares += [(project, "sdg_how", code, n, sum(numerators), place) for place, (code, n) in places]
        split = {code: Fraction(n, sum(numerators)) for code, n in zip(codes, numerators, strict=True)}
        expected[f"r{number}"] = (euros, largest_remainder(int(abs(euros) * 100), split))
    with duckdb.connect() as con:
        for name in model.inputs:
            of = warehouse.model(name)
            columns = ", ".join(f'"{c.name}" {c.type}' for c in of.columns)
            con.execute(f"create schema if not exists core; create table {name} ({columns})")
        insert(con, "core.amount", "row_id, measure, amount, currency, amount_eur", amounts)
        insert(con, "core.transaction", "row_id, project_id", sources)
        insert(con, "core.share", "project_id, share_kind, target_code, share_num, share_den, share_place", shares)
        answer = warehouse.execute(model, con).to_pylist()
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for row in answer:
        euros, cents = expected[row["row_id"]]
        assert row["amount_eur"] == Decimal(cents[row["target_code"]]).copy_sign(euros) / 100
        totals[row["row_id"]] += row["amount"]
    assert totals == {row_id: amount for row_id, _, amount, _, _ in amounts}


def insert(con: duckdb.DuckDBPyConnection, table: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
    con.register("rows", pa.table(list(zip(*rows, strict=True)), names=columns.split(", ")))
    con.execute(f"insert into {table} ({columns}) select * from rows")
    con.unregister("rows")


def test_no_money_disappears_for_want_of_project_target_place_or_date(root: DataRoot) -> None:
    chance = random.Random(7)
    projects = [f"P-{n}" for n in range(30)]
    transactions = [
        {
            "project_id": chance.choice([*projects, None, "only mentioned"]),
            "transaction_type_code": chance.choice(["2", "3", "4", "7", None]),
            "transaction_date": chance.choice(["2026-01-15", "2025-11-03", "1997-05-05", None]),
            "amount": Decimal(chance.randint(-(10**9), 10**9)) / chance.choice([1, 100, 10**7]),
            "currency": chance.choice(["EUR", "EUR", "USD", "XOF", "XXX", None]),
        }
        for _ in range(400)
    ]
    links = [
        {"project_id": project, "target_code": target, "weight_pct": chance.choice([None, 10, 33.33, 50, 100])}
        for project in projects[:20]
        for target in chance.sample(["17", "17.16", "17.17", "3.d", "4.7", "11.3"], chance.randint(1, 4))
    ]
    declared = [{"project_id": p, "title": p, "territory_code": chance.choice(["44", None])} for p in projects[:25]]
    accept(root, {"projects": declared, "transactions": transactions, "sdg_links": links})
    build(root)
    stated = sum(t["amount"] for t in transactions)
    for kind in ("whole", "sdg_how", "sdg_what", "territory"):
        query = f"select sum(amount), count(distinct row_id) from core.contribution where share_kind = '{kind}'"
        assert ask(root, query) == [(stated, 400)], kind
    in_euros = ask(root, "select count(*) from core.transaction where amount_eur is not null")
    since = {"EUR": "", "XOF": "", "USD": "1999"}  # the dollar has no rate before the euro, and none without a date
    rated = [
        t for t in transactions if t["currency"] in since and (t["transaction_date"] or "") >= since[t["currency"]]
    ]
    assert in_euros == [(len(rated),)]
