-- Every amount of money that an accepted row states, with its value in euros and the rate that gave it; here alone money
-- is converted and rounded, half away from zero, once. | Chaque somme déclarée par une ligne acceptée, avec sa valeur en
-- euros et le taux qui l’a donnée ; la conversion et l’arrondi (au plus loin de zéro) ne se font qu’ici, une fois.
--
-- grain: row_id, measure
with stated as (
    select
        row_id,
        case transaction_type_code
            when '1' then 'incoming'
            when '2' then 'committed'
            when '3' then 'disbursed'
            when '4' then 'spent'
            when '5' then 'interest'
            when '6' then 'loan_repaid'
            when '7' then 'refunded'
            when '8' then 'equity_bought'
            when '9' then 'equity_sold'
            when '10' then 'guaranteed'
            when '11' then 'incoming_committed'
            when '12' then 'pledged'
            when '13' then 'incoming_pledged'
            else 'unclassified'
        end as measure,
        amount,
        currency,
        coalesce(value_date, transaction_date) as needed_date,
        amount__text as source_text,
        amount__cell as source_cell
    from accepted.transactions
    union all
    select
        row_id,
        case
            when state in ('secured', 'received') or (state is null and secured_on is not null) then 'cofinancing_secured'
            else 'cofinancing_pledged'
        end,
        amount,
        currency,
        secured_on,
        amount__text,
        amount__cell
    from accepted.cofinancing
    union all
    select
        row_id,
        'cofinancing_received',
        received,
        currency,
        received_on,
        received__text,
        received__cell
    from accepted.cofinancing
    union all
    select
        row_id,
        case category
            when 'mecenat_competences' then 'skills_value'
            when 'salarie' then 'staff_cost'
            when 'volontaire' then 'staff_cost'
            else 'volunteer_value'
        end,
        -- A cost per day says nothing of the whole without the days.
        case declared_cost_basis
            when 'total' then declared_cost
            when 'per_day' then case
                    when declared_cost < 1000000000 and days < 1000000
                        then cast(cast(declared_cost as decimal(38, 5)) * cast(days as decimal(15, 5)) as decimal(28, 10))
                end
        end,
        currency,
        cast(
            make_date(cast(left(period, 4) as integer), 3 * cast(right(period, 1) as integer), 1) + interval 1 month
            - interval 1 day as date
        ),
        declared_cost__text,
        declared_cost__cell
    from accepted.time
),

rated as (
    select
        stated.row_id,
        stated.measure,
        stated.amount,
        stated.currency,
        stated.needed_date,
        stated.source_text,
        stated.source_cell,
        coalesce(parity.units_per_eur, floating.rate) as rate,
        case when parity.currency is not null then stated.needed_date else floating.rate_date end as rate_date,
        coalesce(parity.source, floating.rate_source) as rate_source,
        -- Ten decimals as whole numbers: a quotient of decimals would go through floating point.
        cast(stated.amount * 10000000000 as hugeint) as amount_parts,
        cast(coalesce(parity.units_per_eur, floating.rate) * 10000000000 as hugeint) as rate_parts
    from stated
    left join reference.fixed_parities as parity on stated.currency = parity.currency
    left join core.exchange_rate as floating
        on stated.currency = floating.currency and stated.needed_date = floating.needed_date
    where stated.amount is not null
),

euros as (
    select
        *,
        sign(amount) * ((abs(amount_parts) * 200 + rate_parts) // nullif(2 * rate_parts, 0)) as cents
    from rated
)

select
    row_id,  -- Accepted row that states the amount | Ligne acceptée qui déclare la somme
    measure,  -- What the amount measures (code list measure) | Ce que mesure la somme (liste de codes measure)
    amount,  -- Amount as reported [in the currency of the row] | Somme telle que déclarée
    currency,  -- Currency, ISO 4217 | Devise, ISO 4217
    needed_date,  -- Day whose rate is wanted: value date, else the date | Jour dont on veut le taux : date de valeur, sinon date
    -- Amount in euros, rounded once; null without a rate or above ten trillion [EUR]
    -- | Somme en euros, arrondie une fois ; vide sans taux ou au-delà de dix mille milliards
    cast(try_cast(try_cast(cents as bigint) * cast(0.01 as decimal(3, 2)) as decimal(15, 2)) as decimal(18, 2)) as amount_eur,
    rate,  -- Units of the currency for one euro | Unités de la devise pour un euro
    rate_date,  -- Day of the rate | Jour du taux
    rate_source,  -- Who publishes or fixes the rate | Qui publie ou fixe le taux
    source_text,  -- The amount as typed | La somme telle que saisie
    source_cell  -- Where the amount stands in its file | Où se trouve la somme dans son fichier
from euros
