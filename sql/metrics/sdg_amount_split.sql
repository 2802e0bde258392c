-- Money by target, split by weight: within a family (how: Goal 17; what: the others) targets add up to the whole, "none" included;
-- never add the two families. | Argent par cible, réparti selon les poids : dans une famille (comment : ODD 17 ; pour quoi : les
-- autres), les cibles totalisent l’entier, « none » compris ; ne jamais additionner les deux familles.
--
-- grain: family, target_code, quarter
-- metric: M35
select
    -- How (Goal 17) or for what (the others) | Comment (ODD 17) ou pour quoi (les autres)
    cast(case share_kind when 'sdg_how' then 'how' else 'what' end as varchar) as family,
    target_code,  -- Target, or none | Cible, ou none (aucune)
    quarter,  -- Calendar quarter; null means not dated | Trimestre civil ; vide : non daté
    cast(sum(case when measure = 'committed' then amount_eur end) as decimal(18, 2)) as committed_eur,  -- Committed [EUR] | Engagé
    cast(sum(case when measure = 'disbursed' then amount_eur end) as decimal(18, 2)) as disbursed_eur,  -- Disbursed [EUR] | Versé
    cast(sum(case when measure = 'spent' then amount_eur end) as decimal(18, 2)) as spent_eur,  -- Spent [EUR] | Dépensé
    -- Of the committed, by weights that are declared [EUR] | De l’engagé, selon des poids déclarés
    cast(sum(case when measure = 'committed' and sdg_method = 'declared' then amount_eur end) as decimal(18, 2)) as committed_declared_eur,
    -- Of the committed, by equal weights [EUR] | De l’engagé, à poids égaux
    cast(sum(case when measure = 'committed' and sdg_method = 'equal' then amount_eur end) as decimal(18, 2)) as committed_equal_eur,
    cast(count(*) as bigint) as rows_count,  -- Shares that make the figures [shares] | Parts qui font les chiffres
    cast(sum(case when amount_eur is null then 1 else 0 end) as bigint) as unrated_count  -- Shares without a rate [shares] | Parts sans taux
from core.contribution
where share_kind in ('sdg_how', 'sdg_what') and measure in ('committed', 'disbursed', 'spent')
group by share_kind, target_code, quarter
