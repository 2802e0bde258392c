"""Registers become typed tables, or the fund is told the file, the line, the column and the remedy."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyarrow.parquet as pq
import pytest

from pipelines import reference
from pipelines.contract import registers
from pipelines.errors import RegisterError
from pipelines.paths import CHECKOUT, DataRoot

ENDOWED = "fund_id,valid_from,amount,currency,source\n"


def test_registers_are_typed_and_what_is_not_there_is_empty(root: DataRoot) -> None:
    (root.reference / "partners.csv").write_text(
        '﻿Partner_ID,org id,Name,language,is active\np1,732829320,Premier,fr,oui\n\np2,73282932000074,"Deux, et fils",en,\n',
        encoding="utf-8",
    )
    (root.reference / "endowments.csv").write_text(
        "fund_id;valid_from;amount;currency;source\nF;2020-11-23;1500000.50;EUR;report\n", encoding="utf-8"
    )
    rows = reference.registers(root)
    assert set(rows) == {*registers(), "exchange_rates"}
    assert (rows["partners"], rows["endowments"], rows["organisations"]) == (2, 1, 0)
    partners = pq.read_table(root.table("reference", "partners"))
    assert partners["org_id"].to_pylist() == ["FR-SIREN-732829320", "FR-SIREN-732829320"]
    assert partners["name"].to_pylist() == ["Premier", "Deux, et fils"]
    assert partners["is_active"].to_pylist() == [True, None]
    assert partners.schema.field("name").metadata[b"meaning_fr"]
    (endowment,) = pq.read_table(root.table("reference", "endowments")).to_pylist()
    assert endowment["amount"] == Decimal("1500000.50") and endowment["valid_from"] == date(2020, 11, 23)
    assert pq.read_table(root.table("reference", "organisations")).schema.names == list(
        registers()["organisations"].fields
    )


def test_what_is_true_of_the_world_comes_with_the_project(root: DataRoot) -> None:
    assert reference.source(root, "sdg_targets") == CHECKOUT / "data" / "reference" / "sdg_targets.csv"
    assert reference.source(root, "partners") is None
    own = root.reference / "sdg_targets.csv"
    before = reference.hashes(root)["sdg_targets"]
    own.write_text("target_code,goal_code,label_en,label_fr\n17.17,17,x,y\n", encoding="utf-8")
    assert reference.source(root, "sdg_targets") == own
    assert reference.hashes(root)["sdg_targets"] != before
    assert reference.registers(root)["sdg_targets"] == 1


@pytest.mark.parametrize(
    ("name", "text", "complaint", "remedy"),
    [
        ("partners", "partner_id,name,language\np1,A,de\n", r"partners\.csv, line 2, column language: 'de'", "fr"),
        ("partners", "partner_id,name,language\np1,,fr\n", r"line 2, column name: the cell is blank", "required"),
        ("partners", "partner_id,name,language,colour\n", r"line 1: column 'colour' is not one", "partner_id"),
        ("partners", "partner_id,name,language,Name\n", r"line 1: column 'name' is there twice|column 'Name' is there twice", "Columns"),
        ("partners", "partner_id,name\np1,A\n", r"line 1: column language is missing", "language"),
        ("partners", "partner_id,name,language\np1,A,fr,x\n", r"line 2: 4 cells under 3 headers", "quotes"),
        ("partners", 'partner_id,name,language\np1,"A\nB",fr\np1,C,fr\n', r"line 4: the same partner_id as in line 3", "Keep one"),
        ("endowments", ENDOWED + "F,23/11/2020,1,EUR,s\n", r"column valid_from: '23/11/2020'", "2026-03-31"),
        ("endowments", ENDOWED + "F,2020-11-23,\"1,5\",EUR,s\n", r"column amount: '1,5'", "decimal point"),
        ("endowments", ENDOWED + "F,2020-11-23,1,euro,s\n", r"column currency: 'euro'", "ISO 4217"),
        ("calendar", "period,due_on,release_on\n2026-T2,2026-07-05,2026-07-10\n", r"column period: '2026-T2'", "2026-Q2"),
        ("territories", "territory_code,level,name,population\nX,nation,A,-3\n", r"column population: '-3'", "whole number"),
        ("organisation_alias", "alias_id,org_id\nA,B\nB,C\n", r"line 2, column org_id: B is itself an alias", "leads to: C"),
        ("fixed_parities", "currency,units_per_eur,source\nEUR,2,s\n", r"not a parity of EUR", "1 for EUR"),
        ("fixed_parities", "currency,units_per_eur,source\nXOF,0,s\n", r"not a parity of XOF", "above zero"),
    ],
)  # fmt: skip
def test_a_register_that_is_wrong_says_where_and_what_to_do(
    root: DataRoot, name: str, text: str, complaint: str, remedy: str
) -> None:
    (root.reference / f"{name}.csv").write_text(text, encoding="utf-8")
    with pytest.raises(RegisterError, match=complaint) as raised:
        reference.registers(root)
    assert remedy in raised.value.hint


def test_a_register_in_another_encoding_is_said(root: DataRoot) -> None:
    (root.reference / "partners.csv").write_bytes("partner_id,name,language\np1,Société,fr\n".encode("cp1252"))
    with pytest.raises(RegisterError, match="not in UTF-8"):
        reference.registers(root)


def test_exchange_rates_are_exact_and_read_once(root: DataRoot) -> None:
    rows = reference.registers(root)["exchange_rates"]
    path = root.table("reference", "exchange_rates")
    first = path.stat().st_mtime_ns
    table = pq.read_table(path, filters=[("currency", "==", "CHF"), ("rate_date", "==", date(2020, 1, 2))])
    assert table.to_pylist() == [
        {
            "currency": "CHF",
            "rate_date": date(2020, 1, 2),
            "units_per_eur": Decimal("1.0865"),
            "source": reference.RATES_SOURCE,
        }
    ]
    assert reference.registers(root)["exchange_rates"] == rows
    assert path.stat().st_mtime_ns == first


def test_the_euro_is_one_euro(root: DataRoot) -> None:
    reference.registers(root)
    parities = {
        r["currency"]: r["units_per_eur"] for r in pq.read_table(root.table("reference", "fixed_parities")).to_pylist()
    }
    assert parities == {"EUR": 1, "XOF": Decimal("655.957"), "XAF": Decimal("655.957"), "KMF": Decimal("491.96775")}
