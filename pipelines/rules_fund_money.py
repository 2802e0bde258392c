"""Rules over sums of money and over running totals: V13, V16, V17.

Belongs here: what shows only when amounts of several rows or quarters are laid side by side. Does not belong here: claims
over one row (contracts), how they are run (rules_fund).
"""

from __future__ import annotations

from pipelines.rules_fund_query import Query, at

#: Days that lie between two reports of one payment, at most.
NEAR = 15

#: How many other places a sentence names.
NAMED = 3


def _cumulative(kind: str, measure: str, series: tuple[str, ...], quarter: str, restated: str) -> Query:
    """A running total that is lower than the one of the quarter before. The row of that quarter may have been replaced by
    this one, which has the same key: so staged rows are asked, of each quarter the last that came."""
    key = ", ".join(f"coalesce(cast({name} as varchar), '')" for name in series)
    return Query("V13.cumulative-falls", (kind,), f"""
        with told as (
            select *, concat_ws(chr(31), {key}) as series, {quarter} as quarter from staged.{kind}
            where measure_basis = 'cumulative' and row_state <> 'duplicate' and {measure} is not null and {quarter} is not null
            qualify row_number() over (partition by partner_id, series, quarter order by arrival desc, table_no desc, source_row desc) = 1
        ), followed as (
            select *, lag({measure}) over before as earlier, lag(quarter) over before as earlier_quarter
            from told window before as (partition by partner_id, series order by quarter)
        )
        select {at("f", kind, measure)}, '≥ ' || plain_number(earlier) as expected,
            plain_number(f.{measure} - earlier) as difference,
            map {{'quarter': earlier_quarter, 'earlier': plain_number(earlier)}} as args
        from followed f where row_state = 'current' and f.{measure} < earlier and not {restated}""")  # fmt: skip


_QUARTER_OF = "coalesce(report_period, year({0}) || '-Q' || quarter({0}))"
_SAYS_SO = "coalesce(regexp_matches(strip_accents(lower({0})), 'rectif|restat|corrig|correct|annul|trop.percu|refund|rembours'), false)"


def _look_alikes() -> Query:
    """Payments of one type, amount and pair of organisations within days of each other; undated ones of one agreement.

    Payments that each have a reference and a subject of their own are not look-alikes.
    """
    return Query("V16.look-alike", ("transactions",), f"""
        with looked as (
            select a.*, concat_ws(chr(31), provider_id, receiver_id, transaction_type_code, amount, coalesce(currency, '')) as alike,
                case when transaction_date is null then coalesce(nullif(fold_text(agreement_ref), ''), row_id) end as undated
            from accepted.transactions a
            where amount is not null and amount <> 0 and provider_id is not null and receiver_id is not null
        ), stepped as (
            select *, case when undated is null and transaction_date - lag(transaction_date) over days <= {NEAR} then 0 else 1 end as step
            from looked window days as (partition by alike, undated order by transaction_date, row_id)
        ), grouped as (
            select *, case when undated is null then sum(step) over days end as run
            from stepped window days as (partition by alike, undated order by transaction_date, row_id)
        ), counted as (
            select *, count(*) over alike_rows as together,
                count(distinct coalesce(nullif(fold_text(agreement_ref), ''), '')) over alike_rows as agreements,
                count(distinct coalesce(fold_text(description), '')) over alike_rows as subjects
            from grouped window alike_rows as (partition by alike, undated, run)
        ), suspect as (
            select *, concat_ws(chr(31), alike, undated, run) as grp from counted
            where together > 1 and not (agreements = together and subjects = together)
        )
        {_one_per_group("transactions", "suspect", "amount")}""")  # fmt: skip


def _same_cofinancing() -> Query:
    """Co-financing of one provider under one agreement, or of one provider, project and amount within days of each other.

    What is said to be shared between projects is meant to be there twice.
    """
    return Query("V16.look-alike-cofinancing", ("cofinancing",), f"""
        with looked as (
            select a.*, nullif(fold_text(agreement_ref), '') as agreement,
                concat_ws(chr(31), provider_id, coalesce(project_id, ''), amount, coalesce(currency, '')) as alike
            from accepted.cofinancing a where amount is not null and provider_id is not null
        ), agreed as (
            select *, count(*) over (partition by provider_id, agreement) as together,
                count(*) filter (shared_with_projects is null) over (partition by provider_id, agreement) as unsaid
            from looked
        ), stepped as (
            select *, case when secured_on is null or secured_on - lag(secured_on) over days <= {NEAR} then 0 else 1 end as step
            from agreed where agreement is null or together = 1
            window days as (partition by alike order by secured_on nulls last, row_id)
        ), grouped as (
            select *, sum(step) over (partition by alike order by secured_on nulls last, row_id) as run from stepped
        ), suspect as (
            select * exclude (together, unsaid), concat_ws(chr(31), provider_id, agreement) as grp
            from agreed where agreement is not null and together > 1 and unsaid > 0
            union all by name
            select * exclude (together, unsaid, step, run), concat_ws(chr(31), alike, run) as grp
            from grouped
            qualify count(*) over (partition by alike, run) > 1
                -- Two that each name an agreement of their own are two.
                and count(distinct agreement) over (partition by alike, run) < count(*) over (partition by alike, run)
        )
        {_one_per_group("cofinancing", "suspect", "amount")}""")  # fmt: skip


def _one_per_group(kind: str, suspect: str, field: str) -> str:
    """One finding per group, at the row that came last; it names the others."""
    return f"""
        , ordered as (
            select s.*, row_number() over (partition by grp order by t.arrival desc, t.table_no desc, t.source_row desc) as place,
                count(*) over (partition by grp) as rows
            from {suspect} s join staged.{kind} t on t.row_id = s.row_id and t.row_state = 'current'
        ), others as (
            select grp, string_agg(parse_filename(source_file) || ' ' || coalesce({field}__cell, source_cell), ', ' order by place) as names
            from ordered where place between 2 and {NAMED + 1} group by grp
        )
        select {at("o", kind, field)},
            map {{'rows': cast(o.rows as varchar),
                'others': names || case when o.rows > {NAMED + 1} then ', …' else '' end}} as args
        from ordered o join others using (grp) where place = 1"""


#: What each project says it moved, per type of transaction and currency: amounts of the period add up, of running totals
#: the last holds. What a project spends counts as spent from what it was paid, unless the row says that another paid for it.
_MOVED = """
    with counted as (
        select *, coalesce(measure_basis, 'period') = 'cumulative' as running from accepted.transactions
        where project_id is not null and amount is not null
        qualify not running or row_number() over (
            partition by project_id, transaction_type_code, currency, provider_id, receiver_id, agreement_ref, running
            order by coalesce(report_period, '') desc, row_id) = 1
    ), payer as (
        select project_id, list(distinct provider_id) as payers from counted
        where transaction_type_code = '3' and provider_id is not null group by project_id
    ), moved as (
        select project_id, coalesce(currency, '') as currency,
            sum(amount) filter (transaction_type_code = '2') as committed,
            sum(amount) filter (transaction_type_code = '3') as disbursed,
            sum(amount) filter (transaction_type_code = '4' and layout = 'template'
                and coalesce(list_contains(payers, provider_id), true)) as spent,
            sum(amount) filter (transaction_type_code = '7' and layout = 'template') as refunded
        from counted left join payer using (project_id) group by all
    ), last_one as (
        select * from counted where transaction_type_code in ({types})
        qualify row_number() over (partition by project_id, currency
            order by transaction_date desc nulls last, source_file desc, source_row desc, row_id) = 1
    )"""

QUERIES: tuple[Query, ...] = (
    _cumulative("observations", "value", ("project_id", "indicator_code", "breakdown"), _QUARTER_OF.format("period_end"),
        "coalesce(is_restatement, false)"),
    _cumulative("budgets", "actual", ("project_id", "budget_version", "side", "line_code", "is_total", "currency"),
        _QUARTER_OF.format("period_end"), _SAYS_SO.format("explanation")),
    _cumulative("transactions", "amount",
        ("project_id", "transaction_id", "transaction_type_code", "provider_id", "receiver_id", "agreement_ref", "currency"),
        _QUARTER_OF.format("transaction_date"), _SAYS_SO.format("description")),
    _look_alikes(),
    _same_cofinancing(),
    Query("V17.disbursed-above-committed", ("transactions",), f"""
        {_MOVED.format(types="'3'")}
        select {at("l", "transactions", "amount")}, '≤ ' || plain_number(committed) as expected,
            plain_number(disbursed - committed) as difference,
            map {{'project': m.project_id, 'disbursed': plain_number(disbursed), 'committed': plain_number(committed),
                'more': plain_number(disbursed - committed), 'currency': m.currency}} as args
        from moved m join last_one l on l.project_id = m.project_id and coalesce(l.currency, '') = m.currency
        -- Where nothing was committed in writing, the commitment stands in an earlier report or nowhere.
        where committed > 0 and disbursed > committed"""),
    Query("V17.spent-above-disbursed", ("transactions",), f"""
        {_MOVED.format(types="'4', '7'")}
        select {at("l", "transactions", "amount")}, '≤ ' || plain_number(disbursed) as expected,
            plain_number(used - disbursed) as difference,
            map {{'project': m.project_id, 'used': plain_number(used), 'disbursed': plain_number(disbursed),
                'more': plain_number(used - disbursed), 'currency': m.currency}} as args
        from (select *, coalesce(spent, 0) + abs(coalesce(refunded, 0)) as used from moved) m
        join last_one l on l.project_id = m.project_id and coalesce(l.currency, '') = m.currency
        where disbursed > 0 and used > disbursed"""),
)  # fmt: skip
