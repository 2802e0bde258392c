"""Real reports by real publishers, dropped into one inbox: every row accounted for, every sum to the last decimal."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import build
from pipelines.paths import DataRoot

FOLDERS = ("iati", "scdl", "toulouse")


@pytest.fixture(scope="module")
def facts(real: Path) -> dict[str, dict[str, Any]]:
    stated: dict[str, dict[str, Any]] = json.loads((real / "FACTS.json").read_text(encoding="utf-8"))
    return {Path(name).name: of for name, of in stated.items() if name.split("/")[0] in FOLDERS}


@pytest.fixture(scope="module")
def built(real: Path, tmp_path_factory: pytest.TempPathFactory) -> DataRoot:
    root = DataRoot(tmp_path_factory.mktemp("real"))
    root.inbox.mkdir()
    for folder in FOLDERS:
        for path in sorted((real / folder).iterdir()):
            if path.is_file():
                shutil.copy(path, root.inbox / path.name)
    build.refresh(root)
    return root


def ask(root: DataRoot, question: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as con:
        con.execute(f"set file_search_path = '{root.build}'")
        return con.execute(question).fetchall()


def test_every_file_yields_the_rows_that_a_careful_reader_counts(built: DataRoot, facts: dict[str, Any]) -> None:
    counted = ask(
        built,
        """select source_file, kind, sum(read), sum(accepted), sum(refused), sum(superseded), sum(duplicate)
           from 'counts.parquet' group by all""",
    )
    read = {(file, kind): (int(n), [int(p) for p in parts]) for file, kind, n, *parts in counted}
    for name, fact in facts.items():
        if name.endswith(".xml"):
            assert read[name, "projects"][0] == fact["activities"], name
            assert read.get((name, "transactions"), (0, []))[0] == fact["transactions"], name
        else:
            assert read[name, "transactions"] == (fact["rows"], [fact["rows"], 0, 0, 0]), name
    for (name, kind), (n, parts) in read.items():
        assert n == sum(parts), (name, kind)


def test_amounts_are_exact_per_file_type_and_currency(built: DataRoot, facts: dict[str, Any]) -> None:
    sums: dict[str, dict[str, Decimal]] = {}
    for file, code, currency, amount in ask(
        built,
        """select source_file, transaction_type_code, currency, sum(amount)
           from 'core/transaction.parquet' group by all""",
    ):
        sums.setdefault(file, {})[f"{code}|{currency}"] = amount
    for name, fact in facts.items():
        if name.endswith(".xml"):
            expected = {key: Decimal(text) for key, text in fact["sum_by_type_currency"].items()}
        else:
            expected = {"2|EUR": Decimal(fact["amount_eur"])}
        assert sums.get(name, {}) == expected, name


def test_sdg_tags_are_found_and_nothing_else_is(built: DataRoot, facts: dict[str, Any]) -> None:
    found = dict(
        ask(
            built,
            """select source_file, count(distinct project_id) from 'accepted/sdg_links.parquet' group by all""",
        )
    )
    for name, fact in facts.items():
        assert found.get(name, 0) == fact.get("sdg_tagged_activities", 0), name
    [(strays,)] = ask(
        built,
        """select count(*) from 'accepted/sdg_links.parquet'
           where not regexp_matches(coalesce(target_code, '-'), '^([1-9]|1[0-7])(\\.([0-9]+|[a-d]))?$')""",
    )
    assert strays == 0


def test_a_number_that_a_spreadsheet_ruined_is_a_finding_and_never_an_identity(built: DataRoot) -> None:
    [(cells,)] = ask(
        built,
        """select count(distinct cell) from 'findings.parquet'
           where source_file = 'subventions-toulouse_2022.csv' and rule_id = 'V05.excel-number'
             and field = 'provider_id' and value = '2,43E+13' and kind = 'transactions'""",
    )
    assert cells == 396
    [(identities,)] = ask(
        built,
        """select count(*) from 'core/organisation.parquet' where org_id ilike '%E+%' or name ilike '%E+1%'""",
    )
    assert identities == 0


def test_what_has_no_target_stays_in_every_total(built: DataRoot) -> None:
    rows = ask(
        built,
        """with c as (from 'core/contribution.parquet')
           select measure, share_kind, sum(amount_eur), sum(amount)
           from c where measure in ('committed', 'disbursed', 'spent', 'incoming') and share_kind <> 'sdg_flag'
           group by all""",
    )
    by_measure: dict[str, dict[str, tuple[Decimal, Decimal]]] = {}
    for measure, share_kind, *sums in rows:
        by_measure.setdefault(measure, {})[share_kind] = (sums[0], sums[1])
    assert set(by_measure) == {"committed", "disbursed", "spent", "incoming"}
    for measure, kinds in by_measure.items():
        assert set(kinds) == {"whole", "sdg_how", "sdg_what", "territory"}, measure
        assert len(set(kinds.values())) == 1, measure
    [(untagged,)] = ask(
        built,
        """select count(*) from 'core/contribution.parquet' c
           join 'core/transaction.parquet' t using (row_id)
           where t.source_file = 'afd.xml' and c.share_kind = 'sdg_how' and c.target_code <> 'none'""",
    )
    assert untagged == 0


def test_every_amount_in_euro_says_its_rate_and_no_rate_means_no_amount(built: DataRoot) -> None:
    [(silent, bare)] = ask(
        built,
        """select count(*) filter (amount_eur is not null and (rate is null or rate_source is null
                                                              or (rate_date is null and currency <> 'EUR'))),
                  count(*) filter (amount_eur is null and amount is not null)
           from 'core/transaction.parquet'""",
    )
    assert silent == 0
    assert bare == 0
    [(lines,)] = ask(
        built,
        """select count(*) from 'core/transaction.parquet'
           where currency = 'CHF' and abs(amount_eur - amount / rate) > 0.0051""",
    )
    assert lines == 0


def test_an_xml_cell_is_at_the_line_that_is_named(built: DataRoot, real: Path) -> None:
    for file, cell, text in ask(
        built,
        """select source_file, source_cell, source_text from 'core/transaction.parquet'
           where source_file like '%.xml' order by hash(row_id) limit 200""",
    ):
        line = int(cell.split(" ")[0].removeprefix("L"))
        lines = (real / "iati" / file).read_text(encoding="utf-8").split("\n")
        assert text in lines[line - 1], (file, cell)
