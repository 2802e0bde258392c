-- Money by target, flagged: the full amounts of all that names the target; they overlap and must never be added over targets. |
-- Argent par cible signalée : sommes entières de tout ce qui nomme la cible ; elles se recouvrent et ne s’additionnent jamais
-- entre cibles.
--
-- grain: target_code, quarter
-- metric: M36
select
    target_code,  -- Target, or none | Cible, ou none (aucune)
    quarter,  -- Calendar quarter; null means not dated | Trimestre civil ; vide : non daté
    -- Committed, overlapping [EUR] | Engagé, avec recouvrements
    cast(sum(case when measure = 'committed' then amount_eur end) as decimal(18, 2)) as committed_flagged_eur,
    -- Disbursed, overlapping [EUR] | Versé, avec recouvrements
    cast(sum(case when measure = 'disbursed' then amount_eur end) as decimal(18, 2)) as disbursed_flagged_eur,
    -- Spent, overlapping [EUR] | Dépensé, avec recouvrements
    cast(sum(case when measure = 'spent' then amount_eur end) as decimal(18, 2)) as spent_flagged_eur,
    cast(count(*) as bigint) as rows_count,  -- Rows that make the figures [rows] | Lignes qui font les chiffres
    cast(sum(case when amount_eur is null then 1 else 0 end) as bigint) as unrated_count,  -- Rows without a rate [rows] | Lignes sans taux
    cast(false as boolean) as additive  -- Never: targets overlap | Jamais : les cibles se recouvrent
from core.contribution
where share_kind = 'sdg_flag' and measure in ('committed', 'disbursed', 'spent')
group by target_code, quarter
