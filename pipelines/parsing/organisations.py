"""Organisation numbers -> the key an organisation goes by inside the fund.

Belongs here: SIREN, SIRET, RNA, org-ids as stated, names as the last resort. Does not belong here: mergers and aliases
(a register), which partner a row is from (attribution).

`FR-SIREN-<9>`, `FR-RNA-<W...>`, an org-id as its publisher states it, else `NAME-<16 hex of the folded name>`. A number
that cannot be read is never an identity; the organisation then goes by its name.
"""

from __future__ import annotations

#: Digits of ten are doubled from the right, two digits of a product are added. La Poste's establishments sum to
#: a multiple of five instead.
MACROS = r"""
create or replace macro digit_sum(d) as list_sum(list_transform(string_split(d, ''), lambda x: cast(x as integer)));
create or replace macro luhn(d) as
    list_sum(list_transform(string_split(reverse(d), ''), lambda x, i:
        case when i % 2 = 1 then cast(x as integer) else (2 * cast(x as integer)) % 10 + (2 * cast(x as integer)) // 10 end
    )) % 10 = 0;
create or replace macro is_siren(d) as
    case when regexp_full_match(d, '[0-9]{9}') and d <> '000000000' then luhn(d) else false end;
create or replace macro is_siret(d) as
    case when not regexp_full_match(d, '[0-9]{14}') or not is_siren(d[1:9]) or d[10:14] = '00000' then false
         when d[1:9] = '356000000' then luhn(d) or digit_sum(d) % 5 = 0
         else luhn(d) end;
create or replace macro siren_of(d) as case when is_siren(d) then d when is_siret(d) then d[1:9] end;
create or replace macro is_rna(t) as regexp_full_match(t, 'W[0-9][0-9A-Z][0-9]{7}');
create or replace macro name_key(name) as
    case when fold_text(name) <> '' then 'NAME-' || md5(fold_text(name))[1:16]
         when trim(name) <> '' then 'NAME-' || md5(trim(name))[1:16] end;
"""


#: What people write where they have no number.
NOTHING = (
    "n a",
    "na",
    "nc",
    "n c",
    "none",
    "null",
    "neant",
    "unknown",
    "inconnu",
    "non communique",
    "sans",
    "aucun",
    "",
)


def reading(cells: str) -> str:
    """Writes the SELECT that reads organisation numbers; `name` of a cell is what its row calls the organisation."""
    return f"""
    with tidied as (
        select *, upper(tidy(text)) as plain from {cells}
    ), cut as (
        -- 73282932000074.0 is what a spreadsheet makes of a number; spaces, points and dashes are how people group it.
        select *, regexp_replace(regexp_replace(plain, '^([0-9]+)[.,]0+$', '\\1'), '[ .-]', '', 'g') as bare,
            regexp_extract(plain, '^FR-(SIREN|RCS|SIRET|RNA|INSEE|SIRENE)-([0-9A-Z ]+)$', ['list', 'number']) as french
        from tidied
    ), recognised as (
        select *,
            -- IATI's refs are the publisher's own: a bare number there belongs to any country.
            case when layout = 'iati' and french.list = '' then null
                 when french.list <> '' then replace(french.number, ' ', '') else bare end as number,
            regexp_full_match(bare, '[0-9]+') as digits,
            regexp_full_match(plain, '[0-9]+([.,][0-9]+)?E[+]?[0-9]+') as ruined,
            regexp_full_match(tidy(text), '[A-Za-z]{{2,4}}-[A-Za-z0-9_]+(-.+)?') as stated,
            fold_text(text) in {NOTHING} as says_nothing
        from cut
    ), keyed as (
        select *,
            siren_of(number) as siren,
            case when is_rna(number) then number end as rna,
            -- Excel drops leading zeros; they are put back only where the number is then valid.
            case when digits and length(number) in (7, 8) and is_siren(lpad(number, 9, '0')) then lpad(number, 9, '0')
                 when digits and length(number) in (12, 13) and is_siret(lpad(number, 14, '0')) then lpad(number, 14, '0')[1:9]
            end as padded,
            -- The establishment is lost and the company is whole: 45032466000000 is 450324660 and five zeros.
            case when digits and length(number) = 14 and number[10:14] = '00000' and number[7:9] <> '000'
                 and is_siren(number[1:9]) then number[1:9] end as company
        from recognised
    ), known as (
        select k.*, o.org_id as registered
        from keyed k left join partner_key o on o.folded = fold_text(k.text) and not k.digits
    ), read as (
        select *,
            case when text is null or type = 'e' or ruined or says_nothing then null
                 when coalesce(siren, padded, company) is not null then 'FR-SIREN-' || coalesce(siren, padded, company)
                 when rna is not null then 'FR-RNA-' || rna
                 when registered is not null then registered
                 when french.list <> '' then null
                 when stated or layout = 'iati' then tidy(text) end as key
        from known
    )
    select column_no, text, type, name,
        case when text is null or key is not null or says_nothing then null
             when type = 'e' then 'V25.spreadsheet-error'
             when ruined then 'V05.excel-number'
             when regexp_matches(number, '^W[0-9]') then 'V06.association-number'
             when regexp_full_match(number, '[0-9]+') then 'V05.organisation-number'
             else 'V05.not-a-number' end as fault,
        -- A name in the place of the number still names the organisation.
        coalesce(key, name_key(name), case when fault = 'V05.not-a-number' then name_key(text) end) as value,
        case when key is null or siren is not null then null
             when padded is not null then 'V05.zeros-restored'
             when company is not null then 'V05.establishment-lost' end as note,
        cast(null as varchar) as expected, cast(null as varchar) as suggestion, cast(null as varchar) as said
    from read"""
