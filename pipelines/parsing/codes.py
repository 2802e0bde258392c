"""Codes of closed lists: accepted by code, by label in French or English and by the spellings their lists give.

Belongs here: code lists, currencies, countries, SDG targets, territories. Does not belong here: free numbers and dates.
"""

from __future__ import annotations

import gettext
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from pipelines.contract import code_list, load_all
from pipelines.parsing.numbers import MULTIPLIERS

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

#: Signs and words for currencies that no list of ISO 4217 gives. "$" and "FCFA" are of several currencies, thus of none.
CURRENCY_WORDS = {
    "€": "EUR", "euro": "EUR", "euros": "EUR", "£": "GBP", "pound": "GBP", "pounds": "GBP", "us$": "USD",
    "usd$": "USD", "livre sterling": "GBP", "franc suisse": "CHF", "francs suisses": "CHF",
}  # fmt: skip

#: How alike a word must be to a spelling of the list to be suggested in its place.
ALIKE = 0.85


def install(con: duckdb.DuckDBPyConnection, registers: dict[str, pa.Table]) -> None:
    """Fills `spelling`, `choices` (the codes of lists short enough to be told), `multiplier`, `known_target` and `known_territory`."""
    lists = {f.codes for c in load_all().values() for f in c.fields.values() if f.codes}
    rows = [(name, c.code, s, c.en, c.fr) for name in sorted(lists) for c in code_list(name).codes
            for s in (c.code, c.en, c.fr, *c.also, f"{c.code} {c.en}", f"{c.code} {c.fr}")]  # fmt: skip
    rows += [("currency", code, spelling, label, label) for code, spelling, label in _currencies()]
    rows += [("country", code, spelling, en, fr) for code, spelling, en, fr in _countries()]
    con.register("spelling_rows", _table(rows, ("list", "code", "spelling", "en", "fr")))
    con.execute("""
        create or replace table spelling as
        select list, coalesce(nullif(fold_text(spelling), ''), lower(spelling)) as folded,
               arg_min(code, n) as code, arg_min(spelling, n) as spelling
        from (select *, row_number() over () as n from spelling_rows) group by all""")
    con.unregister("spelling_rows")
    con.register(
        "choice_rows",
        _table([(name, ", ".join(c.code for c in code_list(name).codes)) for name in sorted(lists)], ("list", "codes")),
    )
    con.execute("create or replace table choices as from choice_rows")
    con.unregister("choice_rows")
    con.register("multiplier_rows", _table([(w, str(t)) for w, t in MULTIPLIERS.items()], ("word", "times")))
    con.execute(
        "create or replace table multiplier as select word, cast(times as bigint) as times from multiplier_rows"
    )
    con.unregister("multiplier_rows")
    for table, register, column in (
        ("known_target", "sdg_targets", "target_code"),
        ("known_territory", "territories", "territory_code"),
    ):
        known = registers[register] if register in registers else _table([], (column,))
        con.register("known_rows", known.select([column]))
        con.execute(f"create or replace table {table} as select distinct {column} as code from known_rows")
        con.unregister("known_rows")


def reading(cells: str) -> str:
    """Writes the SELECT that looks texts up in their lists; unknown ones get the nearest spelling as suggestion."""
    return f"""
    with folded as (
        select *, case when regexp_matches(text, '[0-9A-Za-z]') then fold_text(regexp_replace(text, '[.]0+$', ''))
                       else lower(trim(text)) end as plain
        from {cells}
    ), read as materialized (
        select f.*, s.code as value from folded f left join spelling s on s.list = f.list and s.folded = f.plain
    ), unknown as (
        select distinct list, plain from read where value is null
    ), near as (
        select u.list, u.plain, arg_max(s.spelling, jaro_winkler_similarity(u.plain, s.folded)) as suggestion
        from unknown u join spelling s
          on s.list = u.list and length(s.folded) > 2 and jaro_winkler_similarity(u.plain, s.folded) >= {ALIKE}
        group by all
    )
    select column_no, text, type, name, value,
        case when value is not null then null
             when type = 'e' then 'V25.spreadsheet-error'
             when r.list = 'currency' then 'V10.currency-unknown' else 'code.unknown' end as fault,
        cast(null as varchar) as note,
        case when value is null then choices.codes end as expected,
        near.suggestion as suggestion, cast(null as varchar) as said
    from read r left join near using (list, plain) left join choices using (list)"""


def targets(cells: str) -> str:
    """Writes the SELECT that reads SDG targets: `17.17`, `ODD 17`, `3.D` as `3.d`."""
    return f"""
    with cut as (
        select *, rtrim(regexp_replace(regexp_replace(replace(lower(strip_accents(tidy(text))), ',', '.'),
                '^(sdg|odd|cible|target|objectif|goal)s?[ :#°n]*', ''), ' ', '', 'g'), '.') as plain
        from {cells}
    ), trimmed as (
        select *, regexp_replace(plain, '^0+([1-9])', '\\1') as code from cut
    ), read as (
        select *,
            -- A number cell holds 17.1 for 17.10 as well; only these goals have a tenth target.
            type = 'n' and code in ('8.1', '16.1', '17.1') as two_ways,
            regexp_full_match(code, '([1-9]|1[0-7])([.]([1-9]|1[0-9]|[a-h]))?')
                and (code in (select code from known_target) or not exists (from known_target)) as known
        from trimmed
    )
    select column_no, text, type, name,
        case when known and not two_ways and type <> 'd' then code end as value,
        case when type = 'e' then 'V25.spreadsheet-error'
             when two_ways then 'V18.ambiguous-target'
             when not known or type = 'd' then 'V18.unknown-target' end as fault,
        cast(null as varchar) as note,
        case when two_ways then code || ' / ' || code || '0' when fault is not null then '17, 17.17' end as expected,
        cast(null as varchar) as suggestion, cast(null as varchar) as said
    from read"""


def territories(cells: str) -> str:
    """Writes the SELECT that reads territory codes; a zero that a spreadsheet dropped is put back where a code results."""
    return f"""
    with cut as (
        select *, regexp_replace(regexp_replace(upper(tidy(text)), '[.]0+$', ''), ' ', '', 'g') as plain,
            not exists (from known_territory) as unlisted
        from {cells}
    ), read as (
        select c.*, k.code as listed, p.code as padded,
            regexp_full_match(c.plain, '[0-9]{{1,5}}|[0-9]{{9}}|2[AB]([0-9]{{3}})?|[A-Z]{{2}}|WORLD') as shaped
        from cut c
        left join known_territory k on k.code = c.plain
        left join known_territory p on p.code = '0' || c.plain and length(c.plain) in (1, 4)
    )
    select column_no, text, type, name,
        case when type = 'e' then null when listed is not null then listed when padded is not null then padded
             when shaped then plain end as value,
        case when value is null then case when type = 'e' then 'V25.spreadsheet-error' else 'V09.not-a-code' end end as fault,
        case when value is null or listed is not null or unlisted then null
             when padded is not null then 'V09.zero-restored' else 'V09.unlisted' end as note,
        cast(null as varchar) as expected, cast(null as varchar) as suggestion, cast(null as varchar) as said
    from read"""


@cache
def _currencies() -> list[tuple[str, str, str]]:
    import pycountry

    listed = [(c.alpha_3, s, c.name) for c in pycountry.currencies for s in (c.alpha_3, c.name)]
    return listed + [(code, word, word) for word, code in CURRENCY_WORDS.items()]


@cache
def _countries() -> list[tuple[str, str, str, str]]:
    import pycountry

    french = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=["fr"]).gettext
    # ISO has no code for Kosovo; IATI and the European Union write XK.
    kosovo = [("XK", spelling, "Kosovo", "Kosovo") for spelling in ("XK", "XKX", "Kosovo")]
    return kosovo + [
        (c.alpha_2, spelling, c.name, french(c.name))
        for c in pycountry.countries
        for spelling in (c.alpha_2, c.alpha_3, c.name, getattr(c, "common_name", c.name), french(c.name))
    ]


def _table(rows: Sequence[tuple[str, ...]], names: tuple[str, ...]) -> pa.Table:
    import pyarrow as pa

    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return pa.table({name: pa.array(list(column), pa.string()) for name, column in zip(names, columns, strict=True)})
