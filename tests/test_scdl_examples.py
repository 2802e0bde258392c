"""The national schema of grants, 2.1.1: its own examples give exactly the findings that their names promise.

Belongs here: tables held against a published schema. Does not belong here: how lists of grants are read (test_scdl).
"""

from __future__ import annotations

import csv
import json
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import xlsxwriter

from pipelines.attribution import Source
from pipelines.intake.extract import extract
from pipelines.intake.layouts import Standard, load_tables
from pipelines.judging import Judgement, judge_sources
from pipelines.paths import CONTRACTS

PARTNERS = pa.table({"partner_id": ["coop"], "org_id": ["FR-SIREN-732829320"], "name": ["Coopérative"]})
RULES = {rule["id"] for rule in tomllib.loads((CONTRACTS / "_rules_scdl.toml").read_text(encoding="utf-8"))["rules"]}

#: The examples give some establishments as 00000, which names none; what is found so stands on these lines.
NO_GIVER = [2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30]
NO_RECEIVER = [5, 6, 10, 11, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 28, 30]
CELLS = [
    ("scdl.range", "warning", "L2C15"),
    ("scdl.range", "warning", "L3C15"),
    ("scdl.range", "warning", "L4C15"),
    # 05/12/2016 is no date of the schema either, but what it can mean is the graver question.
    ("V04.ambiguous-date", "critical", "L5C3"),
    ("V06.rna", "warning", "L5C7"),
    ("scdl.number", "warning", "L6C9"),
    ("scdl.choice", "warning", "L6C14"),
    ("V05.organisation-number", "critical", "L8C6"),
    ("scdl.period", "warning", "L8C12"),
    ("scdl.choice", "warning", "L8C14"),
    ("scdl.one-of", "warning", "L9C6"),
    ("scdl.number", "warning", "L9C15"),
    ("required", "critical", "L10C9"),
    ("V06.rna", "warning", "L12C7"),
    ("scdl.choice", "warning", "L16C10"),
    ("V05.organisation-number", "critical", "L27C6"),
    ("V06.rna", "warning", "L30C7"),
    *(("V05.establishment-lost", "warning", f"L{line}C6") for line in NO_RECEIVER),
    ("V00.sender-unknown", "info", None),
]
EXAMPLES = {
    "exemple_valide": [("V00.sender-unknown", "info", None)],
    "exemple_invalide_erreurs_cellules": [
        *CELLS,
        ("scdl.siret", "warning", "L7C2"),
        *(("V05.establishment-lost", "warning", f"L{line}C2") for line in NO_GIVER),
    ],
    # Its cells have the same mistakes, with the first two columns changed about.
    "exemple_invalide_erreurs_colonnes": [
        *CELLS,
        ("scdl.column-order", "warning", "L1C1"),
        ("scdl.column-name", "warning", "L1C5"),
        ("scdl.siret", "warning", "L7C1"),
        *(("V05.establishment-lost", "warning", f"L{line}C1") for line in NO_GIVER),
    ],
}
ROW = {
    "nomAttribuant": "Ville",
    "idAttribuant": "35600000000048",
    "dateConvention": "2026-02-03",
    "referenceDecision": "2026-12",
    "nomBeneficiaire": "Les Amis",
    "idBeneficiaire": "73282932000074",
    "rnaBeneficiaire": "W861234567",
    "objet": "Fête",
    "montant": "1200.50",
    "nature": "aide en numéraire",
    "conditionsVersement": "unique",
    "datesPeriodeVersement": "2026-03-01/2026-04-01",
    "idRAE": "12345",
    "notificationUE": "non",
    "pourcentageSubvention": "1",
    "dispositifAide": "65d5b6c7",
}


def judged(*paths: Path) -> Judgement:
    sources = [Source(f"S-{n}", p.name, f"sha-{n}", None, None, n, extract(p, p.name)) for n, p in enumerate(paths)]
    return judge_sources(sources, {"partners": PARTNERS})


def told(done: Judgement) -> list[dict[str, Any]]:
    """What is said in the words of the schema, each sentence complete."""
    found = [f for f in done.findings.to_pylist() if f["rule_id"] in RULES]
    for one in found:
        assert "—" not in one["message_en"] + one["message_fr"], one
        assert one["severity"] == "warning"
    return found


def places(done: Judgement) -> list[tuple[str, str | None]]:
    return sorted((f["rule_id"], f["cell"]) for f in told(done))


def written(folder: Path, *rows: dict[str, str | None], name: str = "s.csv", header: list[str] | None = None) -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as opened:
        out = csv.writer(opened)
        out.writerow(header or list(rows[0]))
        out.writerows([row.values() for row in rows])
    return path


def standard() -> Standard:
    [layout] = [x for x in load_tables() if x.layout == "scdl"]
    assert layout.standard is not None
    return layout.standard


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_gives_the_findings_its_name_promises(real: Path, name: str) -> None:
    done = judged(real / f"scdl/examples/{name}.csv")
    found = [(f["rule_id"], f["severity"], f["cell"]) for f in done.findings.to_pylist()]
    assert sorted(found, key=str) == sorted(EXAMPLES[name], key=str)
    told(done)


def test_what_departs_from_the_schema_is_read_all_the_same(real: Path) -> None:
    for name in ("cellules", "colonnes"):
        paid = judged(real / f"scdl/examples/exemple_invalide_erreurs_{name}.csv").accepted["transactions"].to_pylist()
        rows = {row["source_row"]: row for row in paid}
        # Of 29 grants, one says no amount.
        assert sorted(rows) == [line for line in range(2, 31) if line != 10]
        assert rows[6]["amount"] == Decimal("100000.1")
        assert rows[5]["amount"] == 9000
        assert rows[5]["receiver_name"] == "Pic la poule"
        assert rows[3]["receiver_id"] == "FR-RNA-W322216459"


def test_a_published_list_of_an_earlier_version_is_asked_nothing_new(real: Path) -> None:
    published = [*(real / "scdl").glob("*.*"), *(real / "toulouse").glob("*.csv")]
    assert len(published) == 9
    assert told(judged(*sorted(published))) == []


def test_the_facts_are_those_of_the_schema(real: Path) -> None:
    schema = json.loads((real / "scdl/schema/schema-subventions-2.1.1.json").read_text(encoding="utf-8"))
    assert standard().version == schema["version"]
    for column, theirs in zip(standard().columns, schema["fields"], strict=True):
        limits = theirs.get("constraints", {})
        flags = [*theirs.get("trueValues", []), *theirs.get("falseValues", [])]
        assert column.name == theirs["name"]
        assert column.required == limits.get("required", False)
        assert list(column.values) == limits.get("enum", flags)
        assert column.longest == limits.get("maxLength")
        assert [None if x is None else float(x) for x in (column.minimum, column.maximum)] == [
            limits.get("minimum"),
            limits.get("maximum"),
        ]
        assert (column.pattern is not None) == ("pattern" in limits or theirs["type"] in ("date", "number"))
    [group] = [c["params"] for c in schema["custom_checks"] if c["name"] == "one-of-required"]
    assert standard().one_of == ((group["column1"], group["column2"]),)


def test_a_row_as_the_schema_wants_it_has_no_finding(tmp_path: Path) -> None:
    assert [*ROW] == [column.name for column in standard().columns]
    assert judged(written(tmp_path, ROW)).findings.to_pylist()[0]["rule_id"] == "V00.sender-unknown"
    assert told(judged(written(tmp_path, ROW))) == []


#: Column, what stands in it, the rule it breaks, what is expected and suggested (`...` where the case is not about it).
DEPARTURES: list[tuple[str, str | None, str, Any, str | None]] = [
    ("nomAttribuant", " ", "scdl.blank", None, None),
    ("idAttribuant", "356000000", "scdl.siret", "23350001600040", None),
    ("dateConvention", "23/02/2026", "scdl.date", "2017-06-27", "2026-02-23"),
    ("dateConvention", None, "scdl.blank", None, None),
    ("nomBeneficiaire", None, "scdl.blank", None, None),
    ("rnaBeneficiaire", "w861234567", "V06.rna", "W380475558", None),
    ("rnaBeneficiaire", "W9R1234567", "V06.rna", "W380475558", None),
    ("objet", None, "scdl.blank", None, None),
    ("objet", "é" * 257, "scdl.too-long", "256", None),
    ("montant", "1200,50", "scdl.number", "47800.20", "1200.50"),
    ("montant", "1 200.50", "scdl.number", "47800.20", None),
    ("nature", None, "scdl.blank", None, None),
    ("nature", "Aide en numeraire", "scdl.choice", ..., "aide en numéraire"),
    ("conditionsVersement", None, "scdl.blank", None, None),
    ("datesPeriodeVersement", None, "scdl.blank", None, None),
    ("datesPeriodeVersement", "2026-03-01 au 2026-04-01", "scdl.period", ..., "2026-03-01/2026-04-01"),
    ("datesPeriodeVersement", "mars", "scdl.period", "2017-03-14/2018-03-14", None),
    ("idRAE", "123456", "scdl.too-long", "5", None),
    ("notificationUE", "OUI", "scdl.choice", "oui / non", "oui"),
    ("notificationUE", "true", "scdl.choice", "oui / non", None),
    ("pourcentageSubvention", "0", "scdl.range", "0.01 – 1", None),
    ("pourcentageSubvention", "45", "scdl.range", "0.01 – 1", "0.45"),
    ("pourcentageSubvention", "100.00", "scdl.range", "0.01 – 1", "1"),
    ("pourcentageSubvention", "9" * 40, "scdl.range", "0.01 – 1", None),
    ("pourcentageSubvention", "50 %", "scdl.number", "0.45", None),
]


def test_a_cell_that_departs_is_named_with_its_place(tmp_path: Path) -> None:
    rows = [ROW | {"referenceDecision": f"{n}"} | {column: text} for n, (column, text, *_) in enumerate(DEPARTURES)]
    found = {f["line"]: f for f in told(judged(written(tmp_path, *rows)))}
    assert len(found) == len(DEPARTURES)
    for line, (column, text, rule, expected, suggestion) in enumerate(DEPARTURES, 2):
        one = found[line]
        assert (one["rule_id"], one["cell"]) == (rule, f"L{line}C{[*ROW].index(column) + 1}"), column
        assert (one["value"], one["suggestion"]) == ((text or "").strip() or None, suggestion), (column, text)
        assert expected is ... or one["expected"] == expected, (column, text)
        assert column in one["message_fr"] and column in one["message_en"]


def test_of_a_cell_that_was_not_understood_it_is_said_once(tmp_path: Path) -> None:
    done = judged(written(tmp_path, ROW, {**ROW, "montant": "mille"}, {**ROW, "montant": None}))
    assert told(done) == []
    cells = sorted((f["rule_id"], f["cell"]) for f in done.findings.to_pylist() if f["severity"] == "critical")
    assert cells == [("V01.not-a-number", "L3C9"), ("required", "L4C9")]


def test_one_number_of_the_receiver_is_enough_and_serves_as_its_identity(tmp_path: Path) -> None:
    rows = [
        {**ROW, "rnaBeneficiaire": None},
        {**ROW, "idBeneficiaire": None},
        {**ROW, "idBeneficiaire": None, "rnaBeneficiaire": None},
    ]
    done = judged(written(tmp_path, *rows))
    assert places(done) == [("scdl.one-of", "L4C6")]
    receivers = [row["receiver_id"] for row in done.accepted["transactions"].to_pylist()]
    assert receivers[:2] == ["FR-SIREN-732829320", "FR-RNA-W861234567"]
    assert receivers[2].startswith("NAME-")
    leads = [row["lead_id"] for row in done.accepted["projects"].to_pylist()]
    assert leads == receivers


def test_columns_are_held_against_the_schema(tmp_path: Path) -> None:
    def columns(header: list[str]) -> list[tuple[str | None, ...]]:
        row: dict[str, str | None] = {name: ROW.get(name) for name in header}
        path = written(tmp_path, row, header=header)
        return [(f.rule_id, f.cell, f.expected) for f in extract(path, path.name).findings if f.rule_id in RULES]

    names = [*ROW]
    assert columns([n for n in names if n != "dispositifAide"]) == []
    assert columns([n for n in names if n not in ("idRAE", "rnaBeneficiaire", "referenceDecision")]) == []
    [said] = told(judged(written(tmp_path, {n: ROW[n] for n in names if n != "notificationUE"})))
    assert "notificationUE" in said["message_fr"] and (said["scope"], said["line"]) == ("file", 1)
    assert columns([n for n in names if n != "notificationUE"]) == [("scdl.column-missing", None, "notificationUE")]
    either = [n for n in names if n not in ("idBeneficiaire", "rnaBeneficiaire")]
    assert columns(either) == [("scdl.column-missing", None, "idBeneficiaire / rnaBeneficiaire")]
    assert columns(["Observations", *names]) == []
    moved = [*names[:7], "montant", "objet", *names[9:]]
    assert columns(moved) == [("scdl.column-order", "L1C8", "objet")]
    other = ["DatesPeriodeVersement" if n == "datesPeriodeVersement" else n for n in names]
    assert columns(other) == [("scdl.column-name", "L1C12", "datesPeriodeVersement")]
    # Without its marks, or with its marks among other people's names, a table is of another version.
    assert columns([n for n in reversed(names) if n not in standard().marks]) == []
    few = ["COLL_NOM", "COLL_SIRET", "ATTRIB_NOM", "ATTRIB_SIRET", "rnaBeneficiaire", "SUB_OBJ", "SUB_MONTANT"]
    assert columns(few) == []


def test_a_column_of_another_name_is_named_as_its_sender_heads_it(tmp_path: Path) -> None:
    rename = {"notificationUE": "Aide d'Etat (ou pas) notifiée à l'UE", "dateConvention": "Date/de la ~ convention"}
    row: dict[str, str | None] = {**ROW, "notificationUE": "Non", "dateConvention": None}
    header = [rename.get(name, name) for name in ROW]
    found = told(judged(written(tmp_path, row, header=header)))
    cells = {f["rule_id"]: f for f in found if f["scope"] == "cell"}
    assert {rule: f["cell"] for rule, f in cells.items()} == {"scdl.choice": "L2C14", "scdl.blank": "L2C3"}
    assert "Aide d'Etat" in cells["scdl.choice"]["message_fr"] and cells["scdl.choice"]["suggestion"] == "non"
    assert sorted(f["cell"] for f in found if f["scope"] == "file") == ["L1C14", "L1C3"]


def test_sheets_and_json_are_held_against_it_at_their_own_places(tmp_path: Path) -> None:
    wrong = {**ROW, "dateConvention": None, "rnaBeneficiaire": "W1", "nature": "prêt", "pourcentageSubvention": "80"}
    book = tmp_path / "s.xlsx"
    with xlsxwriter.Workbook(book) as made:
        sheet = made.add_worksheet("2026")
        for n, row in enumerate(([*ROW], [*ROW.values()], [*wrong.values()]), 2):
            sheet.write_row(n, 1, row, made.add_format({"num_format": "@"}))
        sheet.write_number("P5", 80)
        sheet.write_number("J5", 1200.5)
    assert places(judged(book)) == [
        ("V06.rna", "H5"),
        ("scdl.blank", "D5"),
        ("scdl.choice", "K5"),
        ("scdl.range", "P5"),
    ]
    document = tmp_path / "s.json"
    document.write_text(json.dumps({"subventions": [ROW, wrong | {"montant": 1200.5, "pourcentageSubvention": 80}]}))
    assert places(judged(document)) == [
        ("V06.rna", "/subventions/1/rnaBeneficiaire"),
        ("scdl.blank", "/subventions/1/dateConvention"),
        ("scdl.choice", "/subventions/1/nature"),
        ("scdl.range", "/subventions/1/pourcentageSubvention"),
    ]


def test_files_are_judged_together_as_each_alone(tmp_path: Path) -> None:
    one = written(tmp_path, ROW, {**ROW, "notificationUE": "no"}, name="a.csv")
    two = written(tmp_path, {**ROW, "idRAE": "123456", "nature": "prêt"}, name="b.csv")
    plain = written(
        tmp_path, {k: v for k, v in ROW.items() if k not in standard().marks} | {"nature": "x"}, name="c.csv"
    )
    found = [(f["source_file"], f["rule_id"], f["cell"]) for f in told(judged(one, plain, two))]
    assert found == [
        ("a.csv", "scdl.choice", "L3C14"),
        ("b.csv", "scdl.choice", "L2C10"),
        ("b.csv", "scdl.too-long", "L2C13"),
    ]
