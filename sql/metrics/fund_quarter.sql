-- Money of the fund by quarter: only transactions that an organisation of the fund provides. | Argent du fonds par trimestre :
-- seulement les transactions dont un organisme du fonds est le financeur.
--
-- grain: provider_id, quarter
-- metric: M01, M02, M03
with moved as (
    select
        fact.provider_id,
        fact.quarter,
        sum(case when fact.measure = 'committed' then fact.amount_eur end) as committed_eur,
        sum(case when fact.measure = 'disbursed' then fact.amount_eur end) as disbursed_eur,
        sum(case when fact.measure = 'spent' then fact.amount_eur end) as spent_eur,
        count(*) as rows_count,
        sum(case when fact.amount_eur is null then 1 else 0 end) as unrated_count
    from core.contribution as fact
    inner join core.organisation as fund on fact.provider_id = fund.org_id and fund.is_fund
    where fact.share_kind = 'whole' and fact.measure in ('committed', 'disbursed', 'spent')
    group by fact.provider_id, fact.quarter
)

select
    provider_id,  -- Organisation of the fund | Organisme du fonds
    quarter,  -- Calendar quarter; null means not dated | Trimestre civil ; vide : non daté
    cast(committed_eur as decimal(18, 2)) as committed_eur,  -- Committed in the quarter [EUR] | Engagé dans le trimestre
    cast(disbursed_eur as decimal(18, 2)) as disbursed_eur,  -- Disbursed in the quarter [EUR] | Versé dans le trimestre
    cast(spent_eur as decimal(18, 2)) as spent_eur,  -- Spent from its money in the quarter [EUR] | Dépensé sur ses fonds dans le trimestre
    -- Committed up to the end of the quarter; null when not dated [EUR] | Engagé jusqu’à la fin du trimestre ; vide si non daté
    cast(
        case when quarter is not null then sum(case when quarter is not null then committed_eur end) over to_date end
        as decimal(18, 2)
    ) as committed_to_date_eur,
    -- Disbursed up to the end of the quarter; null when not dated [EUR] | Versé jusqu’à la fin du trimestre ; vide si non daté
    cast(
        case when quarter is not null then sum(case when quarter is not null then disbursed_eur end) over to_date end
        as decimal(18, 2)
    ) as disbursed_to_date_eur,
    -- Spent up to the end of the quarter; null when not dated [EUR] | Dépensé jusqu’à la fin du trimestre ; vide si non daté
    cast(
        case when quarter is not null then sum(case when quarter is not null then spent_eur end) over to_date end
        as decimal(18, 2)
    ) as spent_to_date_eur,
    cast(rows_count as bigint) as rows_count,  -- Rows that make the figures [rows] | Lignes qui font les chiffres
    cast(unrated_count as bigint) as unrated_count  -- Rows without a rate, missing from the sums [rows] | Lignes sans taux, absentes des sommes
from moved
window to_date as (
    partition by provider_id order by quarter nulls last rows between unbounded preceding and current row
)
