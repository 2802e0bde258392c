"""The register of territories: how it is derived from the package, and what holds over the derived files themselves."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.errors import RegisterError
from pipelines.paths import CHECKOUT
from pipelines.territories import EDITIONS, derive, trace

PLACES = (CHECKOUT / "pipelines" / "reference", CHECKOUT / "data" / "reference")


def commune(code: str, departement: str, region: str, population: int | None, **more: Any) -> dict[str, Any]:
    zone = {"97": "drom", "98": "com"}.get(code[:2], "metro")
    found = {"code": code, "nom": f"Commune {code}", "type": "commune-actuelle", "zone": zone}
    found |= {"departement": departement, "region": region, **more}
    return found if population is None else found | {"population": population}


def part(code: str, kind: str, departement: str, region: str, **seat: str) -> dict[str, Any]:
    return commune(code, departement, region, None) | {"type": kind, "nom": f"Part {code}"} | seat


COMMUNES = [
    commune("01004", "01", "84", 100, anciensCodes=["01999"]),
    commune("01005", "01", "84", 20),
    commune("01006", "01", "84", 3),
    commune("69123", "69", "84", 1000),
    commune("71001", "71", "27", 50),
    commune("71002", "71", "27", 0),
    commune("97401", "974", "04", 7),
    commune("98818", "988", "988", 40),
    commune("98411", "984", "984", None),
    part("01999", "commune-deleguee", "01", "84", chefLieu="01004"),
    part("69381", "arrondissement-municipal", "69", "84", commune="69123"),
]
EPCI = [
    {"code": "200000001", "nom": "Dans un département", "membres": [{"code": "01004"}]},
    {"code": "200000002", "nom": "Deux départements", "membres": [{"code": "01005"}, {"code": "69123"}]},
    {"code": "200000003", "nom": "Deux régions", "membres": [{"code": "01006"}, {"code": "71001"}]},
    {"code": "200000004", "nom": "Outre-mer", "membres": [{"code": "97401"}]},
]
DEPARTEMENTS = [
    {"code": code, "nom": f"Département {code}", "region": region, "zone": zone}
    for code, region, zone in [
        ("01", "84", "metro"), ("69", "84", "metro"), ("71", "27", "metro"), ("974", "04", "drom"),
        ("984", "984", "com"), ("988", "988", "com"),
    ]
]  # fmt: skip
REGIONS = [
    {"code": code, "nom": f"Région {code}", "zone": zone}
    for code, zone in [("84", "metro"), ("27", "metro"), ("04", "drom"), ("984", "com"), ("988", "com")]
]


def package(folder: Path, year: int, communes: list[dict[str, Any]] = COMMUNES, epci: Any = EPCI, **more: Any) -> Path:
    data = folder / f"edition-{year}" / "data"
    data.mkdir(parents=True)
    (data.parent / "package.json").write_text(json.dumps({"version": EDITIONS.get(year, "99.0.0")}))
    tables = {"communes": communes, "epci": epci, "departements": DEPARTEMENTS, "regions": REGIONS, **more}
    for name, rows in tables.items():
        (data / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
    return data.parent


def read(path: Path) -> list[dict[str, str]]:
    written = path.read_bytes()
    text = (gzip.decompress(written) if path.suffix == ".gz" else written).decode()
    return list(csv.DictReader(text.splitlines()))


@pytest.fixture
def derived(tmp_path: Path) -> dict[str, dict[str, str]]:
    assert derive(package(tmp_path, 2026), tmp_path / "territories.csv") == 25
    return {row["territory_code"]: row for row in read(tmp_path / "territories.csv")}


def test_the_parent_is_the_smallest_territory_that_holds_the_whole(derived: dict[str, dict[str, str]]) -> None:
    assert {code: row["parent_code"] for code, row in derived.items()} == {
        "01004": "200000001", "200000001": "01", "01": "REG-84", "REG-84": "FR", "FR": "EU", "EU": "WORLD", "WORLD": "",
        "01005": "200000002", "69123": "200000002", "200000002": "REG-84", "69": "REG-84",
        "01006": "200000003", "71001": "200000003", "200000003": "FR", "71": "REG-27", "REG-27": "FR",
        "71002": "71",  # in no EPCI
        "97401": "200000004", "200000004": "974", "974": "REG-04", "REG-04": "FR",
        "98818": "988", "988": "FR", "98411": "984", "984": "FR",
    }  # fmt: skip


def test_an_epci_over_two_departements_leaves_the_departement_of_its_communes(
    derived: dict[str, dict[str, str]],
) -> None:
    places = ("epci_code", "departement_code", "region_code")
    assert [derived["01005"][place] for place in places] == ["200000002", "01", "REG-84"]
    assert [derived["200000002"][place] for place in places] == ["200000002", "", "REG-84"]
    assert [derived["200000003"][place] for place in places] == ["200000003", "", ""]
    assert [derived["01"][place] for place in places] == ["", "01", "REG-84"]


def test_parts_add_up_by_each_level_s_own_column(derived: dict[str, dict[str, str]]) -> None:
    people = {code: row["population"] for code, row in derived.items()}
    assert people["01"] == "123"
    assert people["200000002"] == "1020"
    assert people["REG-84"] == "1123"
    assert people["FR"] == "1220"
    assert people["984"] == "", "not known"
    assert derived["71002"]["population"] == "0", "known to be nobody"


def test_a_region_never_shares_its_code_with_a_departement(derived: dict[str, dict[str, str]]) -> None:
    assert derived["REG-84"]["level"] == "region"
    assert "84" not in derived
    assert [code for code, row in derived.items() if row["zone"] == "com"] == ["984", "988", "98411", "98818"]
    assert [code for code, row in derived.items() if row["level"] == "region"] == ["REG-04", "REG-27", "REG-84"]


def test_parts_of_communes_are_not_territories(derived: dict[str, dict[str, str]]) -> None:
    assert "01999" not in derived
    assert "69381" not in derived


def test_equal_packages_give_equal_bytes(tmp_path: Path) -> None:
    edition = package(tmp_path, 2026)
    for name in ("one", "two"):
        derive(edition, tmp_path / name / "territories.csv.gz")
    one, two = ((tmp_path / name / "territories.csv.gz").read_bytes() for name in ("one", "two"))
    assert one == two
    assert one[4:8] == b"\0\0\0\0", "no time in the file"
    assert read(tmp_path / "one" / "territories.csv.gz")[0]["territory_code"] == "WORLD"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"epci": [*EPCI, {"code": "2", "nom": "Encore", "membres": [{"code": "01004"}]}]}, "two EPCI: 01004"),
        ({"epci": [*EPCI, {"code": "2", "nom": "Encore", "membres": [{"code": "00000"}]}]}, "no communes: 00000"),
        ({"communes": [*COMMUNES, commune("01004", "01", "84", 1)]}, "two communes: 01004"),
        ({"year": 1999}, "99.0.0 is of no known year"),
    ],
)  # fmt: skip
def test_a_package_that_contradicts_itself_is_refused(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    edition = package(tmp_path, **({"year": 2026} | change))
    with pytest.raises(RegisterError, match=words):
        derive(edition, tmp_path / "territories.csv")
    assert not (tmp_path / "territories.csv").exists()


def test_old_codes_lead_to_the_commune_that_took_them_in(tmp_path: Path) -> None:
    before = [*COMMUNES, commune("01998", "01", "84", 5)]
    after = [c for c in before if c["code"] != "01998"]
    after[1] = after[1] | {"anciensCodes": ["01998"]}
    told = [
        {"code": "01999", "nom": "Vieux", "type": "COM", "dateFin": "2016-01-01"},
        {"code": "01999", "nom": "Vieux", "type": "COMD", "dateDebut": "2016-01-01"},
        {"code": "01006", "nom": "Refaite", "type": "COM", "dateFin": "1972-12-31"},
        {"code": "01006", "nom": "Refaite", "type": "COM", "dateDebut": "1997-03-01"},
        *({"code": code, "nom": code, "type": "COM"} for code in ("01004", "01005", "01998", "69123")),
        *({"code": code, "nom": code, "type": "COM"} for code in ("71001", "71002", "97401")),
    ]  # fmt: skip
    gone = {"code": "200000005", "nom": "Dissoute", "membres": [{"code": "01998"}]}
    packages = {
        2024: package(tmp_path, 2024, before, [*EPCI, gone], **{"historique-communes": told}),
        2025: package(tmp_path, 2025, before),
        2026: package(tmp_path, 2026, after),
    }
    rows = trace(packages, tmp_path / "passages.csv")
    found = {
        (r["old_code"], r["kind"], r["first_cog_year"], r["last_cog_year"], r["current_code"])
        for r in read(tmp_path / "passages.csv")
    }
    assert found == {
        ("01999", "commune", "", "2015", "01004"),
        ("01999", "commune_deleguee", "2016", "", "01004"),
        ("01998", "commune", "", "2025", "01005"),
        ("01006", "commune", "", "1972", "01006"),
        ("01006", "commune", "1998", "", "01006"),
        ("69381", "arrondissement_municipal", "", "", "69123"),
        ("200000005", "epci", "", "2024", "200000002"),
    }
    assert rows == len(found)


def test_the_year_between_two_editions_holds_the_codes_of_both(tmp_path: Path) -> None:
    """Of 2020 the package has the EPCI, not the communes."""
    old = [*COMMUNES, commune("01998", "01", "84", 5)]
    new = [*COMMUNES, commune("01997", "01", "84", 5, anciensCodes=["01998"])]
    packages = {
        2019: package(tmp_path, 2019, old),
        2020: package(tmp_path, 2020, old),
        2021: package(tmp_path, 2021, new),
    }
    trace(packages, tmp_path / "passages.csv")
    spans = {r["old_code"]: (r["first_cog_year"], r["last_cog_year"]) for r in read(tmp_path / "passages.csv")}
    assert spans["01998"] == ("", "2020")
    assert spans["01997"] == ("2020", "")


def test_an_edition_under_another_year_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegisterError, match="is not the edition of 2025"):
        trace({2025: package(tmp_path, 2026)}, tmp_path / "passages.csv")


# What holds over the files that the project carries. ---------------------------------------------------------------


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    place = next((p for p in PLACES if (p / "territories.csv.gz").is_file()), None)
    if place is None:
        pytest.skip("no territories.csv.gz yet: run python -m pipelines.territories pipelines/reference")
    opened = duckdb.connect()
    for table, name in {"territory": "territories", "passage": "territory_passages"}.items():
        opened.execute(f"create table {table} as select * from read_csv('{place / name}.csv.gz', all_varchar = true)")
    return opened


def none(con: duckdb.DuckDBPyConnection, query: str) -> None:
    assert con.execute(query).fetchall() == []


def test_every_territory_stands_once_and_has_one_parent_that_exists(con: duckdb.DuckDBPyConnection) -> None:
    none(con, "select territory_code from territory group by all having count(*) > 1")
    none(con, "select * from territory where parent_code is null and territory_code <> 'WORLD'")
    none(con, "select parent_code from territory where parent_code not in (select territory_code from territory)")
    for level in ("epci", "departement", "region"):
        none(
            con,
            f"""select t.territory_code from territory t where {level}_code is not null and not exists
            (from territory u where u.territory_code = t.{level}_code and u.level = '{level}')""",
        )


def test_every_path_of_parents_ends_with_the_world(con: duckdb.DuckDBPyConnection) -> None:
    reached = """with recursive path as (
        select territory_code, 0 as steps from territory where territory_code = 'WORLD'
        union all select t.territory_code, steps + 1 from territory t join path p on t.parent_code = p.territory_code
    ) select count(*), count(distinct territory_code), max(steps) from path"""
    everything = con.execute("select count(*) from territory").fetchall()[0][0]
    assert con.execute(reached).fetchall() == [(everything, everything, 6)]


def test_the_nation_is_the_sum_of_its_communes_and_each_level_of_its_own(con: duckdb.DuckDBPyConnection) -> None:
    none(
        con,
        """select population from territory where level = 'nation' and cast(population as bigint) is distinct from
        (select sum(cast(population as bigint)) from territory where level = 'commune')""",
    )
    for level in ("epci", "departement", "region"):
        none(
            con,
            f"""with parts as (select {level}_code as code, sum(cast(population as bigint)) as people
                from territory where level = 'commune' group by all)
            select t.territory_code from territory t left join parts p on p.code = t.territory_code
            where t.level = '{level}' and cast(t.population as bigint) is distinct from p.people""",
        )


def test_only_epci_that_reach_beyond_keep_people_from_the_path_of_parents(con: duckdb.DuckDBPyConnection) -> None:
    """Why sums go by the columns: up the path of parents, a département lacks the communes of an EPCI it shares."""
    con.execute("""create temp table climbed as with recursive path as (
            select parent_code as holder, epci_code, cast(population as bigint) as people
            from territory where level = 'commune'
            union all
            select t.parent_code, path.epci_code, path.people from path join territory t on t.territory_code = holder
            where t.parent_code is not null
        ) select holder, sum(people) as people from path group by holder""")
    lacking = """select t.territory_code from territory t join climbed c on c.holder = t.territory_code
        where t.level in ({}) and cast(t.population as bigint) is distinct from c.people"""
    none(con, lacking.format("'epci', 'nation'"))
    shared = """select distinct c.{0}_code from territory c join territory e on e.territory_code = c.epci_code
        where c.level = 'commune' and e.{0}_code is null and c.{0}_code is not null"""
    for level in ("departement", "region"):
        found = con.execute(lacking.format(f"'{level}'")).fetchall()
        assert set(found) <= set(con.execute(shared.format(level)).fetchall())
        assert len(found) > 5


def test_the_register_is_the_whole_of_france(con: duckdb.DuckDBPyConnection) -> None:
    counted = con.execute("select level, coalesce(zone, ''), count(*) from territory group by all").fetchall()
    assert {(level, zone): rows for level, zone, rows in counted} == {
        ("world", ""): 1, ("europe", ""): 1, ("nation", ""): 1,
        ("region", "metro"): 13, ("region", "drom"): 5,
        ("departement", "metro"): 96, ("departement", "drom"): 5, ("departement", "com"): 8,
        ("epci", "metro"): 1232, ("epci", "drom"): 23,
        ("commune", "metro"): 34746, ("commune", "drom"): 129, ("commune", "com"): 94,
    }  # fmt: skip
    none(
        con,
        """select territory_code from territory where not regexp_full_match(territory_code, case level
        when 'commune' then '[0-9][0-9AB][0-9]{3}' when 'epci' then '[0-9]{9}'
        when 'departement' then '[0-9][0-9AB][0-9]?' when 'region' then 'REG-[0-9]{2}' else 'FR|EU|WORLD' end)""",
    )


def test_every_passage_ends_at_a_territory_that_exists(con: duckdb.DuckDBPyConnection) -> None:
    none(con, "select current_code from passage where current_code not in (select territory_code from territory)")
    none(con, "select old_code from passage where current_code is null and kind <> 'epci'")
    none(con, "select old_code, kind, first_cog_year from passage group by all having count(*) > 1")
    none(con, "select old_code from passage where cast(first_cog_year as int) > cast(last_cog_year as int)")
    none(
        con,
        """select a.old_code from passage a join passage b using (old_code, kind)
        where coalesce(a.first_cog_year, '') < coalesce(b.first_cog_year, '')
        and coalesce(a.last_cog_year, '9999') >= coalesce(b.first_cog_year, '')""",
    )


def test_a_code_is_a_territory_of_today_just_when_its_last_run_is_open(con: duckdb.DuckDBPyConnection) -> None:
    none(
        con,
        """select old_code from passage where kind in ('commune', 'epci') group by old_code
        having bool_or(last_cog_year is null) <> (old_code in (select territory_code from territory))""",
    )
    for code, now in {"01340": "01015", "75108": "75056", "245900410": "200093201"}.items():
        assert con.execute("select distinct current_code from passage where old_code = ?", [code]).fetchall() == [
            (now,)
        ]
