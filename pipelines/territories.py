"""The official geographic code of France as two small registers, from the npm package that carries it as JSON.

`derive` makes `territories`: what exists now, each with the smallest territory that holds it whole (`parent_code`) and
with its EPCI, département and région in columns of their own. Those columns are what a roll-up uses: some ninety EPCI
lie in two or more départements, so the path of parents of their communes leaves the département out, and the columns
do not. `trace` makes `territory_passages`: which code stood for what in which years, and what holds it now.

A région is written `REG-84`: its bare code is also that of a département. Run once a year, by

    python -m pipelines.territories FOLDER

What belongs here: deriving those two files. What does not: reading them, or judging a partner's code by them.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import RegisterError
from pipelines.paths import replace_file

if TYPE_CHECKING:
    import duckdb

PACKAGE = "@etalab/decoupage-administratif"

#: The package's version for each year of the code, as its own readme lists them.
EDITIONS = {
    2019: "0.7.0", 2020: "0.8.0", 2021: "1.1.1", 2022: "2.3.1",
    2023: "3.1.1", 2024: "4.1.0", 2025: "5.3.0", 2026: "6.0.0",
}  # fmt: skip

#: Editions whose communes are those of the year before: only their EPCI are of the year.
EPCI_ONLY = frozenset({2020})

#: The first year that the package's history of communes tells of.
HISTORY_FROM = 1943

#: The tables of an edition, and of each the columns read.
TABLES = {
    "communes": """{code: 'VARCHAR', nom: 'VARCHAR', type: 'VARCHAR', zone: 'VARCHAR', departement: 'VARCHAR',
    region: 'VARCHAR', population: 'BIGINT', anciensCodes: 'VARCHAR[]', chefLieu: 'VARCHAR', commune: 'VARCHAR'}""",
    "epci": "{code: 'VARCHAR', nom: 'VARCHAR', membres: 'STRUCT(code VARCHAR)[]'}",
    "departements": "{code: 'VARCHAR', nom: 'VARCHAR', region: 'VARCHAR', zone: 'VARCHAR'}",
    "regions": "{code: 'VARCHAR', nom: 'VARCHAR', zone: 'VARCHAR'}",
}
HISTORY = "{code: 'VARCHAR', nom: 'VARCHAR', type: 'VARCHAR', dateDebut: 'DATE', dateFin: 'DATE'}"

REGISTER = """
with commune as (
    select c.code, c.nom, c.zone, c.population, e.epci_code, c.departement as departement_code,
        -- The package repeats an overseas collectivity as département and as région; it is neither, and counted once.
        case when c.zone <> 'com' then 'REG-' || c.region end as region_code
    from communes c left join members e on e.commune_code = c.code
    where c.type = 'commune-actuelle'
),
epci_place as (
    select epci_code, sum(population) as population,
        case when count(distinct departement_code) = 1 then min(departement_code) end as departement_code,
        case when count(distinct region_code) = 1 then min(region_code) end as region_code,
        case when count(distinct zone) = 1 then min(zone) end as zone
    from commune where epci_code is not null group by epci_code
),
rows as (
    select 0 as rank, 'WORLD' as territory_code, 'world' as level, 'Monde' as name, null as parent_code,
        null as epci_code, null as departement_code, null as region_code, null as zone, null as population
    union all
    select 1, 'EU', 'europe', 'Union européenne', 'WORLD', null, null, null, null, null
    union all
    select 2, 'FR', 'nation', 'France', 'EU', null, null, null, null, (select sum(population) from commune)
    union all
    select 3, 'REG-' || code, 'region', nom, 'FR', null, null, 'REG-' || code, zone,
        (select sum(population) from commune where region_code = 'REG-' || r.code)
    from regions r where zone <> 'com'
    union all
    select 4, code, 'departement', nom, case when zone = 'com' then 'FR' else 'REG-' || region end, null, code,
        case when zone <> 'com' then 'REG-' || region end, zone,
        (select sum(population) from commune where departement_code = d.code)
    from departements d
    union all
    select 5, e.code, 'epci', e.nom, coalesce(p.departement_code, p.region_code, 'FR'), e.code,
        p.departement_code, p.region_code, p.zone, p.population
    from epci e left join epci_place p on p.epci_code = e.code
    union all
    select 6, code, 'commune', nom, coalesce(epci_code, departement_code), epci_code, departement_code, region_code,
        zone, population
    from commune
)
select territory_code, level, name, parent_code, epci_code, departement_code, region_code, zone,
    case when rank >= 2 then $year end as cog_year, cast(population as bigint) as population
from rows order by rank, territory_code
"""

PASSAGES = """
with year_seen as (
    select code, kind, nom, unnest(generate_series(
        -- A year's code is the code of its 1 January.
        coalesce(year(dateDebut + interval 1 year - interval 1 day), $history),
        coalesce(year(dateFin - interval 1 day), $oldest - 1))) as cog_year
    from history
    union all select code, kind, nom, cog_year from seen
),
numbered as (
    select code, kind, nom, cog_year, cog_year - dense_rank() over (partition by code, kind order by cog_year) as island
    from year_seen
),
spell as (
    select code, kind, max_by(nom, cog_year) as name, min(cog_year) as first_year, max(cog_year) as last_year
    from numbered group by code, kind, island
),
known_from as (
    select distinct kind, case when kind in (select kind from history) then $history else $oldest end as first_year
    from year_seen
),
-- What a code of a commune, whole or part, belongs to now: itself, its seat, or the commune that took it in.
now_commune as (
    select code, coalesce(
        max(case when what = 'commune' then holder end),
        max(case when what = 'seat' then holder end),
        max(case when what = 'former' then holder end)) as current_code
    from (
        select code, 'commune' as what, code as holder from communes where type = 'commune-actuelle'
        union all select code, 'seat', coalesce(chefLieu, commune) from communes where type <> 'commune-actuelle'
        union all select unnest(anciensCodes), 'former', code from communes
    ) group by code
),
now_epci as (
    select m.code, case when count(distinct coalesce(e.epci_code, '')) = 1 then min(e.epci_code) end as current_code
    from last_members m left join now_commune c on c.code = m.commune_code
    left join members e on e.commune_code = c.current_code
    group by m.code
)
select s.code as old_code, s.kind, s.name,
    case when s.first_year > k.first_year then s.first_year end as first_cog_year,
    case when s.last_year < $year then s.last_year end as last_cog_year,
    case when s.kind <> 'epci' then c.current_code when s.last_year = $year then s.code else p.current_code end
        as current_code
from spell s join known_from k on k.kind = s.kind
left join now_commune c on c.code = s.code and s.kind <> 'epci'
left join now_epci p on p.code = s.code and s.kind = 'epci'
where (s.kind not in ('commune', 'epci') or s.first_year > k.first_year or s.last_year < $year)
    -- Codes overseas are older than the package's knowledge of them.
    and s.code not in (select code from communes where zone = 'com')
order by s.kind, s.code, s.first_year
"""

KINDS = {
    "commune-actuelle": "commune", "commune-deleguee": "commune_deleguee", "commune-associee": "commune_associee",
    "arrondissement-municipal": "arrondissement_municipal",
    "COM": "commune", "COMD": "commune_deleguee", "COMA": "commune_associee",
}  # fmt: skip


def derive(package: Path, out: Path) -> int:
    """Writes the register of territories of one edition of the package to `out` (CSV, gzip if it ends in `.gz`).

    Gives the number of rows. Raises RegisterError where the edition is not one we know or contradicts itself.
    """
    with _session() as con:
        year = _load(con, package)
        return _write(con, REGISTER, {"year": year}, out)


def trace(packages: Mapping[int, Path], out: Path) -> int:
    """Writes what became of each code: one row per code, kind and unbroken run of years, from all editions given.

    `packages` maps the year of each edition to its folder. Left out are communes and EPCI whose code held in every
    year we know of: those stand in the register. `first_cog_year` is blank where the code held since the first year
    known of its kind, `last_cog_year` where it still holds, `current_code` where no single territory took over.
    """
    newest = max(packages)
    with _session() as con:
        con.execute("create table seen (code varchar, kind varchar, nom varchar, cog_year int)")
        con.execute("create table past_members (code varchar, commune_code varchar, cog_year int)")
        con.execute("create table history (code varchar, kind varchar, nom varchar, dateDebut date, dateFin date)")
        kinds = {"kinds": json.dumps(KINDS)}
        for year in sorted(packages):
            folder = packages[year]
            if _load(con, folder) != year:
                raise RegisterError(f"{folder} is not the edition of {year}.", "Give each edition under its own year.")
            con.execute("insert into seen select code, 'epci', nom, $year from epci", {"year": year})
            con.execute("insert into past_members select epci_code, commune_code, $year from members", {"year": year})
            if year not in EPCI_ONLY:
                con.execute(
                    "insert into seen select code, $kinds::json->>type, nom, $year from communes",
                    kinds | {"year": year},
                )
        for year in sorted(EPCI_ONLY & packages.keys()):
            # Whether a change between the two years around it was before or after is not known: both codes hold.
            con.execute(
                """insert into seen select distinct on (code, kind) code, kind, nom, $year from seen
                where kind <> 'epci' and cog_year in ($year - 1, $year + 1) order by code, kind, cog_year desc""",
                {"year": year},
            )
        stories = [folder / "data" / "historique-communes.json" for folder in packages.values()]
        if told := [path for path in stories if path.is_file()]:
            con.execute(
                f"""insert into history select code, $kinds::json->>type, nom, dateDebut, dateFin
                from read_json($path, columns = {HISTORY}) where type in ('COM', 'COMD', 'COMA')""",
                kinds | {"path": str(told[0])},
            )
        con.execute(
            """create table last_members as select code, commune_code from past_members
            qualify cog_year = max(cog_year) over (partition by code)"""
        )
        asked = {"year": newest, "history": HISTORY_FROM, "oldest": min(packages)}
        return _write(con, PASSAGES, asked, out)


def fetch(folder: Path) -> dict[int, Path]:
    """Installs every edition of the package below `folder` with npm; gives the folder of each year."""
    wanted = [f"edition-{year}@npm:{PACKAGE}@{version}" for year, version in EDITIONS.items()]
    try:
        subprocess.run(
            [
                "npm",
                "install",
                "--no-save",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                f"--prefix={folder}",
                *wanted,
            ],
            check=True,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        raise RegisterError("npm is not installed.", "Install the Debian package npm.") from None
    except subprocess.CalledProcessError as problem:
        told = problem.stderr.strip()
        raise RegisterError(f"npm could not install {PACKAGE}: {told}", "Is there a network?") from None
    return {year: folder / "node_modules" / f"edition-{year}" for year in EDITIONS}


def _session() -> duckdb.DuckDBPyConnection:
    import duckdb

    return duckdb.connect(":memory:", config={"threads": 2})


def _load(con: duckdb.DuckDBPyConnection, package: Path) -> int:
    """Loads one edition as communes, epci, departements, regions and members; gives its year."""
    version = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
    years = [year for year, listed in EDITIONS.items() if listed == version]
    if not years:
        raise RegisterError(f"{PACKAGE} {version} is of no known year.", "Add it to EDITIONS, by the package's readme.")
    for table, columns in TABLES.items():
        con.execute(
            f"create or replace table {table} as select * from read_json($path, columns = {columns})",
            {"path": str(package / "data" / f"{table}.json")},
        )
    con.execute(
        "create or replace table members as select code as epci_code, unnest(membres).code as commune_code from epci"
    )
    _assert_none(con, "communes stand in two EPCI", "select commune_code from members group by all having count(*) > 1")
    _assert_none(
        con,
        "codes stand for two communes",
        "select code from communes where type = 'commune-actuelle' group by all having count(*) > 1",
    )
    if years[0] not in EPCI_ONLY:
        _assert_none(
            con,
            "members of EPCI are no communes",
            "select commune_code from members where commune_code not in "
            "(select code from communes where type = 'commune-actuelle')",
        )
    return years[0]


def _assert_none(con: duckdb.DuckDBPyConnection, claim: str, query: str) -> None:
    found = [row[0] for row in con.execute(query).fetchall()]
    if found:
        which = ", ".join(sorted(found)[:5])
        raise RegisterError(f"In {PACKAGE}, {len(found)} {claim}: {which}.", "Use another edition.")


def _write(con: duckdb.DuckDBPyConnection, query: str, asked: Mapping[str, int], out: Path) -> int:
    """Writes the rows of a query as CSV, so that equal rows give equal bytes: gzip without a name or a time."""
    con.execute(f"create or replace table written as {query}", dict(asked))
    rows = con.execute("select count(*) from written").fetchall()[0][0]
    with replace_file(out) as aside, tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "plain.csv"
        con.execute(f"copy written to '{plain}' (format csv, header true)")
        if out.suffix == ".gz":
            with aside.open("wb") as raw, gzip.GzipFile("", "wb", compresslevel=9, fileobj=raw, mtime=0) as packed:
                packed.write(plain.read_bytes())
        else:
            aside.write_bytes(plain.read_bytes())
    return int(rows)


def main(folder: Path) -> None:
    """Installs the package's editions aside and writes both registers into `folder`."""
    with tempfile.TemporaryDirectory() as scratch:
        packages = fetch(Path(scratch))
        territories = derive(packages[max(packages)], folder / "territories.csv.gz")
        passages = trace(packages, folder / "territory_passages.csv.gz")
    sys.stdout.write(f"{territories} territories, {passages} passages\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
