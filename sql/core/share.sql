-- How what belongs to a project is shared out: whole, over its targets (how, for what), in full to each flagged target, and
-- over its territories; "none" is a share like another. The row without a project is for what names none. | Comment se
-- répartit ce qui revient à un projet : en entier, sur ses cibles (comment, pour quoi), en entier à chaque cible signalée,
-- et sur ses territoires ; « none » est une part comme une autre. La ligne sans projet vaut pour ce qui n’en nomme aucun.
--
-- grain: project_id, share_kind, target_code, territory_code
with project as (
    select
        project_id,
        territory_code
    from core.project
    union all
    select
        cast(null as varchar),
        cast(null as varchar)
),

split as (
    select
        project_id,
        family,
        target_code,
        sdg_method,
        share_num,
        share_den,
        weight_bp
    from core.sdg_link
    where share_num > 0
),

family as (
    select
        kind.family,
        kind.share_kind
    from (values ('how', 'sdg_how'), ('what', 'sdg_what')) as kind (family, share_kind)
),

shared as (
    select
        project_id,
        'whole' as share_kind,
        cast(null as varchar) as target_code,
        cast(null as varchar) as territory_code,
        cast(null as varchar) as sdg_method,
        1 as share_num,
        1 as share_den,
        10000 as weight_bp
    from project
    union all
    select
        project.project_id,
        family.share_kind,
        coalesce(split.target_code, 'none'),
        null,
        coalesce(split.sdg_method, 'none'),
        coalesce(split.share_num, 1),
        coalesce(split.share_den, 1),
        coalesce(split.weight_bp, 10000)
    from project
    cross join family
    left join split on project.project_id = split.project_id and family.family = split.family
    union all
    select
        project.project_id,
        'sdg_flag',
        coalesce(link.target_code, 'none'),
        null,
        coalesce(link.sdg_method, 'none'),
        1,
        1,
        10000
    from project
    left join core.sdg_link as link on project.project_id = link.project_id
    union all
    select
        project_id,
        'territory',
        null,
        coalesce(territory_code, 'none'),
        null,
        1,
        1,
        10000
    from project
)

select
    project_id,  -- Project; null for what names none | Projet ; vide pour ce qui n’en nomme aucun
    -- Whole, sdg_how, sdg_what, sdg_flag or territory; only sdg_flag does not sum to the whole
    -- | Whole (entier), sdg_how, sdg_what, sdg_flag ou territory ; seul sdg_flag ne totalise pas l’entier
    cast(share_kind as varchar) as share_kind,
    cast(target_code as varchar) as target_code,  -- Target, or none | Cible, ou none (aucune)
    cast(territory_code as varchar) as territory_code,  -- Territory, or none | Territoire, ou none (aucun)
    cast(sdg_method as varchar) as sdg_method,  -- Weights declared, equal, or none | Poids déclarés, égaux, ou aucun
    cast(share_num as bigint) as share_num,  -- Numerator of the share | Numérateur de la part
    cast(share_den as bigint) as share_den,  -- Denominator of the share | Dénominateur de la part
    cast(weight_bp as integer) as weight_bp,  -- The share, rounded [basis points] | La part, arrondie
    -- Its place in the order of the target codes | Son rang dans l’ordre des codes de cible
    cast(row_number() over (partition by project_id, share_kind order by target_code, territory_code) as bigint) as share_place
from shared
