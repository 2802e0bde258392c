"""Rules over territories: is a code one of the year it is said to be of, and what is it now (V09).

A commune or EPCI code is known in a year if the register has it and no passage speaks of it, or if a passage covers the year.
Above them codes do not change. A bare code of two digits is a département and may be a région as well, which is
written `REG-84`: the scale of the project decides, and where it does not, someone must.

Belongs here: codes against the register and the passages. Does not belong here: what has the shape of a code (parsing), how
the rules are run (rules_fund).
"""

from __future__ import annotations

from pipelines.rules_fund_query import Query, at

#: A place of a project and what is known of its code: `is_now` in the register, `in_year` in the year stated, `was` at some time.
_KNOWN = """
create or replace temp view project_place as
with latest as (select max(cog_year) as year from reference.territories),
coded as (
    select a.*, least(a.cog_year, latest.year) as year, regexp_full_match(a.territory_code, '[0-9AB]{5}|[0-9]{9}') as changes
    from accepted.projects a, latest where a.territory_code is not null
),
run as (
    select *, coalesce(cast(first_cog_year as varchar), '…') || '-' || coalesce(cast(last_cog_year as varchar), '…') as years,
        coalesce(last_cog_year, 9999) as last_year
    from reference.territory_passages
),
covered as (
    select c.row_id, bool_or(c.year between coalesce(p.first_cog_year, 0) and p.last_year) as in_year,
        arg_max(p.current_code, (p.last_year, p.kind)) as current_code, arg_max(p.name, (p.last_year, p.kind)) as name,
        string_agg(distinct p.years, ', ' order by p.years) as years
    from coded c join run p on p.old_code = c.territory_code group by c.row_id
)
select c.*, t.territory_code is not null as is_now, v.row_id is not null as was,
    case when v.row_id is null then t.territory_code is not null else v.in_year end as in_year,
    v.current_code, v.name, v.years
from coded c left join reference.territories t using (territory_code) left join covered v using (row_id)
where exists (from reference.territories)"""


def known() -> str:
    """Writes the statements that lay territories out: `project_place`, `place_known`, regions by their code, names as names.

    A region stated by its bare code becomes `REG-84`, with an info finding. A name in the place of a code is said to be one.
    """
    return f"""
        create or replace temp table stated_region as
        select row_id from accepted.projects a
        where scale = 'region' and exists (from reference.territories t where t.territory_code = 'REG-' || a.territory_code);
        {_KNOWN};
        create or replace temp table place_known as
        select row_id, 'territory_code' as field from project_place where was or cog_year is not null and changes;
        create or replace temp table named_place as
        with name as (
            select fold_text(name) as folded, level, count(*) as places, min(territory_code) as code,
                string_agg(territory_code, ', ' order by coalesce(population, 0) desc, territory_code) filter (place <= 5) as codes
            from (select *, row_number() over (
                      partition by fold_text(name), level order by coalesce(population, 0) desc, territory_code) as place
                  from reference.territories)
            group by all
        ), several as (
            select f.rowid as n, sum(places) as places, min(code) as code,
                string_agg(codes, ', ' order by level) as codes
            from found f join name on folded = fold_text(f.value)
            left join accepted.projects a on a.row_id = f.row_id
            where f.rule_id = 'V09.not-a-code' and f.field = 'territory_code' and (a.scale is null or a.scale = level
                or a.scale not in (select level from name where folded = fold_text(f.value)))
            group by f.rowid
        )
        select n, case when places = 1 then code end as suggestion, case when places > 1 then codes end as codes from several;
        update found set rule_id = 'V09.name-only', suggestion = p.suggestion, expected = p.codes
        from named_place p where found.rowid = p.n"""


def read_regions() -> str:
    """Writes the statement that gives regions their own code."""
    return """update staged.projects set territory_code = 'REG-' || territory_code
              where row_state = 'current' and row_id in (from stated_region)"""


def empty() -> str:
    """Writes the statement that empties codes that their year does not have; the text stays."""
    return """update staged.projects set territory_code = null where row_state = 'current' and row_id in (
        select row_id from found where rule_id = 'V09.unknown-in-year')"""


QUERIES: tuple[Query, ...] = (
    Query("V09.region-read", ("projects",), f"""
        select {at("a", "projects", "territory_code")}, a.territory_code as expected from accepted.projects a
        where row_id in (from stated_region)"""),
    Query("V09.two-levels", ("projects",), f"""
        select {at("a", "projects", "territory_code")},
            d.name || ' (' || d.territory_code || ') / ' || r.name || ' (' || r.territory_code || ')' as expected,
            map {{'departement': d.name, 'region': r.name, 'region_code': r.territory_code}} as args
        from accepted.projects a
        join reference.territories d on d.territory_code = a.territory_code
        join reference.territories r on r.territory_code = 'REG-' || a.territory_code
        where coalesce(a.scale, '') not in ('departement', 'region')"""),
    Query("V09.unknown-in-year", ("projects",), f"""
        select {at("a", "projects", "territory_code")}, a.years as expected, nullif(a.current_code, a.territory_code) as suggestion,
            map {{'year': cast(a.cog_year as varchar)}}::map(varchar, varchar) as args
        from project_place a where a.cog_year is not null and a.changes and not coalesce(a.in_year, false)"""),
    Query("V09.old-code", ("projects",), f"""
        select {at("a", "projects", "territory_code")}, a.years as expected, a.current_code as suggestion, map {{'name': a.name}} as args
        from project_place a where a.cog_year is null and a.was and not a.is_now"""),
)  # fmt: skip
