-- Split over targets, each family adds up to all that was committed, disbursed and spent. | Répartie sur les cibles, chaque famille
-- totalise tout ce qui a été engagé, versé et dépensé.
with family as (
    select
        family,
        sum(committed_eur) as committed_eur,
        sum(disbursed_eur) as disbursed_eur,
        sum(spent_eur) as spent_eur
    from metrics.sdg_amount_split
    group by family
),

total as (
    select
        sum(committed_eur) as committed_eur,
        sum(disbursed_eur) as disbursed_eur,
        sum(spent_eur) as spent_eur
    from metrics.project_quarter
)

select
    family.family,  -- How or for what | Comment ou pour quoi
    cast(family.committed_eur as decimal(18, 2)) as committed_eur,  -- Committed, by targets [EUR] | Engagé, par cibles
    cast(total.committed_eur as decimal(18, 2)) as committed_total_eur  -- Committed, by projects [EUR] | Engagé, par projets
from family
cross join total
where
    family.committed_eur is distinct from total.committed_eur
    or family.disbursed_eur is distinct from total.disbursed_eur
    or family.spent_eur is distinct from total.spent_eur
