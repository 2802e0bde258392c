"""Personal data is found where it is, and only there, and leaves nothing but its mask."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from made import source, table
from pipelines import attribution, parsing, personal, precedence, staging
from pipelines.attribution import Source
from pipelines.contract import reports
from pipelines.findings import FOUND
from pipelines.intake.model import Column, Table
from pipelines.personal import MASKS

E_MAIL, IBAN, NIR, PHONE, NAME = (MASKS[thing] for thing in ("e_mail", "iban", "nir", "phone", "name"))


def masked(*sources: Source, kind: str = "transactions") -> duckdb.DuckDBPyConnection:
    """Stages and masks files, and gives the database that they are in."""
    con = duckdb.connect()
    parsing.install(con)
    attribution.attribute(con, list(sources))
    staging.stage(con, list(sources))
    precedence.settle(con, [kind])
    con.execute(f"create or replace table found ({', '.join(f'{name} {of}' for name, of in FOUND.items())})")
    personal.mask(con, {kind: reports()[kind]}, sources)
    return con


def paid(**cells: Any) -> dict[str, Any]:
    return {"project_id": "P-1", "transaction_type_code": "3", "amount": "12,50", "currency": "EUR", **cells}


def description(text: str) -> str:
    con = masked(source(table("transactions", [paid(description=text)])))
    [(found, typed)] = con.execute("select description, description__text from staged.transactions").fetchall()
    assert found == typed.strip()
    return str(typed)


@pytest.mark.parametrize(("text", "left"), [
    ("Écrire à marie.dupont@example.org avant mardi", f"Écrire à {E_MAIL} avant mardi"),
    ("mailto:j.o'neil+asso@mail.example.co.uk", f"mailto:{E_MAIL}"),
    ("tél. 06 12 34 56 78", f"tél. {PHONE}"),
    ("0612345678", PHONE),
    ("Appeler le 01.40.20.30.40 ou le 07-11-22-33-44.", f"Appeler le {PHONE} ou le {PHONE}."),
    ("+33 6 12 34 56 78", PHONE),
    ("+33 (0)6 12 34 56 78", PHONE),
    ("0033612345678", PHONE),
    ("+44 20 7946 0958", PHONE),
    ("00 221 77 123 45 67", "00 221 77 123 45 67"),
    ("00221 77 123 45 67", PHONE),
    ("n° 2 55 08 14 168 025 38 (assurée)", f"n° {NIR} (assurée)"),
    ("1 84 12 2A 456 789 56", NIR),
    ("virement FR76 3000 6000 0112 3456 7890 189 fait", f"virement {IBAN} fait"),
    ("IBAN BE68 5390 0754 7034 BIC GEBABEBB", f"IBAN {IBAN} BIC GEBABEBB"),
    ("de89370400440532013000", IBAN),
    ("Paul, paul@example.org, 06 12 34 56 78", f"Paul, {E_MAIL}, {PHONE}"),
])  # fmt: skip
def test_what_is_personal_is_masked(text: str, left: str) -> None:
    assert description(text) == left


@pytest.mark.parametrize("text", [
    "SIRET 73282932000074", "732 829 320 00074", "le 03/04/2026, 12 500 €", "n° 0123456789", "réf. 0612345678",
    "convention 0240001234", "2 55 08 14 168 025 39", "FR76 3000 6000 0112 3456 7890 188", "Marie Dupont, présidente",
    "W751064167", "12 k€ @ 3 %", "1.234.567,89", "P-0612345678-A", "2026-01-31/2026-12-31", "07/2025 à 06/2026",
    "200034825", "0,1 0,2 0,3", "FR-SIREN-732829320", "10.1234/abcd.5678", "3 x 0,05",
])  # fmt: skip
def test_what_is_no_personal_data_is_left(text: str) -> None:
    assert description(text) == text


@pytest.mark.parametrize(("text", "left"), [
    ("Marie Dupont", NAME),
    ("Marie Dupont, Paul Le Goff et Ahmed Ben Ali", f"{NAME}, {NAME} et {NAME}"),
    ("12 (dont Mme Lefèvre)", f"12 (dont {NAME})"),
    ("DUPONT Marie", NAME),
    ("Jean-Pierre", NAME),
    ("M. d’Estienne", f"M. d’{NAME}"),
    ("Une dizaine", None),
    ("Non communiqué", None),
    ("À compléter", None),
    ("Environ 12 Personnes", None),
    ("NC", None),
])  # fmt: skip
def test_names_are_masked_where_people_are_counted(text: str, left: str | None) -> None:
    con = masked(
        source(table("time", [{"project_id": "P-1", "category": "benevolat", "people": text, "hours": "12"}])),
        kind="time",
    )
    [(typed, fault)] = con.execute("select people__text, fault__people from staged.time").fetchall()
    if left is None or left == text:
        assert (typed, fault) == (text, "V01.not-a-number")
        assert con.execute("select count(*) from found").fetchall() == [(0,)]
    else:
        assert (typed, fault) == (left, None)


def test_a_number_that_was_read_is_no_name_and_no_telephone() -> None:
    con = masked(
        source(table("time", [{"project_id": "P-1", "category": "benevolat", "people": "0612345678"}])), kind="time"
    )
    assert con.execute("select people, people__text from staged.time").fetchall() == [(612345678, "0612345678")]


def test_a_finding_says_where_and_what_and_never_the_datum() -> None:
    row = paid(description="marie@example.org, 06 12 34 56 78")
    con = masked(source(table("transactions", [paid(), row | {"amount": "7"}])))
    found = con.sql("select rule_id, cell, field, value, args, line from found").to_arrow_table().to_pylist()
    assert [(f["rule_id"], f["cell"], f["field"], f["value"], f["line"]) for f in found] == [
        ("V08.personal-data", "C3", "description", f"{E_MAIL}, {PHONE}", 3)
    ]
    assert dict(found[0]["args"])["what_fr"] == "une adresse électronique, un numéro de téléphone"
    dump = str([con.sql(f"from {name}").fetchall() for name in ("staged.transactions", "found")])
    assert "marie" not in dump and "06 12" not in dump


def test_columns_that_no_contract_knows_and_cells_that_cannot_be_read_are_searched_too() -> None:
    made = table("transactions", [paid(amount="voir marie@example.org", currency="EUR")])
    extra = made.data.set_column(
        made.data.schema.get_field_index("extra"), "extra", [['{"contact": "06 12 34 56 78"}']]
    )
    columns = (*made.columns, Column(None, "contact", 9, "J"))
    con = masked(source(Table(made.kind, made.sheet, made.rows, columns, extra)))
    [(amount, text, unread, other)] = con.execute(
        "select amount, amount__text, unread__amount, extra from staged.transactions"
    ).fetchall()
    assert (amount, text, unread) == (None, f"voir {E_MAIL}", None)
    assert other == f'{{"contact": "{PHONE}"}}'
    assert con.execute("select cell, field from found order by all").fetchall() == [("B2", "amount"), ("J2", "contact")]


def test_a_reference_is_no_telephone_and_still_no_address() -> None:
    con = masked(
        source(
            table(
                "transactions", [paid(agreement_ref="0612345678"), paid(agreement_ref="marie@example.org", amount="3")]
            )
        )
    )
    assert con.execute("select agreement_ref from staged.transactions order by source_row").fetchall() == [
        ("0612345678",),
        (E_MAIL,),
    ]


def test_rows_that_do_not_hold_are_masked_without_a_finding() -> None:
    later = source(table("transactions", [paid()]), order=2)
    con = masked(source(table("transactions", [paid(description="marie@example.org")])), later)
    assert con.execute("select count(*) from found").fetchall() == [(0,)]
    assert con.execute("select description from staged.transactions where row_state = 'superseded'").fetchall() == [
        (E_MAIL,)
    ]


def test_words_of_a_reader_are_covered() -> None:
    con = masked(source(table("transactions", [paid()])))
    con.execute("insert into found by name select 'read.unknown-column' as rule_id, 'Tél. 06 12 34 56 78' as value")
    personal.cover(con, "found", ("value", "expected", "suggestion"))
    assert con.execute("select value from found").fetchall() == [(f"Tél. {PHONE}",)]
