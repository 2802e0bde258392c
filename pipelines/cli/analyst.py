"""What an analyst reads: why something is so.

Belongs here: the words about a rule, and where it was found. Does not belong here: the rules; the contracts state them.
"""

from __future__ import annotations

import difflib
import re

import click

from pipelines import build_account, findings
from pipelines.cli import amount, console, safe, takes_root
from pipelines.errors import ProjectError
from pipelines.paths import DataRoot


@click.command()
@click.argument("rule")
@click.option(
    "--lang", type=click.Choice(["en", "fr"]), default="en", show_default=True, help="Language of the sentences."
)
@takes_root
def explain(root: DataRoot, rule: str, lang: str) -> int:
    """What a rule says, how grave it is, and where the last run found it.

    RULE is the name that stands beside a finding, such as V05.excel-number.
    """
    known = findings.catalogue()
    if rule not in known:
        near = difflib.get_close_matches(rule, known, n=5, cutoff=0.4) or list(known)[:5]
        raise ProjectError(f"There is no rule {rule}.", f"Near to it: {', '.join(near)}.")
    of, page = known[rule], console()
    page.print(f"[bold]{rule}[/bold]  {of.severity}, about a {of.scope}")
    page.print(safe(re.sub(r"[“«]\s?\{\w+\}\s?[”»]|\{\w+\}", "…", of.says.of(lang)).replace("[", "").replace("]", "")))
    count, examples = build_account.examples(root, rule, lang)
    page.print(f"\nFound {amount(count)} times in the last run" + (", for example:" if examples else "."))
    for place, message in examples:
        page.print(f"  [bold]{safe(place)}[/bold]\n    {safe(message)}", soft_wrap=True)
    return 0
