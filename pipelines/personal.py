"""Personal data in what partners report: found, masked in everything that goes on from here, and said once per cell.

`mask` is called once, when rows have been staged and named and before any of them is judged: accepted and refused rows,
the values that findings quote and every table made of them then hold the mask alone. The received file is not touched.

Belongs here: what counts as personal data, and covering it. Does not belong here: what else is wrong with a cell
(validation), who may see which file.

Looked for: e-mail addresses; French and international telephone numbers; the French national number (NIR) and bank
account numbers (IBAN), both by their check digits, so that other long numbers are left alone; names of people where people
are counted. Text fields, organisation numbers, columns that no contract knows and cells that could not be read are searched;
what was read as a number or a date is one. In fields that identify a row, telephone numbers are not looked for: ten digits
after a zero are as good a reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines import parsing
from pipelines.attribution import Source
from pipelines.contract import Contract, Field
from pipelines.staging import ATTRIBUTED

if TYPE_CHECKING:
    import duckdb

#: What stands in the place of each thing found; a value has no language, so a mask speaks both.
MASKS = {
    "e_mail": "‹e-mail masqué / e-mail masked›",
    "iban": "‹IBAN masqué / IBAN masked›",
    "nir": "‹numéro de sécurité sociale masqué / national number masked›",
    "phone": "‹téléphone masqué / phone number masked›",
    "name": "‹nom masqué / name masked›",
}

#: The things, in the words of a sentence.
WORDS = {
    "e_mail": ("an e-mail address", "une adresse électronique"),
    "iban": ("a bank account number", "un numéro de compte bancaire"),
    "nir": ("a national number", "un numéro de sécurité sociale"),
    "phone": ("a telephone number", "un numéro de téléphone"),
    "name": ("the name of a person", "le nom d’une personne"),
}

#: Words that begin a cell of counts, or make it up, and are nobody's name.
NO_NAMES = (
    "a", "about", "an", "annee", "approx", "as", "aucun", "aucune", "autour", "autre", "autres", "beaucoup", "benevole",
    "benevoles", "calculer", "cent", "cf", "cinq", "citoyen", "citoyens", "combien", "communique", "communiquee", "completer",
    "compter", "confirmer", "cours", "d", "de", "definir", "demande", "des", "determiner", "deux", "dix", "dizaine", "donnee",
    "donnees", "douzaine", "du", "eight", "en", "entre", "environ", "equipe", "estimation", "estime", "et", "etp", "few",
    "five", "four", "habitants", "heures", "hundred", "huit", "inconnu", "inconnue", "jours", "la", "le", "les", "many",
    "mille", "moins", "n", "na", "nc", "nd", "neant", "neuf", "nine", "no", "nombre", "nombreux", "non", "none", "not", "nous",
    "null", "of", "ok", "on", "one", "or", "ou", "oui", "participants", "pas", "people", "pers", "personne", "personnes",
    "plus", "plusieurs", "possible", "precise", "preciser", "prevu", "quatre", "quelques", "renseigne", "renseigner", "sans",
    "se", "sept", "several", "seven", "six", "some", "source", "sous", "staff", "suivre", "tbc", "tbd", "ten", "the", "thousand",
    "three", "tous", "tout", "toute", "trois", "two", "un", "une", "unknown", "various", "venir", "vingt", "vingtaine", "voir",
    "volontaires", "volunteers", "yes", "zero",
)  # fmt: skip

#: Length of an account number by country; those of other countries are not known to us.
_IBAN_LENGTHS = {
    "AD": 24, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24, "FI": 18,
    "FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27, "LI": 21, "LT": 20, "LU": 20, "LV": 21,
    "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "SE": 24, "SI": 19, "SK": 24, "TN": 24, "TR": 26,
}  # fmt: skip

#: What a text must hold to be looked at closely; most cells do not.
_LIKELY = r"@|[0-9](?:[ .()/-]?[0-9A-Za-z]){8,}"

_E_MAIL = r"(?i)[a-z0-9._%+’'-]*[a-z0-9_%+-]@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)*\.[a-z]{2,}"
_IBAN = (
    r"(?i)(?:^|[^0-9a-z])("
    + "|".join(rf"{country}[0-9]{{2}}(?:[ .-]?[0-9a-z]){{{length - 4}}}" for country, length in _IBAN_LENGTHS.items())
    + r")(?:[^0-9a-z]|$)"
)
_NIR = r"(?:^|[^0-9])([1-478][ .-]?[0-9]{2}[ .-]?[0-9]{2}[ .-]?(?:[0-9]{2}|2[ABab])[ .-]?[0-9]{3}[ .-]?[0-9]{3}[ .-]?[0-9]{2})(?:[^0-9]|$)"
#: Ten digits that begin with a zero, by twos or together; abroad, a plus sign, or two zeros and a space after the country.
_PHONE = (
    r"(?:^|[^0-9A-Za-z/_-])"
    r"(0[1-9](?:[ ./-]?[0-9]{2}){4}"
    r"|(?:\+|00)33[ .-]?(?:\(0\)[ .-]?)?[1-9](?:[ ./-]?[0-9]{2}){4}"
    r"|\+[1-9][0-9]{0,2}(?:[ ./-]?(?:\([0-9]{1,4}\)|[0-9])){7,12}"
    r"|00[1-9][0-9]{0,2}[ .-](?:[ .-]?[0-9]){7,12})"
    r"(?:[^0-9A-Za-z]|$)"
)
#: A number that says what it is of is a reference, and ten digits together then no telephone.
_REFERENCE = (
    r"(?i)(?:n°|nº|n o|num[ée]ro|r[ée]f\.?|r[ée]f[ée]rence|dossier|convention|d[ée]cision|siren|siret|rna|code|compte|marché)"
    r"[ :.]*[0-9]{10}"
)
_NAME_WORD = r"\p{Lu}[\p{L}’'-]+"
_NAME = (
    rf"(?:(?:M\.|MM\.|Mme|Mmes|Mlle|Mr\.?|Mrs\.?|Ms\.?|Dr\.?) *)?{_NAME_WORD}"
    rf"(?: +(?:(?:de|du|des|le|la|van|von|den|der|el|al|ben|da|dos) +|d[’'])?(?:{_NAME_WORD}|\p{{Lu}}\.))*"
)

MACROS = """
create or replace macro bare_number(t) as upper(regexp_replace(t, '[ .-]', '', 'g'));
create or replace macro account_digits(t) as
    list_aggregate(list_transform(string_split(t[5:] || t[1:4], ''),
        lambda c: case when c between 'A' and 'Z' then cast(ascii(c) - 55 as varchar) else c end), 'string_agg', '');
create or replace macro remainder_97(d) as
    list_reduce(list_transform(string_split(d, ''), lambda c: cast(c as integer)), lambda a, c: (a * 10 + c) % 97);
create or replace macro is_iban(t) as remainder_97(account_digits(t)) = 1;
create or replace macro is_nir(t) as
    cast(t[14:15] as integer) = 97 - remainder_97(replace(replace(t[1:13], '2A', '19'), '2B', '18'));
create or replace macro covered(t, parts, mask) as
    list_reduce(list_prepend(t, parts), lambda a, part: replace(a, part, mask));
"""


def mask(con: duckdb.DuckDBPyConnection, contracts: dict[str, Contract], sources: Sequence[Source] = ()) -> None:
    """Masks personal data in `staged.<kind>` and adds to `found` one finding per cell that held any.

    The rows must have their `row_id` and `row_state`; `found` must be there. `sources` say where the columns stand that no
    contract knows; without them such a finding stands at its row.
    """
    con.execute(MACROS)
    con.execute("create or replace table personal (text varchar, place varchar, masked varchar, things varchar[])")
    searched = {kind: _searched(con, contract) for kind, contract in contracts.items()}
    every = [_texts(kind, column, place) for kind, columns in searched.items() for column, place in columns]
    if not every:
        return
    con.execute(f"insert into personal {_masked(' union '.join(every))}")
    [(found,)] = con.execute("select count(*) from personal").fetchall()
    if found:
        _place_unknown(con, sources)
        for kind, contract in contracts.items():
            _cover(con, contract, searched[kind])


def cover(con: duckdb.DuckDBPyConnection, table: str, columns: tuple[str, ...]) -> None:
    """Masks what is personal in columns of any table of text, without a finding: headers, or words of a reader."""
    con.execute(MACROS)
    every = " union ".join(
        f"""select "{column}" as text, 'text' as place from {table} where regexp_matches("{column}", {_quoted(_LIKELY)})"""
        for column in columns
    )
    con.execute(f"create or replace temp table personal_words as {_masked(every)}")
    for column in columns:
        con.execute(f"""update {table} set "{column}" = p.masked from personal_words p where "{column}" = p.text""")


def _searched(con: duckdb.DuckDBPyConnection, contract: Contract) -> list[tuple[str, str]]:
    """The columns of a kind that may hold personal data, each with what sort of place it is.

    A place is a text, a reference, a column that no contract knows (extra), or a cell that could not be read: of counts, or
    of anything else (unread).
    """
    question = "select column_name from duckdb_columns() where schema_name = 'staged' and table_name = ?"
    there = {name for (name,) in con.execute(question, [contract.kind]).fetchall()}
    found = [("extra", "extra")]
    for field in contract.fields.values():
        if field.type in parsing.AS_TYPED or f"unread__{field.name}" in there:
            found.append((field.name, _place(field, contract)))
    return found


def _place(field: Field, contract: Contract) -> str:
    if field.type == "org":
        return "reference"
    if field.type in parsing.AS_TYPED:
        return "reference" if field.name in contract.key or field.name.endswith(("_id", "_ref")) else "text"
    return "count" if field.type in ("integer", "number") else "unread"


def _texts(kind: str, column: str, place: str) -> str:
    """The distinct texts of a column that are worth a closer look."""
    likely = f"regexp_matches(text, {_quoted(_LIKELY)})"
    if place == "count":
        likely = rf"({likely} or regexp_matches(text, '\p{{Lu}}\p{{L}}'))"
    return f"""select distinct text, '{place}' as place
               from (select {_text(column)} as text from staged."{kind}" where {_is_searched(column, place)})
               where text is not null and {likely}"""


def _is_searched(column: str, place: str) -> str:
    return f'"unread__{column}" is not null' if place in ("count", "unread") else "true"


def _text(column: str) -> str:
    return "extra" if column == "extra" else f'"{column}__text"'


def _place_unknown(con: duckdb.DuckDBPyConnection, sources: Sequence[Source]) -> None:
    """Creates `unknown_column`: where the columns stand that no contract knows, numbered as `attribution` numbers tables."""
    tables = enumerate(table for source in sources for table in source.extract.tables)
    columns = [(number, c.header, c.label) for number, table in tables for c in table.columns if c.field is None]
    con.execute("create or replace temp table unknown_column (table_no bigint, header varchar, label varchar)")
    if columns:
        con.executemany("insert into unknown_column values (?, ?, ?)", columns)


def _masked(texts: str) -> str:
    """Writes the SELECT that masks texts; those that hold nothing personal are left out."""
    numbers = "list_filter(list_distinct(regexp_extract_all({}, {}, 1)), lambda c: {})"
    nobody = ", ".join(_quoted(word) for word in NO_NAMES)
    steps = [
        ("e_mail", f"list_distinct(regexp_extract_all(text, {_quoted(_E_MAIL)}))"),
        ("iban", numbers.format("{}", _quoted(_IBAN), "is_iban(bare_number(c))")),
        ("nir", numbers.format("{}", _quoted(_NIR), "is_nir(bare_number(c))")),
        ("phone", f"""case when place <> 'reference' then
            list_distinct(regexp_extract_all(regexp_replace({{}}, {_quoted(_REFERENCE)}, ' ', 'g'), {_quoted(_PHONE)}, 1)) else [] end"""),
        ("name", f"""case when place = 'count' then list_filter(list_distinct(regexp_extract_all({{}}, {_quoted(_NAME)})),
            lambda c: len(list_filter(string_split(fold_text(c), ' '), lambda w: w not in ({nobody}))) > 0
                and not starts_with(c, 'masqu')) else [] end"""),
    ]  # fmt: skip
    before, query = "texts", f"with texts as ({texts})"
    column = "text"
    for thing, parts in steps:
        # Between the guillemets of a mask nothing is a name.
        looked_at = f"regexp_replace({column}, '‹[^›]*›', '', 'g')"
        query += f""", {thing}_seen as (select *, {parts.replace("{}", looked_at)} as {thing}_parts from {before}),
            {thing}_out as (select *, covered({column}, {thing}_parts, {_quoted(MASKS[thing])}) as {thing}_text from {thing}_seen)"""
        before, column = f"{thing}_out", f"{thing}_text"
    things = ", ".join(f"case when len({thing}_parts) > 0 then '{thing}' end" for thing, _ in steps)
    return f"""{query}
        select text, place, {column} as masked, list_filter([{things}], lambda t: t is not null) as things
        from {before} where {column} <> text"""


def _cover(con: duckdb.DuckDBPyConnection, contract: Contract, searched: list[tuple[str, str]]) -> None:
    kind = contract.kind
    in_words = {language: _told(n) for n, language in enumerate(("en", "fr"))}
    for column, place in searched:
        hit = f"p.place = '{place}' and p.text = s.{_text(column)} and {_is_searched(column, place)}"
        where, cell, field, value = "", f's."{column}__cell"', f"'{column}'", "p.masked"
        if column == "extra":
            where = """, unnest(map_entries(cast(cast(p.masked as json) as map(varchar, varchar)))) as e(entry)
                left join unknown_column u on u.table_no = s.table_no and u.header = e.entry.key"""
            hit += " and contains(e.entry.value, '‹')"
            field, value = "e.entry.key", "e.entry.value"
            cell = """case when regexp_full_match(u.label, '[A-Z]+') then u.label || s.source_row
                           when regexp_full_match(u.label, '[0-9]+') then 'L' || s.source_row || 'C' || u.label else s.source_cell end"""
        con.execute(f"""
            insert into found by name
            select 'V08.personal-data' as rule_id, s.submission_id, s.table_no, s.row_id, {cell} as cell, s.source_row as line,
                {field} as field, {value} as value, '{kind}' as kind, nullif(s.source_sheet, '') as sheet, s.partner_id,
                s.report_period as period, map {{'what_en': {in_words["en"]}, 'what_fr': {in_words["fr"]}}} as args
            from staged."{kind}" s, personal p {where} where {hit} and s.row_state = 'current'""")
        con.execute(f"""update staged."{kind}" s set {_set(contract, column, place)} from personal p
                        where {hit.partition(" and contains(e.")[0]}""")
    # A row is also known by its key, which sentences quote.
    con.execute(f"""update staged."{kind}" s set row_key = replace(s.row_key, p.text, p.masked)
                    from personal p where p.place = 'reference' and contains(s.row_key, p.text)""")


def _set(contract: Contract, column: str, place: str) -> str:
    """The columns of a cell that repeat its text, set to the mask."""
    if column == "extra":
        return "extra = p.masked"
    changed = [f'"{column}__text" = p.masked']
    if place in ("count", "unread"):
        # The cell is said to hold personal data; that it holds no number need not be said as well.
        changed += [f'"unread__{column}" = null', f'"fault__{column}" = null']
    elif column not in ATTRIBUTED:
        changed.append(f""""{column}" = case when trim("{column}") = trim(p.text) then p.masked else "{column}" end""")
        if contract.fields[column].type == "org":
            changed.append(f""""unread__{column}" = case when "unread__{column}" is not null then p.masked end""")
    return ", ".join(changed)


def _told(language: int) -> str:
    words = ", ".join(f"'{thing}': {_quoted(said[language])}" for thing, said in WORDS.items())
    return f"list_aggregate(list_transform(p.things, lambda t: map {{{words}}}[t]), 'string_agg', ', ')"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
