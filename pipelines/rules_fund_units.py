"""Rules over what a number is of: the period or the total so far (V14), and the unit of an indicator (V24).

Belongs here: numbers that say too little, or something else than others of their kind. Does not belong here: a unit typed into
the cell of a number (parsing), the numbers themselves (rules_fund_sums, rules_fund_money).
"""

from __future__ import annotations

from pipelines.rules_fund_query import Query, at, worded

#: Two percentages of one indicator are at odds where one of them, times a hundred, comes this near to the other.
NEAR = 5

#: A unit without its number, symbol or language, so that `Personnes`, `personne` and `people` are one.
_UNIT = r"""case
        when contains(indicator_unit, '%') or fold_text(indicator_unit) in ('percent', 'per cent', 'pour cent', 'pourcent', 'pct',
            'percentage', 'pourcentage', 'percentages', 'pourcentages') then '%'
        else list_aggregate(list_transform(string_split(regexp_replace(fold_text(replace(indicator_unit, '€', 'eur')),
                '^(en|in|nb de|nombre de|nombre d|number of) ', ''), ' '),
            lambda w: coalesce(map {'people': 'personne', 'person': 'personne', 'persons': 'personne', 'euro': 'eur', 'euros': 'eur',
                'h': 'heure', 'hour': 'heure', 'hours': 'heure', 'd': 'jour', 'j': 'jour', 'day': 'jour', 'days': 'jour'}[w],
                regexp_replace(w, '[sx]$', ''))), 'string_agg', ' ') end"""

_TOLD = f"""
    with told as (
        select *, {_UNIT} as unit, coalesce(report_period, year(period_end) || '-Q' || quarter(period_end), '') as quarter
        from accepted.observations where indicator_code is not null
    )"""

#: The unit in which each report mostly counts an indicator of a project, as it is typed there.
_MAIN = f"""
    {_TOLD}, stated as (
        select submission_id, partner_id, project_id, indicator_code, unit, count(*) as rows, any_value(indicator_unit) as typed,
            max(quarter) as quarter, arg_min(row_id, (source_row, row_id)) as first_row, min(source_row) as line
        from told where unit is not null group by all
    ), main as (
        select * from stated
        qualify row_number() over (partition by submission_id, project_id, indicator_code order by rows desc, line, unit) = 1
    )"""


def _basis(kind: str, measure: str, also: str) -> tuple[Query, Query]:
    """Amounts of our own template that do not say what they are of; where the whole column is missing, one finding for all."""
    unsaid = f"""
        select a.*, p.table_no, exists (from heading h where h.table_no = p.table_no and h.field = 'measure_basis') as is_asked
        from accepted.{kind} a join place p on p.kind = '{kind}' and p.row_id = a.row_id
        where a.layout = 'template' and a.{measure} is not null and a.measure_basis is null and a.measure_basis__text is null {also}"""
    return (
        Query("V14.basis-missing", (kind,), f"""
            select {at("u", kind, "measure_basis")}, map {{'amount': u.{measure}__text}} as args from ({unsaid}) u where is_asked"""),
        Query("V14.basis-column", (kind,), f"""
            select {at("u", kind, "measure_basis")}, map {{'rows': cast(count(*) over (partition by table_no) as varchar)}} as args
            from ({unsaid}) u where not is_asked
            qualify row_number() over (partition by table_no order by source_row, row_id) = 1"""),
    )  # fmt: skip


def _percent(rule: str, among: str, but: str) -> Query:
    """Percentages of one indicator of which some were typed as shares: 45 here and 0.45 there. One finding for each."""
    each = " union all ".join(
        f"""select row_id, submission_id, partner_id, project_id, indicator_code, quarter, source_row, '{field}' as field, {place} as place,
            coalesce({field}__cell, source_cell) as cell, {field}__text as typed, {field} as number
            from told where unit = '%' and {field} is not null"""
        for place, field in enumerate(("value", "target_value", "baseline_value"))
    )
    return Query(rule, ("observations",), f"""
        {_TOLD}, number as ({each}), usual as (
            select {among}, project_id, indicator_code, quantile_disc(number, 0.5) as usual
            from number where number > 1 group by all
        )
        select 'observations' as kind, n.row_id, n.field, n.cell, n.typed as value, plain_number(n.number * 100) as expected,
            plain_number(n.number * 100) as suggestion,
            {worded(project="n.project_id", indicator="n.indicator_code", usual="plain_number(usual)")} as args
        from number n join usual u using ({among}, project_id, indicator_code)
        where n.number > 0 and n.number < 1 and n.number * 100 between usual / {NEAR} and usual * {NEAR} {but}
        qualify row_number() over (partition by {among}, n.project_id, n.indicator_code
            order by n.quarter desc, n.source_row desc, n.place, n.row_id) = 1""")  # fmt: skip


QUERIES: tuple[Query, ...] = (
    *_basis("budgets", "actual", "and not coalesce(a.is_total, false)"),
    *_basis("observations", "value", ""),
    # A publication states a unit for percentages alone.
    Query("V24.unit-missing", ("observations",), f"""
        {_TOLD}, unit as (
            select submission_id, indicator_code, any_value(typed) as typed
            from (select submission_id, indicator_code, mode(indicator_unit order by indicator_unit) as typed
                  from told where unit is not null group by all) group by all
        )
        select {at("t", "observations", "indicator_unit")}, u.typed as suggestion,
            map {{'indicator': t.indicator_code, 'rows': cast(count(*) over one as varchar)}} as args
        from told t left join unit u using (submission_id, indicator_code)
        where t.layout = 'template' and t.indicator_unit is null and coalesce(t.value, t.target_value) is not null
        window one as (partition by t.submission_id, t.indicator_code)
        qualify row_number() over (partition by t.submission_id, t.indicator_code order by t.source_row, t.row_id) = 1"""),
    Query("V24.unit-differs", ("observations",), f"""
        {_MAIN}
        select {at("t", "observations", "indicator_unit")}, m.typed as expected,
            map {{'indicator': t.indicator_code, 'project': t.project_id}} as args
        from stated s join main m using (submission_id, project_id, indicator_code) join told t on t.row_id = s.first_row
        where s.unit <> m.unit"""),
    Query("V24.unit-changed", ("observations",), f"""
        {_MAIN}, followed as (
            select *, lag(unit) over reports as unit_before, lag(typed) over reports as typed_before,
                lag(quarter) over reports as quarter_before
            from main window reports as (partition by partner_id, project_id, indicator_code order by quarter, submission_id)
        )
        select {at("t", "observations", "indicator_unit")}, f.typed_before as expected,
            map {{'indicator': t.indicator_code, 'project': t.project_id, 'quarter': f.quarter_before}} as args
        from followed f join told t on t.row_id = f.first_row where f.unit <> f.unit_before"""),
    _percent("V24.percent-or-share", "submission_id", ""),
    _percent("V24.percent-or-share-over-time", "partner_id", """
            and (n.partner_id, n.project_id, n.indicator_code) not in (
                select (a.partner_id, a.project_id, a.indicator_code) from found f join accepted.observations a using (row_id)
                where f.rule_id = 'V24.percent-or-share')"""),
)  # fmt: skip
