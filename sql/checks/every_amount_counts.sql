-- No accepted money is lost or doubled on its way into the contributions. | Aucune somme acceptée ne se perd ni ne se double en
-- chemin vers les contributions.
with both_ends as (
    select
        currency,
        sum(amount) as stated,
        cast(0 as decimal(38, 10)) as counted
    from accepted.transactions
    group by currency
    union all
    select
        currency,
        0,
        sum(amount)
    from core.contribution
    where kind = 'transactions' and share_kind = 'whole'
    group by currency
)

select
    currency,  -- Currency | Devise
    cast(sum(stated) as decimal(38, 10)) as stated_total,  -- Sum of the accepted rows [in the currency] | Somme des lignes acceptées
    cast(sum(counted) as decimal(38, 10)) as counted_total  -- Sum of the contributions [in the currency] | Somme des contributions
from both_ends
group by currency
having sum(stated) <> sum(counted)
