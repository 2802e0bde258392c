"""Grant lists of French public bodies: every published header set is understood, and every row and amount is there.

Belongs here: the SCDL layout. Does not belong here: what an amount or a date means (staging).
"""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.contract import fold
from pipelines.intake import headers
from pipelines.intake.extract import extract
from pipelines.intake.layouts import load_tables
from pipelines.intake.model import Extract

SCHEMA = (
    "nomAttribuant,idAttribuant,dateConvention,referenceDecision,nomBeneficiaire,idBeneficiaire,rnaBeneficiaire,objet,"
    "montant,nature,conditionsVersement,datesPeriodeVersement,idRAE,notificationUE,pourcentageSubvention,dispositifAide"
)


def read(tmp_path: Path, text: str) -> Extract:
    path = tmp_path / "subventions.csv"
    path.write_text(text, encoding="utf-8")
    return extract(path, path.name)


def number(text: str) -> Decimal:
    return Decimal(re.sub(r"[\s\u00a0\u202f€]|euros", "", text).replace(",", "."))


def facts(real: Path) -> dict[str, dict[str, str]]:
    every = json.loads((real / "FACTS.json").read_text(encoding="utf-8"))
    return {name: fact for name, fact in every.items() if name.startswith(("scdl/", "toulouse/"))}


def test_every_real_list_gives_its_rows_and_amounts(real: Path) -> None:
    assert len(facts(real)) == 9
    for name, fact in facts(real).items():
        found = extract(real / name, name)
        assert found.layout == "scdl", name
        assert [(t.kind, t.rows) for t in found.tables] == [
            ("transactions", fact["rows"]),
            ("projects", fact["rows"]),
        ], name
        transactions = found.tables[0]
        amounts = [a for a in transactions.data["amount"].to_pylist() if a is not None]
        assert len(amounts) == fact["amounts_read"], name
        assert sum(map(number, amounts)) == Decimal(fact["amount_eur"]), name
        if "encoding" in fact:
            assert (found.format, found.delimiter) == ("csv", fact["delimiter"]), name
            assert found.encoding.removesuffix("-sig") == str(fact["encoding"]).removesuffix("-sig"), name
            assert len(transactions.columns) == fact["columns"], name
        else:
            assert transactions.sheet == fact["sheet"], name
            assert transactions.data["row_number"][0].as_py() == int(fact["header_row"]) + 1, name
        # Nobody is lost: each row names its giver and, but for one that names nobody, its receiver.
        rows = transactions.data.to_pylist()
        assert not [row["row_cell"] for row in rows if not row["provider_name"]], name
        nobody = [row["row_cell"] for row in rows if not (row["receiver_name"] or row["receiver_id"])]
        assert nobody == (["L35"] if "Haute_Garonne" in name else []), name
        assert set(transactions.data["currency"].to_pylist()) == {"EUR"}
        assert set(transactions.data["transaction_type_code"].to_pylist()) == {"2"}


def test_what_one_says_of_the_giver_another_says_of_the_receiver(real: Path) -> None:
    names = {name.split("_")[1]: name for name in facts(real) if "/DEP_" in name}
    aube = extract(real / names["Aube"], "aube.xlsx").tables[0].data
    assert set(aube["provider_name"].to_pylist()) == {"Conseil départemental de l’Aube"}
    assert aube["provider_id__cell"][0].as_py() == "B3"
    deux_sevres = extract(real / names["Deux"], "cd79.xls").tables[0].data
    assert set(deux_sevres["provider_name"].to_pylist()) == {"Département Deux-Sèvres"}
    assert deux_sevres["receiver_name__cell"][0].as_py() == "E2"
    assert deux_sevres["transaction_date__type"].to_pylist() == ["d"] * 467


def test_a_ruined_number_is_kept_as_typed_and_is_no_partner(real: Path) -> None:
    data = extract(real / "toulouse/subventions-toulouse_2022.csv", "t.csv").tables[0].data
    assert data["provider_id"][0].as_py() == "2,43E+13"
    assert data["partner_id"].null_count == data.num_rows
    assert data["partner_name"][0].as_py() == "Toulouse Métropole"
    # No convention date: the first payment date, with its own address.
    assert (data["transaction_date"][0].as_py(), data["transaction_date__cell"][0].as_py()) == ("06/12/2022", "L2C11")
    assert data["project_id"][0].as_py() == "Toulouse Métropole/06/12/2022/2"


def test_every_spelling_met_in_the_wild_means_what_is_stated(real: Path) -> None:
    stated: dict[str, set[str]] = defaultdict(set)
    spelled: dict[str, str] = {}
    with (real / "headers" / "dataset_dict.csv").open(encoding="utf-8-sig", newline="") as opened:
        for row in csv.DictReader(opened, delimiter=";"):
            key = fold(row["original_name"]).replace(" ", "")
            # One official name is itself misspelled there.
            stated[key].add(row["official_name"].replace("datePeriode", "datesPeriode"))
            spelled[key] = row["original_name"]
    assert len(stated) > 110
    words = headers._layout_words("scdl")
    wrong = {
        spelled[key]: (columns, meant)
        for key, columns in stated.items()
        if (meant := headers._assign([spelled[key]], words)[0][0]) not in columns
        or (len(columns) == 1 and {meant} != columns)
    }
    assert not wrong


def test_the_official_columns_are_all_known_and_the_schema_is_read(tmp_path: Path) -> None:
    layout = next(x for x in load_tables() if x.layout == "scdl")
    assert set(SCHEMA.split(",")) <= set(layout.columns)
    row = "Ville,21860194600013,2026-02-03,2026-12,Les Amis,,W861234567,Fête,1200.50,aide en numéraire,unique,2026-03-01/2026-04-01,,non,1,"
    found = read(tmp_path, f"{SCHEMA}\n{row}\n")
    assert found.findings == ()
    (got,) = found.tables[0].data.to_pylist()
    assert got["receiver_id"] == "W861234567"
    assert got["receiver_id__cell"] == "L2C7"
    assert got["partner_id"] == "21860194600013"
    assert got["project_id"] == "21860194600013/2026-12/2"
    assert got["project_id__cell"] == got["row_cell"] == "L2"
    assert json.loads(got["extra"])["datesPeriodeVersement"] == "2026-03-01/2026-04-01"
    (project,) = found.tables[1].data.to_pylist()
    assert (project["project_id"], project["title"], project["lead_name"]) == (got["project_id"], "Fête", "Les Amis")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Bénéficiaire;Montant voté;Objet", {"receiver_name": 0, "amount": 1, "description": 2}),
        ("Objet,Montant (€),Nom de l'association,N° SIRET", {"amount": 1, "receiver_name": 2, "receiver_id": 3}),
        ("nom_attribuant\tsiret\tnom_beneficiaire\tsiret\tmontant", {"provider_id": 1, "receiver_id": 3}),
        ("SIRET;Nom attribuant;Montant;Nom du bénéficiaire;SIRET", {"provider_id": 0, "receiver_id": 4}),
        ("Montant versé;Montant voté;Tiers;Exercice", {"amount": 1, "receiver_name": 2, "transaction_date": 3}),
        ("Associations;Subventions votées en 2023;Objet", {"receiver_name": 0, "amount": 1}),
        ("ANNEE;DATE_CONVENTION;NOM_BENEFICIAIRE;MONTANT", {"transaction_date": 1}),
    ],
)
def test_header_sets_nobody_has_seen_yet_are_understood(tmp_path: Path, header: str, expected: dict[str, int]) -> None:
    delimiter = next(d for d in ";,\t" if d in header)
    # Each cell holds the position of its column, so that one sees where it went.
    cells = [f"cell {position}" for position in range(header.count(delimiter) + 1)]
    found = read(tmp_path, f"Subventions attribuées\n\n{header}\n{delimiter.join(cells)}\n")
    assert found.layout == "scdl"
    (row,) = found.tables[0].data.to_pylist()
    assert {name: row[name] for name in expected} == {name: f"cell {position}" for name, position in expected.items()}


def test_two_receivers_of_one_name_in_one_header_row_are_told(tmp_path: Path) -> None:
    found = read(tmp_path, "nomBeneficiaire;montant;nomBeneficiaire\nA;5;B\n")
    assert [(f.rule_id, f.cell) for f in found.findings] == [("read.same-header", "L1C3")]
    assert json.loads(found.tables[0].data["extra"][0].as_py()) == {"nomBeneficiaire": "B"}
