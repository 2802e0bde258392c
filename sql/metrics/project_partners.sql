-- Active partners of each project: distinct organisations with a role in one of its alliances at the end of the quarter, by
-- sector; not to be added over projects or quarters. | Partenaires actifs de chaque projet : organismes distincts ayant un rôle
-- dans une de ses alliances à la fin du trimestre, par secteur ; ne s’additionnent ni entre projets ni entre trimestres.
--
-- grain: project_id, quarter, sector
-- metric: M20
with member as (
    select distinct
        fact.project_id,
        fact.member_id,
        fact.dated_on,
        fact.until_on,
        organisation.sector
    from core.contribution as fact
    left join core.organisation as organisation on fact.member_id = organisation.org_id
    where fact.share_kind = 'whole' and fact.measure = 'partners' and fact.member_id is not null
),

active as (
    select
        member.project_id,
        quarter.quarter,
        member.sector,
        member.member_id
    from member
    inner join core.quarter as quarter
        on quarter.is_closed
        and member.dated_on <= quarter.last_day
        and (member.until_on is null or member.until_on >= quarter.last_day)
    union all
    select
        project_id,
        null,
        sector,
        member_id
    from member
    where dated_on is null
)

select
    project_id,  -- Project; null for what names none | Projet ; vide pour ce qui n’en nomme aucun
    quarter,  -- Closed quarter at whose end they are active; null means not dated | Trimestre clos à la fin duquel ils sont actifs ; vide : non daté
    sector,  -- Sector (code list); null when not known | Secteur (liste de codes) ; vide si inconnu
    cast(count(distinct member_id) as bigint) as partners_count  -- Distinct organisations [organisations] | Organismes distincts
from active
group by project_id, quarter, sector
