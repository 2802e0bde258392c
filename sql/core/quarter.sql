-- Calendar quarters from the first to the last that any fact is dated in, and whether each was over when the latest report
-- was received. | Trimestres civils, du premier au dernier où un fait est daté, et si chacun était clos à la réception du
-- dernier rapport.
--
-- grain: quarter
with received as (
    select max(received_on) as received_on
    from ingest.submissions
),

dated as (
    select min(transaction_date) as first_day, max(transaction_date) as last_day from core.transaction
    union all
    select min(secured_on), max(secured_on) from core.cofinancing
    union all
    select min(received_on), max(received_on) from core.cofinancing
    union all
    select min(engagement_date), max(engagement_date) from core.engagement
    union all
    select min(active_from), max(active_from) from core.alliance_party
    union all
    select
        min(make_date(cast(left(quarter, 4) as integer), 3 * cast(right(quarter, 1) as integer), 1)),
        max(make_date(cast(left(quarter, 4) as integer), 3 * cast(right(quarter, 1) as integer), 1))
    from core.time
    union all
    select received_on, received_on from received
),

span as (
    select
        min(first_day) as first_day,
        max(last_day) as last_day
    from dated
),

years as (
    select unnest(range(cast(year(first_day) as bigint), cast(year(last_day) as bigint) + 1)) as year_number
    from span
),

quarters as (
    select
        years.year_number,
        part.quarter_number,
        make_date(cast(years.year_number as integer), 3 * part.quarter_number - 2, 1) as first_day
    from years
    cross join (values (1), (2), (3), (4)) as part (quarter_number)
),

bounded as (
    select
        quarters.year_number,
        quarters.quarter_number,
        quarters.first_day,
        cast(quarters.first_day + interval 3 month - interval 1 day as date) as last_day
    from quarters
    inner join span
        on quarters.first_day <= span.last_day
        and cast(quarters.first_day + interval 3 month as date) > span.first_day
)

select
    cast(cast(bounded.year_number as varchar) || '-Q' || cast(bounded.quarter_number as varchar) as varchar) as quarter,  -- Quarter | Trimestre
    cast(bounded.year_number as integer) as year_number,  -- Year | Année
    bounded.first_day,  -- First day | Premier jour
    bounded.last_day,  -- Last day | Dernier jour
    -- Over when the latest report was received | Clos à la réception du dernier rapport
    cast(coalesce(bounded.last_day < received.received_on, false) as boolean) as is_closed
from bounded
cross join received
