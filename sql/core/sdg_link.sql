-- Targets of each project, as its latest report states them, each with its share within its family: how (Goal 17) and for what
-- (the other goals) each sum to one. Declared weights hold where every target of a family has one and they sum to 100 in the
-- family, or over both families together; each family is then scaled to one, so that 17.17 at 50 and 11.3 at 50 give 17.17 all
-- of the how and 11.3 all of the what. Otherwise the targets of the family share alike. A target stated as flag only takes no
-- share, and one that is repeated counts once.
-- | Cibles de chaque projet, selon son dernier rapport, chacune avec sa part dans sa famille : comment (ODD 17) et pour quoi (les
-- autres objectifs) totalisent chacun un. Les poids déclarés valent si chaque cible d’une famille en a un et s’ils totalisent 100
-- dans la famille, ou dans les deux ensemble ; chaque famille est alors ramenée à un : 17.17 à 50 et 11.3 à 50 donnent à 17.17
-- tout le comment et à 11.3 tout le pour quoi. Sinon, les cibles de la famille se partagent à égalité. Une cible seulement
-- signalée n’a pas de part, et une cible répétée compte une fois.
--
-- grain: project_id, target_code
with latest as (
    select
        stated.*,
        dense_rank() over (
            partition by stated.project_id
            order by coalesce(stated.period, '') desc, report.position desc, stated.submission_id
        ) as report_place
    from accepted.sdg_links as stated
    left join ingest.submissions as report on stated.submission_id = report.submission_id
    where stated.project_id is not null and stated.target_code is not null
),

-- A target that is repeated (a tag and a sector, say) counts once, with the greatest weight stated for it.
once as (
    select
        *,
        case when split_part(target_code, '.', 1) = '17' then 'how' else 'what' end as family,
        case when coalesce(method, '') not in ('equal', 'none') then weight_pct end as weight,
        coalesce(method, '') <> 'none' as is_split,
        row_number() over (
            partition by project_id, target_code order by coalesce(weight_pct, -1) desc, source_sheet, source_row, row_id
        ) as place,
        max(case when is_principal then 1 else 0 end) over (partition by project_id, target_code) as principal
    from latest
    where report_place = 1
),

-- Weights hold where every target to be split has one, and they sum to 100 in the family or over both families.
summed as (
    select
        *,
        sum(case when is_split then 1 else 0 end) over (partition by project_id, family) as family_count,
        count(weight) over (partition by project_id, family) as family_weights,
        sum(weight) over (partition by project_id, family) as family_sum,
        sum(case when is_split then 1 else 0 end) over (partition by project_id) as project_count,
        count(weight) over (partition by project_id) as project_weights,
        sum(weight) over (partition by project_id) as project_sum
    from once
    where place = 1
),

judged as (
    select
        *,
        case
            when not is_split then 'none'
            when family_weights = family_count and family_sum > 0 and (
                    round(family_sum, 2) = 100 or (project_weights = project_count and round(project_sum, 2) = 100)
                ) then 'declared'
            else 'equal'
        end as sdg_method
    from summed
),

shared as (
    select
        *,
        case sdg_method
            when 'declared' then cast(weight * 1000000 as bigint)
            when 'equal' then 1
            else 0
        end as share_num
    from judged
),

whole as (
    select
        *,
        cast(sum(share_num) over (partition by project_id, family) as bigint) as share_den
    from shared
),

-- Basis points by largest remainder, ties by target code.
spread as (
    select
        *,
        10000 * share_num // nullif(share_den, 0) as bp,
        10000 - sum(10000 * share_num // nullif(share_den, 0)) over (partition by project_id, family) as bp_left,
        row_number() over (
            partition by project_id, family order by 10000 * share_num % nullif(share_den, 0) desc, target_code
        ) as bp_place
    from whole
)

select
    project_id,  -- Project | Projet
    target_code,  -- Target such as 17.17 or 3.d, or goal such as 17 | Cible comme 17.17 ou 3.d, ou objectif comme 17
    cast(split_part(target_code, '.', 1) as varchar) as goal_code,  -- Goal | Objectif
    cast(family as varchar) as family,  -- How (Goal 17) or for what (the others) | Comment (ODD 17) ou pour quoi (les autres)
    cast(principal = 1 as boolean) as is_principal,  -- The principal target | La cible principale
    cast(sdg_method as varchar) as sdg_method,  -- Weights declared, equal, or flag only (code list) | Poids déclarés, égaux, ou sans (liste de codes)
    weight_pct,  -- Weight as stated [%] | Poids tel que déclaré
    cast(share_num as bigint) as share_num,  -- Numerator of its share of the family; 0 means flag only | Numérateur de sa part ; 0 : sans part
    cast(share_den as bigint) as share_den,  -- Denominator of that share | Dénominateur de cette part
    -- Its share, rounded so that a family sums to 10,000 [basis points] | Sa part, arrondie pour que la famille totalise 10 000
    cast(case when share_den > 0 then bp + case when bp_place <= bp_left then 1 else 0 end else 0 end as integer) as weight_bp,
    rationale,  -- Why the target | Pourquoi cette cible
    coder,  -- Who coded it | Qui l’a codée
    coded_on,  -- When it was coded | Quand elle a été codée
    valid_from,  -- From when it holds | À partir de quand elle vaut
    partner_id,  -- Who reported it | Qui l’a déclarée
    period,  -- Quarter the report speaks of; null for a publication | Trimestre du rapport ; vide pour une publication
    row_id,  -- Row it is taken from | Ligne d’où elle est tirée
    submission_id,  -- Report it came in | Rapport qui la contient
    source_file,  -- File it came in | Fichier d’origine
    source_sheet,  -- Sheet of that file | Feuille de ce fichier
    source_cell  -- Where the row stands | Où se trouve la ligne
from spread
