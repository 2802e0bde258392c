"""The IATI publications of the fictional fund's partners, version 2.03.

Belongs here: activities, transactions, budgets and results as XML, one element a line, and the address of a mistake in it. Does not
belong here: which values and which mistakes, and the other forms of reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, quoteattr

from pipelines.demo_mistakes import Slip
from pipelines.demo_reports import FICTION, Planted, found
from pipelines.demo_world import Partner

if TYPE_CHECKING:
    import pyarrow as pa

SCOPES = {"commune": "8", "departement": "7", "region": "6", "nation": "4"}
ORGANISATION_TYPES = {"public": "11", "company": "70", "association": "22", "foundation": "60", "academic": "80"}
ROLES = {"funding": "1", "lead": "2"}
#: Account class of what volunteers give, which is no money.
VOLUNTARY = "86"
#: Where a field of a transaction stands below it.
PLACES = {"transaction_date": "transaction-date/@iso-date", "amount": "value"}


@dataclass
class _Lines:
    """The lines of a file while it is written; `put` says on which line the element stands."""

    lines: list[str] = field(default_factory=list)

    def put(self, depth: int, element: str) -> int:
        self.lines.append("  " * depth + element)
        return len(self.lines)


def write_activities(
    path: Path, file: str, partner: Partner, tables: Mapping[str, tuple[pa.Table, Iterable[Slip]]]
) -> list[Planted]:
    """Writes one publication of all that a partner has to say so far; gives the mistakes with their places."""
    out, planted = _Lines(), list[Planted]()
    links = _by_project(tables["sdg_links"][0])
    parties = _by_project(tables["alliances"][0])
    plans, values = _by_project(tables["budgets"][0]), _by_project(tables["observations"][0])
    money, slips = tables["transactions"]
    typed = {(s.row, s.field): s for s in slips}
    movements: dict[str, list[tuple[int, dict[str, Any]]]] = {}
    for n, row in enumerate(money.to_pylist()):
        movements.setdefault(row["project_id"], []).append((n, row))

    out.put(0, '<?xml version="1.0" encoding="UTF-8"?>')
    out.put(0, f"<!-- {FICTION['en']} {FICTION['fr']} -->")
    out.put(0, '<iati-activities version="2.03">')
    for number, project in enumerate(tables["projects"][0].to_pylist(), start=1):
        name = project["project_id"]
        out.put(1, f'<iati-activity default-currency="EUR" xml:lang="{partner.language}">')
        _head(out, partner, project, parties.get(name, []))
        _targets(out, number, links.get(name, []))
        _budget(out, project, plans.get(name, []))
        for position, (n, row) in enumerate(movements.get(name, []), start=1):
            at = f"/iati-activity[{number}]/transaction[{position}]"
            for line, slip in _movement(out, row, {f: typed[n, f] for f in PLACES if (n, f) in typed}):
                planted.append(found(file, "", f"L{line} {at}/{PLACES[slip.field]}", "transactions", slip))
        _results(out, values.get(name, []))
        out.put(1, "</iati-activity>")
    out.put(0, "</iati-activities>")
    path.write_bytes(("\n".join(out.lines) + "\n").encode())
    return planted


def _head(out: _Lines, partner: Partner, project: dict[str, Any], parties: list[dict[str, Any]]) -> None:
    out.put(2, f"<iati-identifier>{escape(project['project_id'])}</iati-identifier>")
    kind = ORGANISATION_TYPES[partner.sector]
    out.put(2, f'<reporting-org ref="FR-RCS-{partner.siren}" type="{kind}">{_narrative(partner.name)}</reporting-org>')
    out.put(2, f"<title>{_narrative(project['title'])}</title>")
    out.put(2, f'<description type="1">{_narrative(FICTION[partner.language])}</description>')
    for party in parties:
        role = ROLES.get(party["party_role"], "4")
        out.put(2, f'<participating-org ref={_ref(party["party_id"])} role="{role}" '
                   f'type="{ORGANISATION_TYPES[party["party_sector"]]}">{_narrative(party["party_name"])}</participating-org>')  # fmt: skip
    out.put(2, f'<activity-status code="{project["status_code"]}"/>')
    for code, name in ((1, "planned_start_date"), (2, "actual_start_date"), (3, "planned_end_date")):
        out.put(2, f'<activity-date iso-date="{project[name]}" type="{code}"/>')
    if scope := SCOPES.get(project["scale"]):
        out.put(2, f'<activity-scope code="{scope}"/>')
    out.put(2, '<recipient-country code="FR" percentage="100"/>')


def _targets(out: _Lines, number: int, links: list[dict[str, Any]]) -> None:
    """States targets in turn as sectors with percentages, as tags, which have none, or not at all."""
    if number % 3 == 0:
        return
    for link in links:
        goal = "." not in link["target_code"]
        how = link["target_code"].startswith("17")
        if how and number % 3 == 1:
            out.put(
                2,
                f'<sector vocabulary="{7 if goal else 8}" code="{link["target_code"]}" percentage="{link["weight_pct"]:f}"/>',
            )
        else:
            out.put(2, f'<tag vocabulary="{2 if goal else 3}" code="{link["target_code"]}"/>')


def _budget(out: _Lines, project: dict[str, Any], lines: list[dict[str, Any]]) -> None:
    """States the first budget in two parts, since a budget covers a year at most: two thirds, then the rest."""
    first = min((line["_quarter"] for line in lines), default=0)
    charges = [x for x in lines if x["_quarter"] == first and x["side"] == "charge" and x["line_code"] != VOLUNTARY]
    whole = sum((line["planned"] for line in charges), Decimal(0))
    early = (whole * 2 / 3).quantize(Decimal("0.01"))
    start, end = project["planned_start_date"], project["planned_end_date"]
    year = start + timedelta(days=364)
    for since, until, amount in ((start, year, early), (year + timedelta(days=1), end, whole - early)):
        out.put(2, '<budget type="1" status="2">')
        out.put(3, f'<period-start iso-date="{since}"/>')
        out.put(3, f'<period-end iso-date="{until}"/>')
        out.put(3, f'<value currency="EUR" value-date="{since}">{amount:f}</value>')
        out.put(2, "</budget>")


def _results(out: _Lines, values: list[dict[str, Any]]) -> None:
    """States each indicator with its periods; parts of a value stay in workbooks."""
    told: dict[str, list[dict[str, Any]]] = {}
    for value in values:
        if value["breakdown"] is None:
            told.setdefault(value["indicator_code"], []).append(value)
    for code, periods in told.items():
        title = _narrative(periods[0]["indicator_title"])
        out.put(2, '<result type="1" aggregation-status="0">')
        out.put(3, f"<title>{title}</title>")
        out.put(3, f'<indicator measure="1" ascending="{int(periods[0]["direction"] == "up")}">')
        out.put(4, f"<title>{title}</title>")
        out.put(4, f'<reference vocabulary="99" code="{code}"/>')
        if periods[0]["baseline_value"] is not None:
            out.put(4, f'<baseline year="{periods[0]["period_start"].year}" value="{periods[0]["baseline_value"]:f}"/>')
        for period in periods:
            out.put(4, "<period>")
            out.put(5, f'<period-start iso-date="{period["period_start"]}"/>')
            out.put(5, f'<period-end iso-date="{period["period_end"]}"/>')
            if period["target_value"] is not None:
                out.put(5, f'<target value="{period["target_value"]:f}"/>')
            out.put(5, f'<actual value="{period["value"]:f}"/>')
            out.put(4, "</period>")
        out.put(3, "</indicator>")
        out.put(2, "</result>")


def _movement(out: _Lines, row: dict[str, Any], wrong: Mapping[str, Slip]) -> Iterator[tuple[int, Slip]]:
    def text(name: str) -> str:
        return str(wrong[name].typed if name in wrong else row[name])

    out.put(2, f'<transaction ref="{row["transaction_id"]}">')
    out.put(3, f'<transaction-type code="{row["transaction_type_code"]}"/>')
    line = {"transaction_date": out.put(3, f'<transaction-date iso-date="{text("transaction_date")}"/>')}
    value_date = row["value_date"] or row["transaction_date"]
    line["amount"] = out.put(
        3, f'<value currency="{row["currency"]}" value-date="{value_date}">{escape(text("amount"))}</value>'
    )
    out.put(3, f"<description>{_narrative(row['description'])}</description>")
    for side in ("provider", "receiver"):
        if row[f"{side}_id"] is not None:
            out.put(3, f"<{side}-org ref={_ref(row[f'{side}_id'])}>{_narrative(row[f'{side}_name'])}</{side}-org>")
    out.put(2, "</transaction>")
    for name, slip in wrong.items():
        yield line[name], slip


def _by_project(rows: pa.Table) -> dict[str, list[dict[str, Any]]]:
    grouped: dict[str, list[dict[str, Any]]] = {}
    for row in rows.to_pylist():
        grouped.setdefault(row["project_id"], []).append(row)
    return grouped


def _narrative(text: str) -> str:
    return f"<narrative>{escape(text)}</narrative>"


def _ref(number: str) -> str:
    """Gives an organisation's reference: companies' numbers under the one registered French prefix."""
    return quoteattr(f"FR-RNA-{number}" if number.startswith("W") else f"FR-RCS-{number[:9]}")
