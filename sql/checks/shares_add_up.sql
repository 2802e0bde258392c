-- Each split of a row sums to the whole, to the cent and to the last decimal. | Chaque répartition d’une ligne totalise l’entier,
-- au centime et à la dernière décimale.
with summed as (
    select
        measure,
        row_id,
        share_kind,
        sum(amount) as amount,
        sum(amount_eur) as amount_eur,
        sum(quantity) as quantity
    from core.contribution
    where share_kind <> 'sdg_flag'
    group by measure, row_id, share_kind
)

select
    measure,  -- What is measured | Ce qui est mesuré
    row_id  -- Row whose shares do not agree | Ligne dont les parts ne concordent pas
from summed
group by measure, row_id
having
    count(*) <> 4
    or min(amount) is distinct from max(amount)
    or min(amount_eur) is distinct from max(amount_eur)
    or min(quantity) is distinct from max(quantity)
    or count(amount_eur) not in (0, 4)
