r"""Amounts and other numbers: decimal sign of a whole column, units, currencies, thousands, brackets for minus.

Belongs here: what `1 234,50 €`, `12 k€`, `(500)` or `50 %` mean. Does not belong here: whether the number is plausible.

A text has up to two readings, one with the point as decimal sign, one with the comma. Where only one is possible it is
that one, and it votes for its column; where both are possible and differ (`1.234`) the column decides; where the column
says nothing, or says both, the cell is ambiguous and is not read.
"""

from __future__ import annotations

#: What a unit word multiplies by. French Excel users write k€ and M€; "mille" and "milliers" are words for k.
MULTIPLIERS = {
    "k": 1_000, "mille": 1_000, "millier": 1_000, "milliers": 1_000, "thousand": 1_000,
    "m": 1_000_000, "mio": 1_000_000, "mn": 1_000_000, "million": 1_000_000, "millions": 1_000_000,
    "md": 1_000_000_000, "mds": 1_000_000_000, "mrd": 1_000_000_000, "bn": 1_000_000_000, "billion": 1_000_000_000,
    "milliard": 1_000_000_000, "milliards": 1_000_000_000,
}  # fmt: skip

#: Words that may stand beside a number, by the unit they state.
UNIT_WORDS = {
    "h": ("h", "heure", "heures", "hour", "hours", "hrs"),
    "d": ("j", "jr", "jrs", "jour", "jours", "d", "day", "days"),
    "FTE": ("etp", "etpt", "fte", "ftes"),
    "persons": ("personne", "personnes", "person", "persons", "people", "pers", "benevoles", "volunteers"),
}

#: Words for money that are of several currencies: they say nothing of which, and nothing against the number.
VAGUE = ("$", "dollar", "dollars", "fcfa", "franc", "francs")

# The French group digits by spaces of several widths, one width by now; the Swiss by an apostrophe.
MACROS = r"""
create or replace macro decimal_point(t) as
    case when regexp_full_match(t, '(?:[0-9]+|[1-9][0-9]{0,2}(?:,[0-9]{3})+|[1-9][0-9]{0,2}(?:[ ''’][0-9]{3})+)?(?:\.[0-9]*)?')
          and regexp_matches(t, '[0-9]')
         then try_cast(rtrim('0' || regexp_replace(t, '[ ''’,]', '', 'g'), '.') as decimal(28, 10)) end;
create or replace macro decimal_comma(t) as
    case when regexp_full_match(t, '(?:[0-9]+|[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[1-9][0-9]{0,2}(?:[ ''’][0-9]{3})+)?(?:,[0-9]*)?')
          and regexp_matches(t, '[0-9]')
         then try_cast(rtrim('0' || replace(regexp_replace(t, '[ ''’.]', '', 'g'), ',', '.'), '.') as decimal(28, 10)) end;
"""


def reading(kind: str, stated: str | None, cells: str) -> str:
    """Writes the SELECT that reads numbers of a type and unit, to DECIMAL(28,10), or BIGINT for whole ones."""
    whole, money = kind == "integer", "true" if kind == "money" else "false"
    times = "|".join(sorted(MULTIPLIERS, key=len, reverse=True))
    return f"""
    with tidied as (
        select *, regexp_replace(lower(tidy(text)), ' ?[(]?(ttc|ht)[)]?$', '') as plain from {cells}
    ), parted as (
        -- The number, and what stands before and after it.
        select *, regexp_extract(plain, '^([^0-9]*?)([0-9][0-9 .,''’]*|[.,][0-9]+)([^0-9]*)$', ['pre', 'num', 'post']) as part
        from tidied
    ), signed as (
        select *, rtrim(part.num) as digits,
            regexp_replace(part.pre, '[^()+-]', '', 'g') || '0' || regexp_replace(part.post, '[^()+-]', '', 'g') as signs,
            strip_accents(replace(regexp_replace(part.pre || part.post, '[()+ .-]', '', 'g'), '’', '''')) as unit
        from parted
    ), cut as (
        select *, regexp_extract(unit, '^({times})(?:d'')?([^0-9]*)$', ['times', 'currency']) as u from signed
    ), united as (
        -- "12 k€" is k and €. A currency is tried first: MAD is no million.
        select s.*, coalesce(whole.code, after.code) as said,
            {_fits(kind, stated)} as fits, {_states_other(kind, stated)} as other_unit,
            case when s.unit = '' or whole.code is not null or fits or {money} and s.unit in ({_list(VAGUE)}) then 1
                 when {money} then m.times end as times
        from cut s
        left join spelling whole on whole.list = 'currency' and whole.folded = s.unit and s.unit <> ''
        left join spelling after on after.list = 'currency' and after.folded = s.u.currency and s.u.currency <> ''
        left join multiplier m on m.word = s.u.times
            and (after.code is not null or s.u.currency = '' and (s.u.times <> 'm' or contains(s.text, 'M')))
    ), sided as materialized (
        select *, type = 's' and signs in ('0', '+0', '-0', '0-', '(0)') as readable,
            case when readable then decimal_point(digits) end as by_point,
            case when readable then decimal_comma(digits) end as by_comma,
            -- "100,-" is a round hundred; "-100", "100-" and "(100)" are less than nothing.
            case when signs in ('-0', '(0)') or signs = '0-' and not digits[-1] in ('.', ',') then -1 else 1 end
                * coalesce(times, 1) as factor
        from united
    ), vote as (
        select column_no, bool_or(by_point is not null and by_comma is null) as point_seen,
            bool_or(by_comma is not null and by_point is null) as comma_seen
        from sided group by column_no
    ), voted as (
        select *, coalesce(by_point <> by_comma, false) as two_ways from sided join vote using (column_no)
    ), chosen as (
        select *,
            case when type = 'n' then try_cast(text as decimal(28, 10))
                 when times is null then null
                 when not two_ways then coalesce(by_point, by_comma)
                 when point_seen and not comma_seen then by_point
                 when comma_seen and not point_seen then by_comma
                 when comma_seen then null
                 when contains(locale, 'decimal-comma') then by_comma
                 when contains(locale, 'decimal-point') then by_point end as read,
            two_ways and read is null and times is not null as ambiguous,
            try_cast(read * cast(case when type = 'n' then 1 else factor end as decimal(10, 0)) as decimal(28, 10)) as raw
        from voted
    ), sized as (
        select *, {_sized(kind)} from chosen
    ), faulted as (
        select *,
            case when type = 'e' then 'V25.spreadsheet-error'
                 when type = 's' and regexp_full_match(plain, '[+-]?[0-9]+([.,][0-9]+)?e[+-]?[0-9]+') then 'V01.scientific'
                 when other_unit then 'V24.other-unit'
                 when ambiguous then 'V01.ambiguous'
                 when raw is null and (read is not null or length(digits) > 18) then 'V01.too-large'
                 when raw is null then 'V01.not-a-number'
                 when doubtful then 'V24.share-or-percent'
                 {"when size <> trunc(size) then 'V01.not-whole'" if whole else ""}
            end as fault
        from sized
    )
    select column_no, text, type, name,
        case when fault is null then {"try_cast(size as bigint)" if whole else "size"} end as value,
        fault,
        case when fault is not null then null
             when shared then 'V24.read-as-share'
             when type = 's' and regexp_matches(digits, '[.,][0-9]{{11,}}$') then 'V01.rounded' end as note,
        case fault
            when 'V01.ambiguous' then both_readings(plain_number(by_comma * factor), plain_number(by_point * factor))
            when 'V24.share-or-percent' then both_readings(plain_number(raw) || ' %', plain_number(raw * 100) || ' %')
        end as expected,
        cast(null as varchar) as suggestion,
        case when {money} then said end as said
    from faulted"""


def _fits(kind: str, stated: str | None) -> str:
    """Whether the unit word is one that the field may carry."""
    words = ("%",) if kind == "percent" else UNIT_WORDS.get(stated or "", ())
    return f"s.unit in ({_list(words)})" if words else "false"


def _states_other(kind: str, stated: str | None) -> str:
    """Whether the unit word states another unit than the field's."""
    if kind not in ("number", "integer") or stated not in UNIT_WORDS:
        return "false"
    return f"s.unit in ({_list(tuple(w for unit, ws in UNIT_WORDS.items() if unit != stated for w in ws))}, '%')"


def _sized(kind: str) -> str:
    """Brings shares to percent: where a whole column holds nothing above 1 and a part of 1, Excel wrote 50 % as 0.5."""
    if kind != "percent":
        return "raw as size, false as shared, false as doubtful"
    return """
        -- A publication follows its standard, in which 1 is one percent.
        layout <> 'iati' and coalesce(max(raw) over (partition by column_no) <= 1
                 and not bool_or(unit = '%') over (partition by column_no), false) as small,
        coalesce(bool_or(raw > 0 and raw < 1) over (partition by column_no), false) as parts,
        small and parts and raw <> 0 as shared,
        small and not parts and raw = 1 as doubtful,
        case when shared then try_cast(raw * 100 as decimal(28, 10)) else raw end as size"""


def _list(words: tuple[str, ...]) -> str:
    return ", ".join("'" + w.replace("'", "''") + "'" for w in words)
