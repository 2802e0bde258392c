-- Rates used: for each currency and day on which an amount needs a rate, the euro reference rate of that day or the
-- last one up to seven days earlier; fixed parities are not here. | Taux utilisés : pour chaque devise et jour où une
-- somme en demande un, le taux de référence de l’euro de ce jour ou le dernier publié dans les sept jours précédents ;
-- les parités fixes n’y sont pas.
--
-- grain: currency, needed_date
with needed as (
    select
        currency,
        coalesce(value_date, transaction_date) as needed_date
    from accepted.transactions
    union
    select
        currency,
        secured_on
    from accepted.cofinancing
    union
    select
        currency,
        received_on
    from accepted.cofinancing
    union
    select
        currency,
        cast(
            make_date(cast(left(period, 4) as integer), 3 * cast(right(period, 1) as integer), 1) + interval 1 month
            - interval 1 day as date
        )
    from accepted.time
    where declared_cost is not null
),

candidate as (
    select
        needed.currency,
        needed.needed_date,
        rate.rate_date,
        rate.units_per_eur,
        rate.source,
        row_number() over (partition by needed.currency, needed.needed_date order by back.days) as place
    from needed
    cross join (values (0), (1), (2), (3), (4), (5), (6), (7)) as back (days)
    inner join reference.exchange_rates as rate
        on needed.currency = rate.currency and needed.needed_date - back.days = rate.rate_date
)

select
    currency,  -- Currency, ISO 4217 | Devise, ISO 4217
    needed_date,  -- Day on which a rate is needed | Jour pour lequel il faut un taux
    rate_date,  -- Day of the rate | Jour du taux
    units_per_eur as rate,  -- Units of the currency for one euro | Unités de la devise pour un euro
    source as rate_source  -- Who publishes the rate | Qui publie le taux
from candidate
where place = 1
