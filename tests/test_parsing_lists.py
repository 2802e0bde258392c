"""Organisations, codes, targets, territories and yes or no: what is looked up or recognised, not computed.

Belongs here: closed lists and identifiers. Does not belong here: numbers and dates (test_parsing).
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from made import fault, read, value


@pytest.mark.parametrize(
    ("text", "key", "note"),
    [
        ("732829320", "FR-SIREN-732829320", None),
        ("732 829 320", "FR-SIREN-732829320", None),
        ("73282932000074", "FR-SIREN-732829320", None),
        (("73282932000074", "n"), "FR-SIREN-732829320", None),
        ("35600000000048", "FR-SIREN-356000000", None),
        ("35600000049837", "FR-SIREN-356000000", None),
        ("W751064167", "FR-RNA-W751064167", None),
        ("W9R1011072", "FR-RNA-W9R1011072", None),
        ("w751064167", "FR-RNA-W751064167", None),
        ("FR-RCS-732829320", "FR-SIREN-732829320", None),
        ("FR-SIRET-73282932000074", "FR-SIREN-732829320", None),
        ("NL-KVK-27108436", "NL-KVK-27108436", None),
        ("XM-DAC-41114", "XM-DAC-41114", None),
        ("FR-3", "FR-3", None),
        ("5580584", "FR-SIREN-005580584", "V05.zeros-restored"),
        ("45032466000000.0", "FR-SIREN-450324660", "V05.establishment-lost"),
    ],
)
def test_organisation_numbers(text: Any, key: str, note: str | None) -> None:
    [found] = read("org", [text]).values()
    assert (found["value"], found["fault"], found["note"]) == (key, None, note)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("2,43E+13", "V05.excel-number"),
        ("7.17e+13", "V05.excel-number"),
        ("24300000000000", "V05.organisation-number"),
        ("732829321", "V05.organisation-number"),
        ("35600000049838", "V05.organisation-number"),
        ("FR-SIREN-732829321", "V05.organisation-number"),
        ("W75106416", "V06.association-number"),
        ("Mairie", "V05.not-a-number"),
    ],
)
def test_a_number_that_cannot_be_read_leaves_the_name(text: str, rule: str) -> None:
    [found] = read("org", [text], names={text: "Ville de Bréval"}).values()
    [same] = read("org", [None], names={None: "VILLE DE BREVAL"}).values()
    assert (found["value"], found["fault"]) == (same["value"], rule)
    assert found["value"].startswith("NAME-") and len(found["value"]) == 21


@pytest.mark.parametrize("text", ["2,43E+13", "732829321", "24300000000000"])
def test_a_ruined_number_without_a_name_is_nobody(text: str) -> None:
    assert value("org", text) is None


def test_in_iati_a_bare_number_is_the_publishers_own() -> None:
    assert value("org", "27378529", layout="iati") == "27378529"
    assert value("org", "G80176845", layout="iati") == "G80176845"
    assert value("org", "FR-SIREN-732829320", layout="iati") == "FR-SIREN-732829320"
    assert fault("org", "2,43E+13", layout="iati") == "V05.excel-number"
    assert (value("org", "N/A", layout="iati"), fault("org", "N/A", layout="iati")) == (None, None)


@pytest.mark.parametrize("text", ["2", "2.0", "Engagement", "ENGAGEMENT ", "outgoing commitment", "2 - Engagement"])
def test_codes_are_taken_by_code_label_and_spelling(text: str) -> None:
    assert value("code", text, name="transaction_type_code") == "2"


def test_an_unknown_code_is_met_with_the_nearest() -> None:
    found = read("code", ["versment", "99"], name="transaction_type_code")
    assert {f["fault"] for f in found.values()} == {"code.unknown"}
    assert (found["versment"]["suggestion"], found["99"]["suggestion"]) == ("Versement", None)


def test_currencies_and_countries() -> None:
    assert {value("currency", t) for t in ("EUR", "eur", "€", "euros", "Euro")} == {"EUR"}
    assert value("currency", "XOF") == "XOF"
    assert fault("currency", "FCFA") == "V10.currency-unknown"
    assert {value("country", t) for t in ("CI", "civ", "Côte d'Ivoire", "Cote d Ivoire")} == {"CI"}
    assert fault("country", "ZZ") == "code.unknown"


def test_targets() -> None:
    assert {value("target", t) for t in ("17.17", "ODD 17.17", "SDG 17.17", "17,17", "17.17.")} == {"17.17"}
    assert (value("target", "3.D"), value("target", "17"), value("target", ("17.2", "n"))) == ("3.d", "17", "17.2")
    ambiguous = read("target", [("17.1", "n")])["17.1"]
    assert (ambiguous["fault"], ambiguous["expected"]) == ("V18.ambiguous-target", "17.1 / 17.10")
    known = {"sdg_targets": pa.table({"target_code": ["17", "17.17"]})}
    assert {fault("target", t, registers=known) for t in ("18", "17.18", "abc")} == {"V18.unknown-target"}


def test_territories() -> None:
    known = {"territories": pa.table({"territory_code": ["01", "01004", "44109"]})}
    assert value("territory", "44109") == "44109"
    lost = read("territory", [("1004", "n")], registers=known)["1004"]
    assert (lost["value"], lost["note"]) == ("01004", "V09.zero-restored")
    assert read("territory", ["99999"], registers=known)["99999"]["note"] == "V09.unlisted"
    assert fault("territory", "Nantes") == "V09.not-a-code"


def test_booleans() -> None:
    assert {value("boolean", t) for t in ("oui", "Yes", "VRAI", "1", "x", ("true", "b"))} == {True}
    assert {value("boolean", t) for t in ("non", "No", "faux", "0")} == {False}
    assert fault("boolean", "peut-être") == "boolean.not-understood"
