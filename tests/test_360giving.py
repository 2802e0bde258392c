"""Grants in the 360Giving standard: the workbook and the JSON of one publisher are the same rows.

Belongs here: the 360Giving layout. Does not belong here: JSON in general (test_json).
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.intake.extract import extract
from pipelines.intake.layouts import load_tables
from pipelines.intake.model import Extract


@pytest.fixture(scope="module")
def both(real: Path) -> tuple[Extract, Extract]:
    folder = real / "360giving"
    return extract(folder / "abct.xlsx", "abct.xlsx"), extract(folder / "abct.json", "abct.json")


def test_the_workbook_and_the_json_are_the_same_rows(both: tuple[Extract, Extract]) -> None:
    book, text = both
    assert book.layout == text.layout == "360giving"
    assert (book.format, text.format) == ("xlsx", "json")
    assert [(t.kind, t.rows) for t in book.tables] == [(t.kind, t.rows) for t in text.tables]
    for ours, theirs in zip(book.tables, text.tables, strict=True):
        fields = [
            name
            for name in ours.data.column_names
            if "__" not in name and name not in ("row_number", "row_cell", "extra")
        ]
        assert len(fields) >= 7
        assert ours.data.column_names == theirs.data.column_names
        for field in fields:
            assert ours.data[field].to_pylist() == theirs.data[field].to_pylist(), field
    # What no field holds is kept by both, under the name each gives it.
    extras = [[json.loads(e) for e in found.tables[0].data["extra"].to_pylist()] for found in both]
    assert [len(e) for e in extras[0]] == [len(e) for e in extras[1]]
    assert extras[0][0]["Recipient Org:Postal Code"] == extras[1][0]["recipientOrganization/0/postalCode"] == "WC2A 1JF"


def test_every_grant_and_its_amount_is_there(real: Path, both: tuple[Extract, Extract]) -> None:
    fact = json.loads((real / "FACTS.json").read_text(encoding="utf-8"))["360giving/abct.json"]
    for found in both:
        assert [(t.kind, t.rows) for t in found.tables] == [
            ("transactions", fact["grants"]),
            ("projects", fact["grants"]),
        ]
        data = found.tables[0].data
        assert sum(map(Decimal, data["amount"].to_pylist())) == Decimal(fact["amount_awarded_gbp"])
        assert set(data["currency"].to_pylist()) == set(fact["currencies"])
        assert set(data["transaction_type_code"].to_pylist()) == {"2"}
        assert set(data["amount__type"].to_pylist()) == {"n"}
        assert data["transaction_id"].to_pylist() == data["project_id"].to_pylist()
        assert len(set(data["transaction_id"].to_pylist())) == fact["grants"]
        assert found.period is None


def test_every_cell_is_where_its_pointer_says(real: Path, both: tuple[Extract, Extract]) -> None:
    document = json.loads((real / "360giving" / "abct.json").read_text(encoding="utf-8"))
    checked = 0
    for table in both[1].tables:
        for name in (n.removesuffix("__cell") for n in table.data.column_names if n.endswith("__cell")):
            cells, texts = table.data[f"{name}__cell"].to_pylist(), table.data[name].to_pylist()
            for cell, text in zip(cells, texts, strict=True):
                value: Any = document
                for part in cell.split("/")[1:]:
                    value = value[int(part)] if isinstance(value, list) else value[part]
                if name == "transaction_type_code":
                    assert isinstance(value, dict) and text == "2"
                else:
                    assert str(value).removesuffix("T00:00:00+00:00") == text
                checked += 1
    assert checked == 783 * (13 + 7)


def test_the_sheet_has_its_own_addresses(both: tuple[Extract, Extract]) -> None:
    [row] = both[0].tables[0].data.slice(9, 1).to_pylist()
    assert (row["row_number"], row["row_cell"]) == (11, "A11")
    assert (row["amount__cell"], row["receiver_id__cell"], row["transaction_date__cell"]) == ("I11", "N11", "G11")
    assert (row["transaction_type_code__cell"], row["transaction_date__type"]) == ("A11", "d")


@pytest.mark.parametrize(
    "header",
    [
        "id,title,amountAwarded,currency,awardDate,recipientOrganization/0/id,fundingOrganization/0/name",
        "id,title,amountAwarded,currency,awardDate,recipientOrganization:0:id,fundingOrganization:0:name",
        "Identifier,Title,Amount Awarded,Currency,Award Date,Recipient Org:Identifier,Funding Org:Name",
        "Identifier,Title,Amount Awarded,Currency,Award Date,Recipient Org:0:Identifier,Funding Org:0:Name",
    ],
)
def test_titles_and_machine_names_are_one(tmp_path: Path, header: str) -> None:
    path = tmp_path / "grants.csv"
    path.write_text(f"{header}\n360G-1,T,1200.50,GBP,2026-02-03T00:00:00Z,GB-CHC-1,F\n", encoding="utf-8")
    found = extract(path, path.name)
    assert found.layout == "360giving"
    assert found.findings == ()
    [row] = found.tables[0].data.to_pylist()
    assert (row["transaction_id"], row["amount"], row["currency"]) == ("360G-1", "1200.50", "GBP")
    assert (row["transaction_date"], row["receiver_id"], row["provider_name"]) == ("2026-02-03", "GB-CHC-1", "F")
    assert (row["description"], row["partner_name"]) == ("T", "F")


def test_planned_dates_are_dates_of_the_project_and_no_payment(tmp_path: Path) -> None:
    grant = {
        "id": "360G-2", "title": "T", "currency": "EUR", "amountAwarded": 10, "awardDate": "2026-02-03T10:30:00Z",
        "plannedDates": [{"startDate": "2026-03-01", "endDate": "2027-02-28T00:00:00+00:00"}, {"startDate": "2028-01-01"}],
        "recipientIndividual": {"id": "R"}, "fundingOrganization": [{"id": "GB-COH-1", "name": "F"}],
        "beneficiaryLocation": [{"countryCode": "FR"}],
    }  # fmt: skip
    path = tmp_path / "grants.json"
    path.write_text(json.dumps({"version": "1.4", "grants": [grant]}), encoding="utf-8")
    found = extract(path, path.name)
    transactions, projects = (table.data.to_pylist() for table in found.tables)
    assert [t.kind for t in found.tables] == ["transactions", "projects"]
    # A moment that is no midnight is kept as typed.
    assert transactions[0]["transaction_date"] == "2026-02-03T10:30:00Z"
    assert (projects[0]["planned_start_date"], projects[0]["planned_end_date"]) == ("2026-03-01", "2027-02-28")
    assert projects[0]["country_code"] == "FR"
    assert [(f.rule_id, f.cell) for f in found.findings] == [
        ("read.unknown-column", "/grants/0/plannedDates/1/startDate")
    ]


def test_the_layout_knows_the_standard(real: Path) -> None:
    schema = json.loads((real / "360giving" / "schema" / "360-giving-schema.json").read_text(encoding="utf-8"))
    layout = next(x for x in load_tables() if x.layout == "360giving")
    known = {column.split("/")[0] for column in layout.columns}
    assert known <= set(schema["properties"])
