"""The data dictionary: what every table, column and code means, in English and French, from the places that say it.

Belongs here: gathering meanings from models and contracts, and writing them as a page. Does not belong here: any meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipelines import contract, warehouse
from pipelines.errors import ContractError
from pipelines.paths import CODES


@dataclass(frozen=True)
class Entry:
    """One column of one table."""

    layer: str
    table: str
    column: str
    type: str
    unit: str | None
    codes: str | None
    meaning_en: str
    meaning_fr: str


#: The words of the page itself.
WORDS = {
    "en": {
        "title": "Data dictionary",
        "intro": "What every table and column of this release means. An empty value means that nothing is known; it is never "
        "zero. Amounts are exact decimals. `quarter` is empty for what is not dated, `none` stands for no target or territory.",
        "core": "What happened: conformed tables",
        "metrics": "Published figures",
        "reports": "What partners report",
        "registers": "Registers of the fund",
        "codes": "Code lists",
        "head": ("Column", "Type", "Unit", "Meaning"),
        "code_head": ("Code", "Label"),
        "grain": "One row per",
        "metric": "Metric",
        "code_list": "code list",
    },
    "fr": {
        "title": "Dictionnaire des données",
        "intro": "Ce que signifie chaque table et chaque colonne de cette publication. Une valeur vide veut dire que l’on ne sait "
        "pas ; ce n’est jamais zéro. Les montants sont des décimaux exacts. `quarter` est vide pour ce qui n’est pas daté, `none` "
        "veut dire sans cible ou sans territoire.",
        "core": "Ce qui s’est passé : tables harmonisées",
        "metrics": "Chiffres publiés",
        "reports": "Ce que les partenaires déclarent",
        "registers": "Registres du fonds",
        "codes": "Listes de codes",
        "head": ("Colonne", "Type", "Unité", "Signification"),
        "code_head": ("Code", "Libellé"),
        "grain": "Une ligne par",
        "metric": "Indicateur",
        "code_list": "liste de codes",
    },
}


def page(language: str) -> str:
    """Writes the dictionary as a Markdown page in a language, `en` or `fr`."""
    words = WORDS[language]
    parts = [f"# {words['title']}", str(words["intro"])]
    for layer in warehouse.BUILT:
        parts.append(f"## {words[layer]}")
        parts += [_model(m, language) for m in sorted(warehouse.models(), key=lambda m: m.name) if m.layer == layer]
    for heading, contracts in (("reports", contract.reports()), ("registers", contract.registers())):
        parts.append(f"## {words[heading]}")
        parts += [_contract(of, language) for of in contracts.values()]
    parts.append(f"## {words['codes']}")
    parts += [_codes(path.stem, language) for path in sorted(CODES.glob("*.csv"))]
    return "\n\n".join(parts) + "\n"


def entries() -> Iterator[Entry]:
    """Gives one entry per column: published tables first, then what partners report, then registers."""
    for model in warehouse.models():
        for c in model.columns:
            yield Entry(model.layer, model.table, c.name, c.type, c.unit, None, c.meaning, c.meaning_fr)
    for of in contract.load_all().values():
        for row in contract.dictionary_rows(of):
            meant = str(row["meaning_en"]), str(row["meaning_fr"])
            yield Entry(f"{of.role}s", of.kind, str(row["column"]), str(row["type"]), row["unit"], row["codes"], *meant)


def _model(of: warehouse.Model, language: str) -> str:
    words = WORDS[language]
    grain = f"*{words['grain']} {', '.join(f'`{column}`' for column in of.grain)}.*"
    metric = f" {words['metric']} {of.metric}." if of.metric else ""
    french = language == "fr"
    columns = [
        (f"`{c.name}`", c.type, _unit(c.unit, language), c.meaning_fr if french else c.meaning) for c in of.columns
    ]
    doc = of.doc_fr if french else of.doc
    return f"### `{of.name}`\n\n{doc}\n\n{grain}{metric}\n\n{_table(words['head'], columns)}"


def _contract(of: contract.Contract, language: str) -> str:
    words = WORDS[language]
    rows = [
        (
            f"`{f.name}`<br>{f.header.of(language)}",
            f.type,
            _unit(f.unit, language),
            f.meaning.of(language) + (f" ({words['code_list']} `{f.codes}`)" if f.codes else ""),
        )
        for f in of.fields.values()
    ]
    title = f"### {of.title.of(language)} (`{of.kind}`)"
    return f"{title}\n\n{of.meaning.of(language)}\n\n{_table(words['head'], rows)}"


def _unit(unit: str | None, language: str) -> str:
    """Names a unit; one that the code list `unit` does not have is a fault of ours."""
    if unit is None:
        return ""
    known = {c.code: c for c in contract.code_list("unit").codes}
    if unit not in known:
        raise ContractError(f"There is no unit {unit!r}.", "Add it to contracts/codes/unit.csv, in both languages.")
    return known[unit].fr if language == "fr" else known[unit].en


def _codes(name: str, language: str) -> str:
    rows = [(f"`{c.code}`", c.fr if language == "fr" else c.en) for c in contract.code_list(name).codes]
    return f"### `{name}`\n\n{_table(WORDS[language]['code_head'], rows)}"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head)]
    lines += [["---"] * len(lines[0]), *(list(row) for row in rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
