-- Money by provider, measure and currency, as reported; nothing is converted but the euro column. | Argent par financeur,
-- mesure et devise, tel que déclaré ; seule la colonne en euros est convertie.
--
-- grain: provider_id, measure, currency
-- metric: M01, M02, M03
select
    provider_id,  -- Organisation that gives; null when not stated | Organisme qui donne ; vide si non indiqué
    measure,  -- What is measured (code list measure) | Ce qui est mesuré (liste de codes measure)
    currency,  -- Currency, ISO 4217; null when not stated | Devise, ISO 4217 ; vide si non indiquée
    cast(sum(amount) as decimal(38, 10)) as amount_total,  -- Sum as reported [in the currency] | Somme telle que déclarée
    cast(sum(amount_eur) as decimal(18, 2)) as amount_eur,  -- Sum in euros of the rows that have a rate [EUR] | Somme en euros des lignes qui ont un taux
    cast(count(*) as bigint) as rows_count,  -- Rows that make the figures [rows] | Lignes qui font les chiffres
    cast(sum(case when amount_eur is null then 1 else 0 end) as bigint) as unrated_count  -- Rows without a rate [rows] | Lignes sans taux
from core.contribution
where share_kind = 'whole' and amount is not null
group by provider_id, measure, currency
