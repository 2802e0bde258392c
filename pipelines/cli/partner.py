"""What a partner reads: whether a report is clean, and if not, cell by cell, what to do about it.

Belongs here: the page and its words, in both languages. Does not belong here: any rule; the fund's own run applies the
same ones.
"""

from __future__ import annotations

import json
from collections import Counter
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.cli import amount, console, safe, takes_root
from pipelines.contract import Words, reports
from pipelines.paths import DataRoot

if TYPE_CHECKING:
    from rich.console import Console

CLEAN, FINDINGS, UNREADABLE = 0, 1, 2

#: Places of one and the same sentence that are listed; the rest is counted. `--json` has them all.
PLACES = 12

STYLES = {"critical": "red", "warning": "yellow", "info": "cyan"}

WORDS = {
    "critical": Words(en="to correct", fr="à corriger"),
    "warning": Words(en="to look at", fr="à vérifier"),
    "info": Words(en="good to know", fr="bon à savoir"),
    "file": Words(en="The file as a whole", fr="Le fichier dans son ensemble"),
    "sheet": Words(en="Sheet “{name}”", fr="Feuille « {name} »"),
    "suggestion": Words(en="Perhaps: {text}", fr="Peut-être : {text}"),
    "more": Words(en="and {n} more", fr="et {n} autres"),
    "read": Words(en="Rows read: {parts}.", fr="Lignes lues : {parts}."),
    "nothing": Words(en="Nothing could be read.", fr="Rien n’a pu être lu."),
    "clean": Words(en="nothing to correct", fr="rien à corriger"),
    "missing": Words(en="There is no file {name}.", fr="Il n’y a pas de fichier {name}."),
    "fund": Words(
        en="Only the fund can check, because it takes its other reports: {rules}.",
        fr="Seul le fonds peut vérifier, car il y faut ses autres rapports : {rules}.",
    ),
}  # fmt: skip


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print all findings as JSON.")
@click.option(
    "--lang", type=click.Choice(["en", "fr"]), help="Language of the page. [default: that of the file, else French]"
)
@takes_root
def check(root: DataRoot, file: Path, as_json: bool, lang: str | None) -> int:
    """Check one report before sending it: which cells are wrong, and what to do.

    It applies the fund's own rules, on this computer, and sends nothing to anybody. It ends with 0 when there is nothing
    to correct or look at, with 1 when there is, with 2 when the file cannot be read.
    """
    if not file.is_file():
        click.echo(WORDS["missing"].of(lang or "en").format(name=file), err=True)
        return UNREADABLE
    from pipelines.build import check_file

    extract, judgement = check_file(root, file)
    found = [finding for finding in judgement.findings.to_pylist() if finding["scope"] != "fund"]
    if as_json:
        click.echo(json.dumps({"file": str(file), "findings": found}, ensure_ascii=False, indent=1))
    else:
        rows = Counter[str]()
        for table in extract.tables:
            rows[table.kind] += table.rows
        _page(console(), file.name, found, rows, lang or extract.language or "fr")
    if extract.format == "unreadable" or (not extract.tables and any(f["severity"] == "critical" for f in found)):
        return UNREADABLE
    return FINDINGS if any(f["severity"] != "info" for f in found) else CLEAN


def _page(page: Console, name: str, found: list[dict[str, Any]], rows: Counter[str], lang: str) -> None:
    """Prints the findings, the file as a whole first, then sheet by sheet in the order of the rows."""
    counts = Counter(f["severity"] for f in found)
    said = [f"[{style}]{counts[s]} {WORDS[s].of(lang)}[/{style}]" for s, style in STYLES.items() if counts[s]]
    if not (counts["critical"] or counts["warning"]):
        said.insert(0, f"[green]{WORDS['clean'].of(lang)}[/green]")
    page.print(f"[bold]{safe(name)}[/bold]  {', '.join(said)}")
    parts = [f"{reports()[kind].title.of(lang)} {amount(n)}" for kind, n in rows.items() if n]
    page.print(WORDS["read"].of(lang).format(parts=", ".join(parts)) if parts else WORDS["nothing"].of(lang))
    found.sort(key=lambda f: (f["sheet"] or "", f["line"] or 0))
    for sheet, of_sheet in groupby(found, key=lambda f: str(f["sheet"] or "")):
        title = WORDS["sheet"].of(lang).format(name=safe(sheet)) if sheet else WORDS["file"].of(lang)
        page.print(f"\n[bold]{title}[/bold]")
        for same in _alike(list(of_sheet), lang):
            _print_finding(page, same, lang)
    if rows:
        page.print(f"\n[dim]{_left_to_the_fund(lang)}[/dim]", soft_wrap=True)


def _alike(found: list[dict[str, Any]], lang: str) -> list[list[dict[str, Any]]]:
    """Brings together what is said in the same words of several cells; the gravest come first."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one in found:
        groups.setdefault((one["rule_id"], one[f"message_{lang}"]), []).append(one)
    order = list(STYLES)
    return sorted(groups.values(), key=lambda same: order.index(same[0]["severity"]))


def _print_finding(page: Console, same: list[dict[str, Any]], lang: str) -> None:
    from rich.padding import Padding

    first, style = same[0], STYLES[same[0]["severity"]]
    places = [one["cell"] for one in same if one["cell"]]
    listed = ", ".join(places[:PLACES])
    more = f" {WORDS['more'].of(lang).format(n=len(places) - PLACES)}" if len(places) > PLACES else ""
    where = f"[{style}]{safe(listed)}{more}[/{style}]  " if places else ""
    page.print(f"  {where}[dim]{first['rule_id']}[/dim]")
    page.print(Padding(safe(first[f"message_{lang}"]), (0, 0, 0, 4)))
    if first["suggestion"] and first["suggestion"] not in first[f"message_{lang}"]:
        page.print(Padding(WORDS["suggestion"].of(lang).format(text=safe(first["suggestion"])), (0, 0, 0, 4)))


def _left_to_the_fund(lang: str) -> str:
    from pipelines.findings import catalogue

    rules = ", ".join(rule.id for rule in catalogue().values() if rule.scope == "fund")
    return WORDS["fund"].of(lang).format(rules=rules)
