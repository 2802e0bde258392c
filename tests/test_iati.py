"""IATI activities to rows: which element feeds which field, and which of several holds.

Belongs here: what is read. Does not belong here: where it stood (test_iati_addresses), what is refused
(test_iati_refusals).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.contract import code_list
from pipelines.intake import iati
from pipelines.intake.iati_layout import load
from pipelines.intake.model import Extract, data_schema

REPORTER = '<reporting-org ref="FR-9" type="21"><narrative>Les Trois-Rives</narrative></reporting-org>'


def activity(inside: str, attributes: str = 'default-currency="EUR"', reporter: str = REPORTER) -> str:
    return f"<iati-activity {attributes}>\n<iati-identifier>FR-9-A</iati-identifier>\n{reporter}\n{inside}\n</iati-activity>"


def transaction(inside: str, code: str = "3", attributes: str = "") -> str:
    return (
        f'<transaction {attributes}>\n<transaction-type code="{code}"/>\n<transaction-date iso-date="2026-02-03"/>\n'
        f"{inside}\n</transaction>"
    )


def write(folder: Path, *activities: str, version: str = 'version="2.03"') -> Path:
    path = folder / "report.xml"
    body = "\n".join(activities)
    path.write_text(
        f'<?xml version="1.0"?>\n<iati-activities {version}>\n{body}\n</iati-activities>\n', encoding="utf-8"
    )
    return path


def take(folder: Path, *activities: str) -> dict[str, list[dict[str, Any]]]:
    return rows_of(iati.read(write(folder, *activities), "report.xml"))


def rows_of(extract: Extract) -> dict[str, list[dict[str, Any]]]:
    return {table.kind: table.data.to_pylist() for table in extract.tables}


def test_rows_of_many_activities_stay_together(tmp_path: Path) -> None:
    """More rows than are held at once: each transaction keeps the identifier and currency of its own activity."""
    body = "".join(
        f'<iati-activity default-currency="C{a}"><iati-identifier>A{a}</iati-identifier>{REPORTER}'
        + "".join(f'<transaction ref="A{a}/{t}"><value>{t}</value></transaction>' for t in range(a % 7))
        + "</iati-activity>"
        for a in range(5_000)
    )
    rows = take(tmp_path, body)
    assert len(rows["projects"]) == 5_000
    assert [r["agreement_ref"] for r in rows["transactions"]] == [
        f"A{a}/{t}" for a in range(5_000) for t in range(a % 7)
    ]
    assert all(r["agreement_ref"] == f"{r['project_id']}/{r['amount']}" for r in rows["transactions"])
    assert all(r["currency"] == r["project_id"].replace("A", "C") for r in rows["transactions"])


def test_an_activity_becomes_a_project(tmp_path: Path) -> None:
    [row] = take(
        tmp_path,
        activity("""<title><narrative xml:lang="en">Bridge</narrative><narrative xml:lang="fr">Pont</narrative></title>
            <description type="1"><narrative xml:lang="en">First</narrative></description>
            <description type="3"><narrative xml:lang="fr">Publics</narrative></description>
            <participating-org role="4" ref="X"/><participating-org role="2"><narrative>Ville</narrative></participating-org>
            <activity-status code="2"/>
            <activity-date type="3" iso-date="2026-12-31"/><activity-date type="1" iso-date="2026-01-01"/>
            <activity-date type="2" iso-date="2026-02-30"/><activity-date type="4" iso-date="31/12/2026"/>
            <activity-scope code="4"/><recipient-country code="SN" percentage="30"/>
            <recipient-country code="FR" percentage="70.0"/>"""),
    )["projects"]
    texts = {name: text for name, text in row.items() if "__" not in name and text is not None}
    assert texts == {
        "row_number": 3, "row_cell": "L3 /iati-activity[1]", "partner_id": "FR-9", "partner_name": "Les Trois-Rives",
        "lead_name": "Ville", "project_id": "FR-9-A", "title": "Pont", "description": "First", "status_code": "2",
        "planned_start_date": "2026-01-01", "planned_end_date": "2026-12-31", "actual_start_date": "2026-02-30",
        "actual_end_date": "31/12/2026", "scale": "nation", "country_code": "FR",
    }  # fmt: skip
    assert row["title__cell"] == "L6 /iati-activity[1]/title/narrative[2]"
    assert row["description__cell"] == "L7 /iati-activity[1]/description[1]/narrative[1]"
    assert row["lead_id__cell"] is None and row["lead_id__type"] is None
    assert row["planned_start_date__cell"].endswith("/activity-date[2]/@iso-date")
    assert [row[f"{d}_date__type"] for d in ("planned_start", "actual_start", "actual_end")] == ["d", "s", "s"]


@pytest.mark.parametrize(
    ("inside", "title"),
    [
        (
            "<title><narrative/></title><description><narrative>\n Une ligne \n et deux</narrative></description>",
            "Une ligne",
        ),
        ("<title><narrative> </narrative><narrative>Titre</narrative></title>", "Titre"),
        ('<title><narrative xml:lang="en">T</narrative><narrative xml:lang="fr"/></title>', "T"),
        ('<title><narrative xml:lang="en">T</narrative><narrative xml:lang="es">U</narrative></title>', "T"),
        ('<title xml:lang="FR"><narrative>T</narrative><narrative xml:lang="fr-CA">U</narrative></title>', "T"),
        ("<title><narrative>Ã©tÃ© &amp; <![CDATA[<hiver>]]></narrative></title>", "été & <hiver>"),
        ("<title><narrative>a<!-- x -->b<other>c</other>d</narrative></title>", "abd"),
        ("", None),
    ],
)
def test_titles(tmp_path: Path, inside: str, title: str | None) -> None:
    assert take(tmp_path, activity(inside))["projects"][0]["title"] == title


@pytest.mark.parametrize(
    ("inside", "country"),
    [
        ('<recipient-country code="CI"/>', "CI"),
        ('<recipient-country code="CI" percentage="20"/>', "CI"),
        ('<recipient-country code="CI" percentage="9"/><recipient-country code="BF" percentage="50"/>', "BF"),
        ('<recipient-country code="CI" percentage="50"/><recipient-country code="BF" percentage="50"/>', None),
        ('<recipient-country code="CI"/><recipient-country code="BF"/>', None),
    ],
)
def test_one_country_stands_for_an_activity(tmp_path: Path, inside: str, country: str | None) -> None:
    assert take(tmp_path, activity(inside))["projects"][0]["country_code"] == country


def test_sdg_links_count_once_and_pass_on_as_typed(tmp_path: Path) -> None:
    extract = iati.read(
        write(
            tmp_path,
            activity("""<sector vocabulary="1" code="11220" percentage="100"/>
            <tag vocabulary="3" code="3.D"/><tag vocabulary="3" code="17.17"/><tag vocabulary="2" code="0"/>
            <tag vocabulary="99" code="COVID-19"/><tag vocabulary="2" code="17"/><tag vocabulary="3" code="17.17"/>
            <sector vocabulary="8" code="17.17" percentage="60"/><sector vocabulary="8" code="3.d" percentage="40"/>
            <sector vocabulary="7" code="5"/>
            <transaction><sector vocabulary="8" code="1.1"/><value>1</value></transaction>"""),
        ),
        "",
    )
    rows = rows_of(extract)["sdg_links"]
    assert [(r["target_code"], r["weight_pct"], r["method"]) for r in rows] == [
        ("0", None, None),
        ("17", None, None),
        ("17.17", "60", "declared"),
        ("3.d", "40", "declared"),
        ("5", None, None),
    ]
    assert rows[2]["target_code__cell"] == "L9 /iati-activity[1]/sector[2]/@code"
    assert (rows[2]["weight_pct__type"], rows[0]["weight_pct__type"]) == ("n", None)
    assert extract.not_read == {"sector": 1, "tag": 1, "transaction/sector": 1}
    assert not extract.findings


def test_parties_are_one_row_per_role(tmp_path: Path) -> None:
    rows = take(
        tmp_path,
        activity("""<participating-org role="2" ref="G80176845" type="22"><narrative>Paz</narrative></participating-org>
            <participating-org role="4" ref="G80176845" type="22"><narrative>Paz</narrative></participating-org>
            <participating-org role="1" ref="FR-3" type="10"/><participating-org role="9" type="A1"/>
            <participating-org role="3" type="90"><narrative>Autre</narrative></participating-org>"""),
    )["alliances"]
    assert [tuple(r[f] for f in ("party_id", "party_name", "party_role", "party_sector")) for r in rows] == [
        ("G80176845", "Paz", "accountable", "association"),
        ("G80176845", "Paz", "implementing", "association"),
        ("FR-3", None, "funding", "public"),
        (None, None, "9", "A1"),
        (None, "Autre", "extending", None),
    ]
    assert {r["alliance_id"] for r in rows} == {"FR-9-A"} == {r["project_id"] for r in rows}
    assert rows[1]["party_role__cell"] == "L7 /iati-activity[1]/participating-org[2]/@role"


@pytest.mark.parametrize(
    ("code", "provider", "receiver"),
    [
        ("1", None, "FR-9"),
        ("2", "FR-9", None),
        ("3", "FR-9", None),
        ("4", "FR-9", None),
        ("11", None, "FR-9"),
        ("7", None, None),
    ],
)
def test_an_absent_party_is_the_reporter_where_the_type_says_so(
    tmp_path: Path, code: str, provider: str | None, receiver: str | None
) -> None:
    empty = transaction("<value>1</value><provider-org/><receiver-org ref=' '/>", code)
    named = transaction(
        "<value>1</value><provider-org ref='P'/><receiver-org><narrative>R</narrative></receiver-org>", code
    )
    absent, present = take(tmp_path, activity(empty + named))["transactions"]
    assert (absent["provider_id"], absent["receiver_id"]) == (provider, receiver)
    assert absent["provider_name"] == (provider and "Les Trois-Rives")
    if provider:
        assert absent["provider_id__cell"] == "L5 /iati-activity[1]/reporting-org/@ref"
    stated = [present[f] for f in ("provider_id", "provider_name", "receiver_id", "receiver_name")]
    assert stated == ["P", None, None, "R"]


def test_a_transaction_says_its_currency_or_the_activity_does(tmp_path: Path) -> None:
    rows = take(
        tmp_path,
        activity(
            transaction('<value currency="XOF" value-date="2026-01-05"> 12.50 </value>', attributes='ref="C-1"')
            + transaction("<value><!-- cents -->10<![CDATA[0]]>.25</value>"),
        ),
    )["transactions"]
    assert [(r["amount"], r["currency"], r["value_date"], r["agreement_ref"]) for r in rows] == [
        ("12.50", "XOF", "2026-01-05", "C-1"),
        ("100.25", "EUR", None, None),
    ]
    assert rows[0]["currency__cell"] == "L9 /iati-activity[1]/transaction[1]/value/@currency"
    assert rows[1]["currency__cell"] == "L3 /iati-activity[1]/@default-currency"
    assert all("transaction_id" not in r for r in rows)


@pytest.mark.parametrize(
    ("typed", "letter"),
    [
        ("1", "n"),
        ("-12.5", "n"),
        ("+.5", "n"),
        ("5.", "n"),
        ("1,5", "s"),
        ("1 000", "s"),
        ("1e3", "s"),
        ("12 k€", "s"),
        (".", "s"),
    ],
)
def test_only_an_xsd_decimal_is_a_canonical_number(tmp_path: Path, typed: str, letter: str) -> None:
    [row] = take(tmp_path, activity(transaction(f"<value>{typed}</value>")))["transactions"]
    assert (row["amount"], row["amount__type"]) == (typed, letter)


def test_one_file_may_hold_several_reporters(tmp_path: Path) -> None:
    other = '<reporting-org ref="FR-8"><narrative xml:lang="en">Other</narrative></reporting-org>'
    value = transaction("<value>1</value>")
    extract = iati.read(
        write(tmp_path, activity(value, reporter=""), activity(value, reporter=other), activity(value)), ""
    )
    rows = rows_of(extract)["transactions"]
    assert [(r["partner_id"], r["partner_name"]) for r in rows] == [
        (None, None),
        ("FR-8", "Other"),
        ("FR-9", "Les Trois-Rives"),
    ]
    assert (extract.sender_id, extract.sender_name) == ("FR-8", "Other")
    assert extract.sender_cell == "L14 /iati-activity[2]/reporting-org/@ref"


def test_the_shape_is_that_of_the_contracts(tmp_path: Path) -> None:
    parts = '<participating-org role="1" ref="X"/><tag vocabulary="2" code="17"/>' + transaction("<value>1</value>")
    extract = iati.read(write(tmp_path, activity(parts)), "")
    assert [t.kind for t in extract.tables] == ["projects", "sdg_links", "alliances", "transactions"]
    for table in extract.tables:
        assert table.data.schema == data_schema(tuple(c.field or "" for c in table.columns))
        assert table.rows == 1
    assert (extract.format, extract.layout, extract.period) == ("iati", "iati", None)


def test_codes_of_the_layout_are_codes_of_ours() -> None:
    ours = {
        "activity_scope": "scale", "organisation_role": "party_role", "organisation_type": "sector",
        "budget_type": "budget_version", "ascending": "indicator_direction",
    }  # fmt: skip
    assert set(load().codes) == {*ours, "indicator_measure"}
    for theirs, name in ours.items():
        assert set(load().codes[theirs].values()) - {""} <= {c.code for c in code_list(name).codes}
