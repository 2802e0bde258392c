"""Budgets and results of IATI activities: what becomes a row, and what each row says.

Belongs here: the kinds budgets and observations. Does not belong here: the other kinds (test_iati), real files
(test_iati_addresses).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.intake import iati
from test_iati import activity, rows_of, take, write

PERIOD = '<period-start iso-date="2026-01-01"/><period-end iso-date="2026-06-30"/>'


def result(
    periods: str, indicator: str = 'measure="1"', about: str = "<title><narrative>Accompagner</narrative></title>"
) -> str:
    return f"<result type='1'><title><narrative>R</narrative></title>\n<indicator {indicator}>{about}\n{periods}</indicator></result>"


def said(row: dict[str, Any], *fields: str) -> tuple[Any, ...]:
    return tuple(row.get(field) for field in fields)


def test_a_budget_is_a_row(tmp_path: Path) -> None:
    rows = take(
        tmp_path,
        activity(f"""<budget type="2">{PERIOD}
            <value currency="XOF" value-date="2026-01-01">12 000,5</value></budget>
            <budget><value>-7.50</value></budget><budget type="9"/>"""),
    )["budgets"]
    fields = (
        "budget_version",
        "planned",
        "planned__type",
        "currency",
        "period_start",
        "period_end__type",
        "project_id",
    )
    assert said(rows[0], *fields) == ("revised", "12 000,5", "s", "XOF", "2026-01-01", "d", "FR-9-A")
    assert said(rows[1], *fields) == ("original", "-7.50", "n", "EUR", None, None, "FR-9-A")
    assert said(rows[2], *fields) == ("9", None, None, "EUR", None, None, "FR-9-A")
    assert rows[0]["planned__cell"] == "L7 /iati-activity[1]/budget[1]/value"
    assert rows[1]["currency__cell"] == "L3 /iati-activity[1]/@default-currency"
    assert [r["row_cell"] for r in rows] == [
        f"L{line} /iati-activity[1]/budget[{n}]" for line, n in ((6, 1), (8, 2), (8, 3))
    ]
    assert "side" not in rows[0] and "line_code" not in rows[0]


def test_a_period_of_an_indicator_is_a_row(tmp_path: Path) -> None:
    about = (
        '<title><narrative>Heures</narrative></title>\n<reference vocabulary="99" code="H-1"/><reference code="H-2"/>'
    )
    about += '<baseline year="2025" value="0"/>'
    extract = iati.read(
        write(
            tmp_path,
            activity(
                result(
                    f'<period>{PERIOD}<target value="200"/>\n<actual value="120.5"/></period>'
                    '<period><target value="300"/></period>',
                    'measure="2" ascending="0"',
                    about,
                )
                + result('<period>\n<actual value="beaucoup"/></period>')
            ),
        ),
        "",
    )
    first, second, third = rows_of(extract)["observations"]
    fields = (
        "indicator_code", "indicator_title", "indicator_unit", "direction", "baseline_value", "target_value", "value",
        "value__type", "period_start", "period_end", "breakdown",
    )  # fmt: skip
    assert said(first, *fields) == (
        "H-1",
        "Heures",
        "%",
        "down",
        "0",
        "200",
        "120.5",
        "n",
        "2026-01-01",
        "2026-06-30",
        None,
    )
    assert said(second, *fields) == ("H-1", "Heures", "%", "down", "0", "300", None, None, None, None, None)
    assert said(third, *fields) == ("Accompagner",) * 2 + (None,) * 4 + ("beaucoup", "s", None, None, None)
    place = "/iati-activity[1]/result[1]/indicator[1]"
    assert first["indicator_code__cell"] == f"L8 {place}/reference[1]/@code"
    assert first["baseline_value__cell"] == f"L8 {place}/baseline[1]/@value"
    assert first["value__cell"] == f"L10 {place}/period[1]/actual[1]/@value"
    assert second["row_cell"] == f"L10 {place}/period[2]"
    assert third["value__cell"] == "L13 /iati-activity[1]/result[2]/indicator[1]/period[1]/actual[1]/@value"
    assert extract.not_read == {"result/indicator/reference": 1, "result/title": 2}
    assert not extract.findings


@pytest.mark.parametrize("dimension", ['<dimension name="sex" value="female"/>', '<location ref="female"/>'])
def test_each_part_of_the_whole_is_a_row(tmp_path: Path, dimension: str) -> None:
    rows = take(
        tmp_path,
        activity(
            result(
                f'<period>{PERIOD}<target value="100"/><target value="60">{dimension}</target>'
                f'<actual value="90"/>\n<actual value="50">{dimension}</actual>'
                '<actual value="40"><dimension name="sex" value="male"/><dimension name="age" value="18-25"/></actual></period>'
                f'<period><actual value="7">{dimension}</actual><target value="8"/></period>'
                '<period><actual value="1"/><actual value="1"/><target value="2"/></period>'
            )
        ),
    )["observations"]
    assert [said(r, "breakdown", "target_value", "value") for r in rows] == [
        (None, "100", "90"),
        ("female", "60", "50"),
        ("male; 18-25", None, "40"),
        ("female", None, "7"),
        (None, "8", None),
        (None, "2", "1"),
        (None, None, "1"),
    ]
    assert rows[1]["value__cell"].endswith("/period[1]/actual[2]/@value")
    assert rows[1]["target_value__cell"].endswith("/period[1]/target[2]/@value")
    assert {r["period_start"] for r in rows[:3]} == {"2026-01-01"}
    assert {r["indicator_code"] for r in rows} == {"Accompagner"}
    assert [r["row_cell"].split("/")[-1] for r in rows] == ["period[1]"] * 3 + ["period[2]"] * 2 + ["period[3]"] * 2


def test_rows_stand_with_their_own_indicator_result_and_activity(tmp_path: Path) -> None:
    """Thousands of activities, some results and indicators without periods between them."""
    body = ""
    for a in range(2_000):
        results = ""
        for r in range(a % 4):
            indicators = "".join(
                f"<indicator><title><narrative>A{a}/{r}/{i}</narrative></title>"
                + "".join(f'<period><actual value="{p}"/></period>' for p in range((a + r + i) % 3))
                + "</indicator>"
                for i in range(r)
            )
            results += f"<result>{indicators}</result>"
        body += f"<iati-activity><iati-identifier>A{a}</iati-identifier>{results}</iati-activity>"
    extract = iati.read(write(tmp_path, body), "")
    rows = rows_of(extract)["observations"]
    assert [(r["project_id"], r["indicator_code"], r["value"]) for r in rows] == [
        (f"A{a}", f"A{a}/{r}/{i}", str(p))
        for a in range(2_000)
        for r in range(a % 4)
        for i in range(r)
        for p in range((a + r + i) % 3)
    ]
    for row in rows:
        a, r, i = (int(n) for n in row["indicator_code"].removeprefix("A").split("/"))
        assert row["row_cell"].endswith(
            f"/iati-activity[{a + 1}]/result[{r + 1}]/indicator[{i + 1}]/period[{int(row['value']) + 1}]"
        )
    [finding] = extract.findings
    whole = {r["row_cell"].split("/indicator")[0].split(" ")[1] for r in rows}
    assert finding.rule_id == "iati.without-period" and finding.args["element"] == "result"
    assert len(whole) + int(finding.args["count"]) == sum(a % 4 for a in range(2_000))
