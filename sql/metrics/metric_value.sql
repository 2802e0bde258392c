-- Every published figure in one shape: metric, part, grain, key, value, unit, how many rows it rests on and how many could not
-- count. | Chaque chiffre publié sous une même forme : indicateur, partie, maille, clé, valeur, unité, nombre de lignes qui le
-- fondent et nombre de celles qui n’ont pu compter.
--
-- grain: metric_id, part, grain, key
-- metric: M01, M02, M03, M20, M26, M35, M36
with figure as (
    select
        measured.metric_id,
        'flow' as part,
        'project_id,quarter' as grain,
        to_json({ 'project_id': project_id, 'quarter': quarter }) as key,
        quarter,
        case measured.metric_id when 'M01' then committed_eur when 'M02' then disbursed_eur else spent_eur end as value,
        'EUR' as unit,
        rows_count as n,
        unrated_count as n_missing,
        true as additive
    from metrics.project_quarter
    cross join (values ('M01'), ('M02'), ('M03')) as measured (metric_id)
    union all
    select
        measured.metric_id,
        'to_date',
        'project_id,quarter',
        to_json({ 'project_id': project_id, 'quarter': quarter }),
        quarter,
        case measured.metric_id
            when 'M01' then committed_to_date_eur when 'M02' then disbursed_to_date_eur else spent_to_date_eur
        end,
        'EUR',
        rows_count,
        unrated_count,
        false
    from metrics.project_quarter
    cross join (values ('M01'), ('M02'), ('M03')) as measured (metric_id)
    where quarter is not null
    union all
    select
        measured.metric_id,
        'flow',
        'provider_id,quarter',
        to_json({ 'provider_id': provider_id, 'quarter': quarter }),
        quarter,
        case measured.metric_id when 'M01' then committed_eur when 'M02' then disbursed_eur else spent_eur end,
        'EUR',
        rows_count,
        unrated_count,
        true
    from metrics.fund_quarter
    cross join (values ('M01'), ('M02'), ('M03')) as measured (metric_id)
    union all
    select
        measured.metric_id,
        'to_date',
        'provider_id,quarter',
        to_json({ 'provider_id': provider_id, 'quarter': quarter }),
        quarter,
        case measured.metric_id
            when 'M01' then committed_to_date_eur when 'M02' then disbursed_to_date_eur else spent_to_date_eur
        end,
        'EUR',
        rows_count,
        unrated_count,
        false
    from metrics.fund_quarter
    cross join (values ('M01'), ('M02'), ('M03')) as measured (metric_id)
    where quarter is not null
    union all
    select
        'M20',
        'partners',
        'quarter,sector',
        to_json({ 'quarter': quarter, 'sector': sector }),
        quarter,
        partners_count,
        'organisations',
        partners_count,
        0,
        false
    from metrics.sector_partners
    union all
    select
        'M20',
        'partners',
        'project_id,quarter,sector',
        to_json({ 'project_id': project_id, 'quarter': quarter, 'sector': sector }),
        quarter,
        partners_count,
        'organisations',
        partners_count,
        0,
        false
    from metrics.project_partners
    union all
    select
        'M26',
        state.part,
        'activation,lever,project_id,quarter',
        to_json({ 'activation': activation, 'lever': lever, 'project_id': project_id, 'quarter': quarter }),
        quarter,
        case state.part when 'new' then new_count else baseline_count end,
        'engagements',
        case state.part when 'new' then new_count else baseline_count end,
        0,
        true
    from metrics.engagement_lever
    cross join (values ('new'), ('baseline')) as state (part)
    union all
    select
        'M35',
        money.part,
        'family,quarter,target_code',
        to_json({ 'family': family, 'quarter': quarter, 'target_code': target_code }),
        quarter,
        case money.part when 'committed' then committed_eur when 'disbursed' then disbursed_eur else spent_eur end,
        'EUR',
        rows_count,
        unrated_count,
        true
    from metrics.sdg_amount_split
    cross join (values ('committed'), ('disbursed'), ('spent')) as money (part)
    union all
    select
        'M36',
        money.part,
        'quarter,target_code',
        to_json({ 'quarter': quarter, 'target_code': target_code }),
        quarter,
        case money.part
            when 'committed' then committed_flagged_eur when 'disbursed' then disbursed_flagged_eur else spent_flagged_eur
        end,
        'EUR',
        rows_count,
        unrated_count,
        false
    from metrics.sdg_amount_flagged
    cross join (values ('committed'), ('disbursed'), ('spent')) as money (part)
    union all
    select
        'M36',
        'effective_targets',
        'family,project_id',
        to_json({ 'family': family, 'project_id': project_id }),
        null,
        effective_targets,
        'targets',
        targets_count,
        0,
        false
    from metrics.sdg_breadth
)

select
    cast(figure.metric_id as varchar) as metric_id,  -- Metric | Indicateur
    cast(figure.part as varchar) as part,  -- Part of the metric | Partie de l’indicateur
    cast(figure.grain as varchar) as grain,  -- Columns of the key | Colonnes de la clé
    cast(figure.key as varchar) as key,  -- Key, as JSON with sorted names | Clé, en JSON aux noms triés
    -- Last day of the period; null means not dated or over all time | Dernier jour de la période ; vide : non daté ou toutes périodes
    quarter.last_day as period_end,
    cast(figure.value as decimal(38, 10)) as value,  -- Value [in the unit stated] | Valeur
    cast(figure.unit as varchar) as unit,  -- Unit | Unité
    cast(figure.n as bigint) as n,  -- Rows it rests on [rows] | Lignes sur lesquelles il repose
    cast(figure.n_missing as bigint) as n_missing,  -- Of these, rows without a value [rows] | Dont lignes sans valeur
    -- Why there is no value: nothing_reported or no_rate | Pourquoi il n’y a pas de valeur : nothing_reported (rien) ou no_rate (sans taux)
    cast(case
        when figure.value is not null then null
        when figure.n_missing > 0 then 'no_rate'
        else 'nothing_reported'
    end as varchar) as reason,
    cast('1' as varchar) as method_version,  -- Version of the method | Version de la méthode
    cast(figure.additive as boolean) as additive  -- May be added over its key | Peut s’additionner sur sa clé
from figure
left join core.quarter as quarter on figure.quarter = quarter.quarter
