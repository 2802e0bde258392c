-- Every amount in euros carries the rate that gave it, its day and its source; without a rate there is none. | Toute somme en
-- euros porte le taux qui l’a donnée, son jour et sa source ; sans taux, il n’y en a pas.
select
    row_id,  -- Row | Ligne
    measure  -- What is measured | Ce qui est mesuré
from core.amount
where
    (amount_eur is not null and (rate is null or rate_source is null))
    or (amount_eur is not null and needed_date is not null and rate_date is null)
    or (amount_eur is not null and rate is null)
    or rate_date > needed_date
