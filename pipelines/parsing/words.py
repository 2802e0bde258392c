"""Words that every reader of texts shares: folding and tidying as macros, and yes or no.

Belongs here: what is true of any text. Does not belong here: numbers, dates, codes.
"""

from __future__ import annotations

#: `fold_text` gives what `contract.fold` gives; a test holds the two together.
MACROS = r"""
create or replace macro tidy(t) as
    trim(regexp_replace(replace(replace(t, '−', '-'), '‑', '-'),
        '[\s\x{00A0}\x{2000}-\x{200B}\x{202F}\x{205F}\x{3000}\x{FEFF}]+', ' ', 'g'));
create or replace macro fold_text(t) as
    trim(regexp_replace(
        lower(strip_accents(nfc_normalize(replace(replace(replace(replace(t, 'œ', 'oe'), 'Œ', 'OE'), 'æ', 'ae'), 'ß', 'ss')))),
        '[^0-9a-z]+', ' ', 'g'));
create or replace macro both_readings(a, b) as case when a is not null and b is not null then a || ' / ' || b end;
create or replace macro plain_number(d) as
    case when d = trunc(d) then cast(cast(d as decimal(38, 0)) as varchar)
         else rtrim(cast(d as varchar), '0') end;
"""

TRUE = ("1", "true", "yes", "y", "oui", "o", "vrai", "x", "ok", "1 0")
FALSE = ("0", "false", "no", "n", "non", "faux", "0 0")


def booleans(cells: str) -> str:
    """Reads oui/non, yes/no, true/false, vrai/faux, 1/0 and a cross."""
    return f"""
        select column_no, text, type, name,
            case when fold_text(text) in {TRUE} then true when fold_text(text) in {FALSE} then false end as value,
            case when value is null then 'boolean.not-understood' end as fault,
            cast(null as varchar) as note,
            case when value is null then 'oui / non, yes / no' end as expected,
            cast(null as varchar) as suggestion, cast(null as varchar) as said
        from {cells}"""
