"""Rules over organisations and what they engage themselves to: V07, V21, V22.

Belongs here: what shows only when several rows about the same organisation, alliance or lever are laid side by side. Does not
belong here: whether a number is valid (parsing), how the rules are run (rules_fund).
"""

from __future__ import annotations

from pipelines.contract import Contract, reports
from pipelines.rules_fund_query import Query, at

#: Words that one name of an organisation has and another leaves out, folded.
_FORMS = (
    "a s b l|asbl|association|asso|sas|sarl|sa|sasu|scop|scic|eurl|sci|ltd|limited|inc|gmbh|commune de|ville de|mairie de|"
    "departement de|departement du|departement des|conseil departemental|region|la|le|les|de|du|des|d|l|the|of|and|et"
)

#: How alike two names must be to be two spellings of one.
_ALIKE = 0.9

#: Sectors that a partnership of many parties has at least (the minimum of the Global Partnership's own monitoring).
SECTORS = 3


def _named() -> str:
    """Every organisation that a row names and numbers, after aliases; a number made of the name is none."""
    each = " union all ".join(
        _named_by(contract, f.name, f.name_field)
        for contract in reports().values()
        for f in contract.fields.values()
        if f.type == "org" and f.name_field and f.name != "partner_id"
    )
    return f"""
        with named as ({each}), known as (
            select n.* exclude (org_id), coalesce(a.org_id, n.org_id) as org_id, fold_text(name) as folded,
                nullif(trim(regexp_replace(' ' || fold_text(name) || ' ', '( ({_FORMS}))+ ', ' ', 'g')), '') as core
            from named n left join reference.organisation_alias a on a.alias_id = n.org_id
        )"""


def _named_by(contract: Contract, field: str, name_field: str) -> str:
    return f"""
        select '{contract.kind}' as kind, row_id, '{field}' as field, coalesce("{field}__cell", source_cell) as cell,
            "{field}" as org_id, "{name_field}" as name, source_file, source_row
        from accepted.{contract.kind} where "{field}" not like 'NAME-%' and "{name_field}" is not null"""


_ONE_NAME = f"""
    {_named()}, several as (
        select folded, arg_max(org_id, (rows, org_id)) as main, count(*) as ids,
            string_agg(org_id, ', ' order by rows desc, org_id) filter (place <= 5) as listed
        from (select *, row_number() over (partition by folded order by rows desc, org_id) as place
              from (select folded, org_id, count(*) as rows from known where folded <> '' group by all))
        group by folded having count(*) > 1
    )
    select kind, row_id, field, cell, org_id as value, main as expected,
        map {{'name': name, 'ids': cast(ids as varchar), 'listed': listed}} as args
    from known join several using (folded) where org_id <> main
    qualify row_number() over (partition by folded order by source_file desc, source_row desc, row_id, field) = 1"""

_ONE_ID = f"""
    {_named()}, stated as (
        select org_id, name, core, count(*) as rows from known where core is not null group by all
    ), main as (
        select s.org_id, coalesce(any_value(o.name), arg_max(s.name, (s.rows, s.name))) as main,
            coalesce(any_value(nullif(trim(regexp_replace(' ' || fold_text(o.name) || ' ', '( ({_FORMS}))+ ', ' ', 'g')), '')),
                arg_max(s.core, (s.rows, s.name))) as main_core
        from stated s left join reference.organisations o on o.org_id = s.org_id
        group by s.org_id having count(*) > 1 or any_value(o.name) is not null
    ), other as (
        select s.*, m.main from stated s join main m using (org_id)
        -- A name that holds the other, its initials, or a spelling of it, is the same name.
        where not contains(s.core, m.main_core) and not contains(m.main_core, s.core)
            and jaro_winkler_similarity(s.core, m.main_core) < {_ALIKE}
            and replace(s.core, ' ', '') <> list_aggregate(list_transform(string_split(m.main_core, ' '), lambda w: w[1]), 'string_agg', '')
            and replace(m.main_core, ' ', '') <> list_aggregate(list_transform(string_split(s.core, ' '), lambda w: w[1]), 'string_agg', '')
    ), listed as (
        select org_id, any_value(main) as main, count(*) as others,
            string_agg('« ' || name || ' »', ', ' order by rows desc, name) filter (place <= 5) as names
        from (select *, row_number() over (partition by org_id order by rows desc, name) as place from other) group by org_id
    )
    select k.kind, k.row_id, k.field, k.cell, k.name as value, l.main as expected,
        map {{'id': k.org_id, 'main': l.main, 'others': l.names}} as args
    from known k join listed l using (org_id)
    where (k.org_id, k.name) in (select (org_id, name) from other)
    qualify row_number() over (partition by k.org_id order by k.source_file desc, k.source_row desc, k.row_id, k.field) = 1"""

#: An alliance of our own reports, with its parties: a later report may tell only of one that joins or leaves. What a
#: publication lists is who takes part in an activity, and no alliance.
_ALLIANCE = """
    with party as (
        select a.*, coalesce(o.org_id, a.party_id) as org_id,
            coalesce(a.party_sector, r.sector) as known_sector
        from accepted.alliances a
        left join reference.organisation_alias o on o.alias_id = a.party_id
        left join reference.organisations r on r.org_id = coalesce(o.org_id, a.party_id)
        where a.layout = 'template' and a.alliance_id is not null
    ), alliance as (
        select alliance_id, arg_min(row_id, (source_file, source_row, row_id)) as first_row,
            count(distinct org_id) as parties, count(distinct known_sector) as sectors,
            count(distinct org_id) filter (known_sector is null) as unsaid, min(project_id) as project_id,
            max(alliance_name) as alliance_name
        from party group by all
    )"""

QUERIES: tuple[Query, ...] = (
    Query("V07.one-name-several-ids", (), _ONE_NAME),
    Query("V07.one-id-several-names", (), _ONE_ID),
    Query("V21.one-party", ("alliances",), f"""
        {_ALLIANCE}
        select {at("a", "alliances", "alliance_id")}, '≥ 2' as expected, cast(parties - 2 as varchar) as difference,
            map {{'alliance': coalesce(l.alliance_name, l.alliance_id)}} as args
        from alliance l join accepted.alliances a on a.row_id = l.first_row where parties < 2"""),
    Query("V21.few-sectors", ("alliances", "sdg_links"), f"""
        {_ALLIANCE}
        select {at("a", "alliances", "party_sector")}, '≥ {SECTORS}' as expected, cast(sectors - {SECTORS} as varchar) as difference,
            map {{'alliance': coalesce(l.alliance_name, l.alliance_id), 'sectors': cast(sectors as varchar),
                'project': l.project_id}} as args
        from alliance l join accepted.alliances a on a.row_id = l.first_row
        -- A party whose sector nobody states may be of one more.
        where parties >= 2 and sectors + unsaid < {SECTORS}
            and exists (from accepted.sdg_links s
                where s.project_id = l.project_id and s.target_code = '17.16')"""),
    Query("V22.before-first-contact", ("engagements",), f"""
        select {at("e", "engagements", "engagement_date")}, '≥ ' || w.opened_on as expected,
            cast(e.engagement_date - w.opened_on as varchar) as difference,
            map {{'wave': w.wave_id, 'opened': cast(w.opened_on as varchar)}} as args
        from accepted.engagements e
        join (select project_id, any_value(wave_id) as wave_id from accepted.projects where wave_id is not null
              group by project_id having count(distinct wave_id) = 1) p using (project_id)
        join reference.waves w on w.wave_id = p.wave_id
        where not coalesce(e.is_baseline, false) and e.engagement_date < w.opened_on"""),
    Query("V22.baseline-missing", ("engagements",), f"""
        with new_one as (
            select * from accepted.engagements
            where project_id is not null and lever is not null and not coalesce(is_baseline, false)
                and coalesce(state, 'signed') in ('signed', 'done')
        ), based as (
            select project_id, lever from accepted.engagements where is_baseline
            union select project_id, lever from accepted.baselines where coalesce(engagement_count, amount) is not null
        )
        select {at("n", "engagements", "lever")}, map {{'project': n.project_id, 'rows': cast(count(*) over one as varchar)}} as args
        from new_one n anti join based b on b.project_id = n.project_id and b.lever = n.lever
        window one as (partition by n.project_id, n.lever)
        qualify row_number() over (partition by n.project_id, n.lever order by n.source_file, n.source_row, n.row_id) = 1"""),
)  # fmt: skip
