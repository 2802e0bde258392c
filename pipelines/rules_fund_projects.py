"""Rules over a project as its rows show it together: targets and weights (V18), dates (V23).

Belongs here: what shows only when several rows of one project, or a report and its due date, are laid side by side. Does not
belong here: whether a target exists (parsing), how the rules are run (rules_fund).
"""

from __future__ import annotations

from pipelines.rules_fund_query import Query, at

#: Targets that one project is linked to, at most, before someone should ask why.
MOST_TARGETS = 10

#: The targets of each project as one report states them. Goal 17 says how, the other goals say for what; weights may sum to
#: 100 in each of the two, or over both.
_LINKS = """
    with link as (
        select *, split_part(target_code, '.', 1) = '17' as is_how,
            case when coalesce(method, '') not in ('equal', 'none') then weight_pct end as weight,
            coalesce(method, '') not in ('equal', 'none') as is_weighted
        from accepted.sdg_links where project_id is not null and target_code is not null
        qualify row_number() over (partition by submission_id, project_id, target_code
            order by coalesce(weight_pct, -1) desc, source_sheet, source_row, row_id) = 1
    ), family as (
        select submission_id, project_id, is_how, count(*) filter (is_weighted) as targets, count(weight) as weights,
            coalesce(sum(weight), 0) as total
        from link group by all
    ), project as (
        select submission_id, project_id, sum(targets) as targets, sum(weights) as weights, sum(total) as total,
            bool_and(weights = 0 or weights = targets and round(total, 2) = 100) as by_family
        from family group by all
    ), first_one as (
        select * from link qualify row_number() over (partition by submission_id, project_id order by source_row, row_id) = 1
    )"""

QUERIES: tuple[Query, ...] = (
    Query("V07.one-project-several-partners", ("projects",), f"""
        with told as (
            select *, min(partner_id || chr(31) || row_id) over (partition by project_id) as first_one,
                count(distinct partner_id) over (partition by project_id) as partners,
                count(distinct fold_text(title)) over (partition by project_id) as titles
            from accepted.projects where project_id is not null and title is not null
        )
        select {at("t", "projects", "project_id")}, map {{'titles': (
            select string_agg(said, ' ; ' order by said) from (
                select distinct title || ' (' || partner_id || ')' as said from told o where o.project_id = t.project_id))}} as args
        from told t where partners > 1 and titles > 1 and t.partner_id || chr(31) || t.row_id = first_one"""),
    Query("V16.project-again", ("projects",), f"""
        with told as (
            select *, count(*) over again as times, row_number() over (again order by source_row, row_id) as place
            from accepted.projects where project_id is not null and layout <> 'template'
            window again as (partition by submission_id, project_id)
        )
        select {at("t", "projects", "project_id")}, map {{'times': cast(times as varchar)}} as args
        from told t where times > 1 and place = 2"""),
    Query("V18.weights", ("sdg_links",), f"""
        {_LINKS}
        select {at("f", "sdg_links", "weight_pct")}, '100' as expected, plain_number(p.total - 100) as difference,
            map {{'project': p.project_id, 'total': plain_number(p.total), 'missing': cast(p.targets - p.weights as varchar)}} as args
        from project p join first_one f using (submission_id, project_id)
        where p.weights > 0 and not p.by_family and not (p.weights = p.targets and round(p.total, 2) = 100)"""),
    Query("V18.many-targets", ("sdg_links",), f"""
        select {at("s", "sdg_links", "target_code")}, '≤ {MOST_TARGETS}' as expected,
            cast(targets - {MOST_TARGETS} as varchar) as difference,
            map {{'project': s.project_id, 'targets': cast(targets as varchar)}} as args
        from (select submission_id, project_id, count(distinct target_code) as targets, arg_max(row_id, (source_row, row_id)) as last_row
              from accepted.sdg_links where project_id is not null group by all) p
        join accepted.sdg_links s on s.row_id = p.last_row where targets > {MOST_TARGETS}"""),
    Query("V18.principal", ("sdg_links",), f"""
        select {at("s", "sdg_links", "is_principal")}, '1' as expected, cast(principals - 1 as varchar) as difference,
            map {{'project': s.project_id, 'principals': cast(principals as varchar)}} as args
        from (select submission_id, project_id, count(distinct target_code) as targets,
                count(distinct target_code) filter (is_principal) as principals, arg_min(row_id, (source_row, row_id)) as first_row
              from accepted.sdg_links where project_id is not null and layout = 'template' group by all) p
        join accepted.sdg_links s on s.row_id = p.first_row
        -- Who has no column for it was not asked.
        where principals > 1 or principals = 0 and targets > 1 and s.submission_id in (
            select t.submission_id from heading h join sheet t using (table_no)
            where h.field = 'is_principal' and t.kind = 'sdg_links')"""),
    Query("V18.scope", ("sdg_links",), f"""
        with here as (
            select project_id from accepted.projects where country_code = 'FR'
            union
            select p.project_id from accepted.projects p join reference.territories t using (territory_code)
            where t.level not in ('europe', 'world') and coalesce(p.country_code, 'FR') = 'FR'
        )
        select {at("s", "sdg_links", "target_code")}, map {{'project': s.project_id, 'target': s.target_code}} as args
        from accepted.sdg_links s join here using (project_id) join reference.sdg_targets g using (target_code)
        where g.scope = 'D'
        qualify row_number() over (partition by s.submission_id, s.project_id, s.target_code order by s.source_row, s.row_id) = 1"""),
    Query("V23.late-report", (), """
        with sent as (
            select s.submission_id, s.partner_id, s.period, s.sender_cell as cell, r.received_on,
                coalesce(c.due_on, cast(make_date(cast(left(s.period, 4) as integer), 3 * cast(right(s.period, 1) as integer), 1)
                    + interval 1 month + interval 4 day as date)) as due_on
            from sender s join received r using (submission_id) left join reference.calendar c on c.period = s.period
            where s.layout = 'template' and s.period is not null and s.partner_id is not null
            -- What is sent again is no late report: the first one counts.
            qualify row_number() over (partition by s.partner_id, s.period order by s.arrival) = 1
        )
        select submission_id, partner_id, period, cell, cast(received_on as varchar) as value, cast(due_on as varchar) as expected,
            cast(received_on - due_on as varchar) as difference,
            map {'quarter': period, 'days': cast(received_on - due_on as varchar)} as args
        from sent where received_on > due_on"""),
    Query("V23.outside-project", ("time",), f"""
        with dated as (
            select project_id, min(least(planned_start_date, actual_start_date)) as starts,
                max(greatest(planned_end_date, actual_end_date)) as ends
            from accepted.projects group by all
        ), worked as (
            select t.*, make_date(cast(left(t.period, 4) as integer), 3 * cast(right(t.period, 1) as integer) - 2, 1) as first_day
            from accepted.time t where t.layout = 'template' and t.period is not null
        )
        select {at("w", "time", "period")}, map {{'project': w.project_id, 'quarter': w.period,
                'starts': cast(starts as varchar), 'ends': cast(ends as varchar)}} as args
        from worked w join dated using (project_id)
        where first_day > ends or first_day + interval 3 month <= starts"""),
)  # fmt: skip
