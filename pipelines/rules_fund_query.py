"""What a rule over several rows is: its name, its query, the kinds that must be there for it to be asked at all.

Belongs here: the shape that the files of queries share, and the columns that they write alike. Does not belong here: any query.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Columns that a query may give. A finding is at a row (`kind`, `row_id`), or of a report as a whole (`submission_id`).
#: `args` holds the further words of the sentence.
FOUND_BY: dict[str, str] = {
    "kind": "varchar",
    "row_id": "varchar",
    "submission_id": "varchar",
    "partner_id": "varchar",
    "period": "varchar",
    "cell": "varchar",
    "field": "varchar",
    "value": "varchar",
    "expected": "varchar",
    "difference": "varchar",
    "suggestion": "varchar",
    "args": "map(varchar, varchar)",
}


@dataclass(frozen=True)
class Query:
    """A rule with the SELECT over `accepted`, `staged` and `reference` that finds where it is broken.

    It is not asked where no file brings one of the kinds in `asks`, or where a table in `needs` is not given.
    """

    rule: str
    asks: tuple[str, ...]
    sql: str
    needs: tuple[str, ...] = ()


def at(alias: str, kind: str, field: str) -> str:
    """Writes the columns that say where: a cell of a row, and what was typed there."""
    return f"""'{kind}' as kind, {alias}.row_id as row_id, '{field}' as field,
        coalesce({alias}."{field}__cell", {alias}.source_cell) as cell, {alias}."{field}__text" as value"""


def worded(**words: str) -> str:
    """Writes the map of the further words of a sentence. Numbers have a decimal comma in French, and days are 31/12/2026."""
    each = (
        f"""'{word}_en': cast({sql} as varchar), '{word}_fr': case
            when regexp_full_match(cast({sql} as varchar), '-?[0-9]+[.][0-9]+') then replace(cast({sql} as varchar), '.', ',')
            else coalesce(strftime(try_strptime(cast({sql} as varchar), '%Y-%m-%d'), '%d/%m/%Y'), cast({sql} as varchar)) end"""
        for word, sql in words.items()
    )
    return f"map {{{', '.join(each)}}}::map(varchar, varchar)"
