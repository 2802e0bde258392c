"""Dates and quarters: ISO, day first or month first by the whole column, months in words, Excel's day numbers.

Belongs here: which day a text names. Does not belong here: whether the day is plausible beside others.

The first date in a text is read. Where more stands beside it (`14/04/2017 (avance), solde 15/11/2017`), a note says so.
`03/04/2026` is day first where another cell of the column can only be, month first likewise. Where the column says
nothing, it is day first in French files, whose readers write no other; elsewhere, and where the column says both, it
is ambiguous and not read.
"""

from __future__ import annotations

#: The months by how their names begin, in French and English.
MONTHS = {
    "jan": 1, "fev": 2, "feb": 2, "mar": 3, "avr": 4, "apr": 4, "mai": 5, "may": 5, "juin": 6, "jun": 6,
    "juil": 7, "jul": 7, "aou": 8, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip

_MONTH = (
    "(?:jan(?:v(?:ier)?|uary)?|f[ev]v(?:r(?:ier)?)?|feb(?:ruary)?|mar(?:s|ch)?|avr(?:il)?|apr(?:il)?|mai|may|juin|june?|"
    "juil(?:l(?:et)?)?|july?|aout?|aug(?:ust)?|sept?(?:embre|ember)?|oct(?:obre|ober)?|nov(?:embre|ember)?|dec(?:embre|ember)?)"
)
_YEAR = "(?:[0-9]{4}|[0-9]{2})"
_YMD = "[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}"
_DMY = f"[0-9]{{1,2}}[-/.][0-9]{{1,2}}[-/.]{_YEAR}"
_DAY_MONTH = f"[0-9]{{1,2}}(?:er|st|nd|rd|th)?[ ./-]*(?:of )?{_MONTH}[., /-]*{_YEAR}"
_MONTH_DAY = f"{_MONTH}[. ]*[0-9]{{1,2}}(?:st|nd|rd|th)?[, ]+[0-9]{{4}}"
_ONE = f"(?:{_YMD}|{_DMY}|{_DAY_MONTH}|{_MONTH_DAY})"
#: A date anywhere in a text, ended by something that is not part of a number.
_ANY = f"(?:^|[^0-9a-z])({_ONE})(?:$|[^0-9])"
#: What may follow a date and says nothing: a time of day, a zone.
_TIME = "(?:[t ]+[0-9]{1,2}[:h][0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?)?(?: ?z| ?[+-][0-9]{2}:?[0-9]{2})?"

MACROS = f"""
create or replace macro month_number(t) as
    case {" ".join(f"when t like '%{start}%' then {number}" for start, number in MONTHS.items())} end;
create or replace macro full_year(y) as
    case when length(y) = 4 then cast(y as integer)
         when cast(y as integer) < 70 then 2000 + cast(y as integer) else 1900 + cast(y as integer) end;
-- An impossible day, such as 31 February, is null; so is a year that no report can mean.
create or replace macro real_date(y, m, d) as
    case when y between 1900 and 2100 and m between 1 and 12 and d between 1 and 31
         then try_cast(y || '-' || lpad(cast(m as varchar), 2, '0') || '-' || lpad(cast(d as varchar), 2, '0') as date) end;
"""


def reading(cells: str) -> str:
    """Writes the SELECT that reads dates."""
    return f"""
    with tidied as (
        select *, lower(strip_accents(tidy(text))) as plain from {cells}
    ), found as (
        select *,
            case when regexp_full_match(plain, '(19|20)[0-9]{{6}}')
                 then plain[1:4] || '-' || plain[5:6] || '-' || plain[7:8]
                 else regexp_extract(plain, '{_ANY}', 1) end as token,
            case when regexp_full_match(plain, '[0-9]{{5}}([.,][0-9]+)?') then cast(plain[1:5] as integer) end as serial
        from tidied
    ), shaped as (
        select *,
            case when token = '' then 'none'
                 when regexp_full_match(token, '{_YMD}') then 'ymd'
                 when regexp_full_match(token, '{_DMY}') then 'dmy'
                 when regexp_matches(token, '^[0-9]') then 'words' else 'month first' end as shape,
            regexp_extract_all(token, '[0-9]+') as parts,
            regexp_full_match(plain, '[0-9]{{8}}|[a-z. ]*' || regexp_escape(token) || '{_TIME}') as alone,
            len(regexp_extract_all(plain, '{_ONE}')) as dates
        from found
    ), sorted as materialized (
        select *,
            case shape when 'ymd' then real_date(cast(parts[1] as integer), cast(parts[2] as integer), cast(parts[3] as integer))
                when 'words' then real_date(full_year(parts[2]), month_number(token), cast(parts[1] as integer))
                when 'month first' then real_date(full_year(parts[2]), month_number(token), cast(parts[1] as integer))
            end as stated,
            case when shape = 'dmy'
                 then real_date(full_year(parts[3]), cast(parts[2] as integer), cast(parts[1] as integer)) end as day_first,
            -- Nobody writes points in a date that begins with the month.
            case when shape = 'dmy' and not contains(token, '.')
                 then real_date(full_year(parts[3]), cast(parts[1] as integer), cast(parts[2] as integer)) end as month_first,
            case when serial between 20000 and 60000 then date '1899-12-30' + serial end as counted
        from shaped
    ), vote as (
        select column_no, bool_or(day_first is not null and month_first is null) as day_seen,
            bool_or(month_first is not null and day_first is null) as month_seen
        from sorted group by column_no
    ), voted as (
        select *, coalesce(day_first <> month_first, false) as two_ways from sorted join vote using (column_no)
    ), chosen as (
        select *,
            case when type = 'd' then try_cast(text[1:10] as date)
                 when type = 'e' then null
                 when stated is not null then stated
                 when counted is not null then counted
                 when not two_ways then coalesce(day_first, month_first)
                 when day_seen and not month_seen then day_first
                 when month_seen and not day_seen then month_first
                 when day_seen then null
                 when contains(locale, 'day-first') then day_first
                 when contains(locale, 'month-first') then month_first end as value
        from voted
    )
    select column_no, text, type, name, value,
        case when value is not null then null
             when type = 'e' then 'V25.spreadsheet-error'
             when two_ways then 'V04.ambiguous-date'
             when shape <> 'none' or type = 'd' then 'V03.impossible-date'
             else 'V03.not-a-date' end as fault,
        case when value is null or type = 'd' then null
             when stated is null and counted is not null then 'V04.excel-serial'
             when dates > 1 then 'V03.several-dates'
             when not alone then 'V03.date-in-text' end as note,
        case when value is null and two_ways
             then both_readings(cast(day_first as varchar), cast(month_first as varchar)) end as expected,
        cast(null as varchar) as suggestion, cast(null as varchar) as said
    from chosen"""


#: What may stand between the number of a quarter and its year.
_QUARTER = "(?:q|t|trim|trimestre|quarter)"


def quarters(cells: str) -> str:
    """Writes the SELECT that reads quarters: `2026-T2`, `T2 2026`, `2Q2026`, `2e trimestre 2026` as `2026-Q2`."""
    return f"""
    with folded as (
        select *, regexp_extract(text, '^([0-9]{{4}})-([0-9]{{2}})-[0-9]{{2}}', ['year', 'month']) as day,
            regexp_replace(replace(replace(replace(replace(fold_text(text),
            'premier', '1'), 'deuxieme', '2'), 'troisieme', '3'), 'quatrieme', '4'), ' ', '', 'g') as plain from {cells}
    ), cut as (
        select *,
            regexp_extract(plain, '^([0-9]{{4}}){_QUARTER}([1-4])$', ['year', 'number']) as year_first,
            regexp_extract(plain, '^{_QUARTER}([1-4])(?:de|of)?([0-9]{{4}})$', ['number', 'year']) as letter_first,
            regexp_extract(plain, '^([1-4])(?:er|e|eme|st|nd|rd|th)?{_QUARTER}(?:de|of)?([0-9]{{4}})$', ['number', 'year']) as number_first
        from folded
    ), joined as (
        select *,
            case when day.month between '01' and '12'
                 then day.year || '-Q' || cast((try_cast(day.month as integer) + 2) // 3 as varchar) else
            coalesce(nullif(year_first.year, ''), nullif(letter_first.year, ''), nullif(number_first.year, ''))
            || '-Q' ||
            coalesce(nullif(year_first.number, ''), nullif(letter_first.number, ''), nullif(number_first.number, '')) end as value
        from cut
    )
    select column_no, text, type, name, value,
        case when value is null then 'V23.not-a-quarter' end as fault, cast(null as varchar) as note,
        case when value is null then '2026-Q2' end as expected,
        cast(null as varchar) as suggestion, cast(null as varchar) as said
    from joined"""
