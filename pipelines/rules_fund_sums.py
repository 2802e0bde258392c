"""Rules over parts and their whole: budget lines and totals, charges and income (V11), breakdowns of an indicator (V19).

Belongs here: what must add up within one report. Does not belong here: totals that a reader takes out of a table (intake),
money over several reports (rules_fund_money), how the rules are run (rules_fund).
"""

from __future__ import annotations

from pipelines.rules_fund_query import Query, at, worded

#: Half a cent: what a total typed or shown to the cent may be off.
NEAR = "0.005"

#: Lines of each budget, as one report states it: project, version, first day and currency. A report is summed as it was sent,
#: so that lines that a later one has replaced still belong to its sums.
_LINES = """
    with line as (
        select *, coalesce(is_total, false) as is_sum, regexp_extract(line_code, '[0-9]+') as account,
            regexp_matches(regexp_extract(line_code, '[0-9]+'), '^8[67]') as is_voluntary,
            concat_ws(chr(31), submission_id, project_id, coalesce(budget_version, ''), coalesce(currency, ''),
                coalesce(cast(period_start as varchar), period_start__text, '')) as budget,
            {measure} as amount, {measure} is null and {measure}__text is not null as is_unread
        from staged.budgets where project_id is not null
        qualify row_number() over (partition by submission_id, coalesce(row_key, row_id)
            order by row_state = 'current' desc, source_row desc) = 1
    )"""


def _total(measure: str) -> Query:
    """A total that is neither the sum of its lines nor one that stands within a budget: of what is above it, of its account,
    with or without what volunteers give (classes 86 and 87)."""
    return Query("V11.budget-total", ("budgets",), f"""
        {_LINES.format(measure=measure)}, placed as (
            select *, sum(amount) filter (not is_sum) over above as lines_above,
                count(*) filter (is_sum) over (above rows between unbounded preceding and 1 preceding) as block
            from line window above as (partition by budget, side order by table_no, source_row)
        ), summed as (
            select budget, side, sum(amount) as lines, sum(amount) filter (not coalesce(is_voluntary, false)) as in_money,
                sum(amount) filter (is_voluntary) as in_gifts, bool_or(is_unread) as any_unread
            from line where not is_sum group by all
        ), block as (
            select budget, side, block, sum(amount) as lines from placed where not is_sum group by all
        ), account as (
            select t.row_id, sum(l.amount) as lines from line t join line l
              on l.budget = t.budget and l.side is not distinct from t.side and starts_with(l.account, t.account)
            where t.is_sum and not l.is_sum and t.account <> '' group by all
        ), held as (
            select t.*, case when t.account <> '' then a.lines
                    when abs(t.amount - s.in_money) < abs(t.amount - s.lines) then s.in_money else s.lines end as sum_of_lines,
                coalesce(t.account, '') = '' and coalesce(t.amount in (s.in_gifts, b.lines, t.lines_above), false) as is_within
            from placed t join summed s on s.budget = t.budget and s.side is not distinct from t.side
            left join block b on b.budget = t.budget and b.side is not distinct from t.side and b.block = t.block
            left join account a on a.row_id = t.row_id
            where t.is_sum and t.row_state = 'current' and t.amount is not null and not s.any_unread
        )
        select {at("h", "budgets", measure)}, plain_number(sum_of_lines) as expected, plain_number(amount - sum_of_lines) as difference,
            {worded(project="project_id", total="plain_number(amount)", sum="plain_number(sum_of_lines)",
                    gap="plain_number(abs(amount - sum_of_lines))")} as args
        from held h where abs(amount - sum_of_lines) > {NEAR} and not is_within""")  # fmt: skip


def _balance(rule: str, measure: str, voluntary: bool) -> Query:
    """Charges that are not the income, where a report states both. What volunteers give is held against itself: class 86 says
    what becomes of it, class 87 that it came. An account that explains some line may differ."""
    mine = "is_voluntary" if voluntary else "not coalesce(is_voluntary, false)"
    explained = "bool_or(explanation is not null)" if rule == "V11.account-unbalanced" else "false"
    return Query(rule, ("budgets",), f"""
        {_LINES.format(measure=measure)}, summed as (
            select budget, coalesce(sum(amount) filter (side = 'charge' and {mine}), 0) as charges,
                coalesce(sum(amount) filter (side = 'income' and {mine}), 0) as income,
                coalesce(arg_max(row_id, (side = 'income', table_no, source_row))
                    filter (row_state = 'current' and amount is not null and {mine}), '') as last_row
            from line where not is_sum group by budget
            having count(*) filter (side = 'charge' and amount is not null) > 0
                and count(*) filter (side = 'income' and amount is not null) > 0
                and not bool_or(is_unread or side is null) and not {explained}
        )
        select {at("l", "budgets", measure)}, plain_number(charges) as expected, plain_number(income - charges) as difference,
            {worded(project="l.project_id", charges="plain_number(charges)", income="plain_number(income)",
                    gap="plain_number(abs(income - charges))")} as args
        from summed s join line l on l.row_id = s.last_row and l.row_state = 'current'
        where abs(income - charges) > {NEAR}""")  # fmt: skip


#: What is no count: of a mean or a share the whole may be less than one of its parts.
_NO_COUNT = (
    "(^| )(moyen|moyenne|mean|average|taux|rate|ratio|part|share|pour cent|pourcentage|percent|percentage|score|note|indice|index|"
    "mediane|median|delai|duree|duration|time)s?( |$)"
)

#: Each indicator of each project as one report states it for one period, with its parts.
_PARTS = f"""
    with told as (
        select *, concat_ws(chr(31), submission_id, project_id, indicator_code, coalesce(cast(period_start as varchar), ''),
                coalesce(cast(period_end as varchar), period_end__text, ''), coalesce(measure_basis, '')) as series,
            fold_text(breakdown) as part
        from accepted.observations where project_id is not null and indicator_code is not null and value is not null
        qualify row_number() over (partition by series, part order by source_row desc, row_id desc) = 1
    ), counted as (
        select series, max(value) filter (part is not null) as most, sum(value) filter (part is not null) as total,
            arg_max(breakdown, value) filter (part is not null) as most_part,
            coalesce(bool_or(breakdown_overlaps), false) as may_overlap, min(row_id) filter (part is null) as whole_row
        from told group by series
        having count(part) > 0 and bool_and(value >= 0 and value = trunc(value)) and not bool_or(
            contains(coalesce(indicator_unit, ''), '%')
            or regexp_matches(fold_text(concat_ws(' ', indicator_title, indicator_unit)), '{_NO_COUNT}'))
    )"""

QUERIES: tuple[Query, ...] = (
    _total("planned"),
    _total("actual"),
    _balance("V11.plan-unbalanced", "planned", voluntary=False),
    _balance("V11.account-unbalanced", "actual", voluntary=False),
    _balance("V11.voluntary-unbalanced", "planned", voluntary=True),
    _balance("V11.voluntary-unbalanced", "actual", voluntary=True),
    Query("V19.whole-below-part", ("observations",), f"""
        {_PARTS}
        select {at("w", "observations", "value")}, '≥ ' || plain_number(most) as expected, plain_number(w.value - most) as difference,
            {worded(project="w.project_id", indicator="w.indicator_code", part="most_part", most="plain_number(most)",
                    whole="plain_number(w.value)", gap="plain_number(most - w.value)")} as args
        from counted c join told w on w.row_id = c.whole_row where w.value < most"""),
    # A publication has no column in which it could say that its parts overlap.
    Query("V19.parts-above-whole", ("observations",), f"""
        {_PARTS}
        select {at("w", "observations", "value")}, '≥ ' || plain_number(total) as expected, plain_number(w.value - total) as difference,
            {worded(project="w.project_id", indicator="w.indicator_code", total="plain_number(total)",
                    whole="plain_number(w.value)", gap="plain_number(total - w.value)")} as args
        from counted c join told w on w.row_id = c.whole_row
        where w.value < total and w.value >= most and not may_overlap and w.layout = 'template'"""),
)  # fmt: skip
