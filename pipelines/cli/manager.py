"""What the manager of the fund reads: a run while it works, what came of it, and who has reported.

Belongs here: the words and tables. Does not belong here: starting a run, which needs Dagster (`assets/__main__.py`).
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from pipelines import build_account as account
from pipelines import calendar
from pipelines.build import Step
from pipelines.cli import amount, console, safe, takes_root
from pipelines.paths import DataRoot

if TYPE_CHECKING:
    from rich.status import Status
    from rich.table import Table

#: A list longer than this is cut, and says where the whole of it is.
LINES = 60

STAGES = {
    "receive": "Receiving reports",
    "registers": "Reading the registers",
    "read": "Reading the reports",
    "judge": "Judging every row",
    "core": "Building the core tables",
    "metrics": "Computing the metrics",
    "checks": "Checking the claims",
    "publish": "Publishing the release",
}

#: How each standing is called, and its colour.
STANDINGS = {
    "on_time": ("on time", "green"),
    "late": ("late", "yellow"),
    "missing": ("missing", "red"),
    "awaited": ("awaited", "dim"),
}

#: Columns of words; all others hold numbers.
_WORDS = {"Severity", "Name", "Received", "Standing", "For example"}


class Progress:
    """Says one line per stage when it has ended, and on a terminal what is being done meanwhile."""

    def __init__(self) -> None:
        self._console = console()
        self._live: Status | None = self._console.status("") if sys.stdout.isatty() else None

    def __call__(self, step: Step, detail: str = "") -> None:
        """Takes a stage that begins or has ended, or a word about how far it is."""
        if step.quantities is None:
            if self._live is not None:
                self._live.update(f"{STAGES[step.stage]} {detail}")
                self._live.start()
            return
        self.close()
        said = ", ".join(f"{amount(n)} {name}" if isinstance(n, int) else n for name, n in step.quantities.items())
        self._console.print(f"{STAGES[step.stage]:<26}{said:<82}[dim]{step.seconds:>6.1f} s[/dim]", soft_wrap=True)

    def close(self) -> None:
        """Leaves the terminal as it was."""
        if self._live is not None:
            self._live.stop()


def summary(root: DataRoot, release: str) -> None:
    """Prints what came of a run: per file, per rule, and where everything is."""
    page = console()
    page.print()
    page.print(_files(root))
    if rules := account.by_rule(root):
        page.print(_rules(rules, root))
    where = root.release(release)
    for name, place in (
        ("Release", where),
        ("Tables", f"{where / 'sdg17.duckdb'}; as Parquet in core/ and metrics/ beside it"),
        ("Findings", root.findings),
    ):
        page.print(f"[bold]{name:<10}[/bold]{safe(str(place))}", soft_wrap=True)


@click.command()
@click.option(
    "--quarters", type=click.IntRange(1), default=4, show_default=True, help="How many of the last quarters to show."
)
@click.option("--late", is_flag=True, help="Only what is late or missing.")
@takes_root
def status(root: DataRoot, quarters: int, late: bool) -> int:
    """Who has reported for which quarter, and who is late.

    The days are those of reference/calendar.csv; a quarter that is not in it is due on the 5th of the month after it.
    """
    page = console()
    found = account.reporting(root, datetime.now(UTC).astimezone(calendar.ZONE).date(), quarters)
    for period in found.periods if found.standings else ():
        due = calendar.deadline(period, found.stated)
        of_period = [standing for standing in found.standings if standing.period == period]
        counts = {state: sum(s.state == state for s in of_period) for state in STANDINGS}
        said = ", ".join(f"{n} {STANDINGS[state][0]}" for state, n in counts.items() if n)
        page.print(
            f"\n[bold]{period}[/bold]  due {due.due_on}, release {due.release_on}: {said or 'nobody is expected'}"
        )
        if listed := [s for s in of_period if not late or s.state in ("late", "missing")]:
            page.print(_standings(listed))
    if not found.standings:
        page.print("\nNo partner is in the register (reference/partners.csv), so nobody is expected.")
    if found.others:
        names = ", ".join(safe(name) for name in found.others[:LINES])
        page.print(f"\nAlso received, from senders outside the register or without a quarter: {names}", soft_wrap=True)
    return 0


def _files(root: DataRoot) -> Table:
    tallies = account.by_file(root)
    table = _table(None, "File", "Read", "Accepted", "Refused", "Superseded", "Duplicate", "Findings")
    for tally in tallies[:LINES]:
        table.add_row(safe(tally.name), *_numbers(tally))
    if len(tallies) > LINES:
        table.add_row(f"… and {amount(len(tallies) - LINES)} more: {safe(str(root.counts))}")
    table.add_section()
    table.add_row(f"{amount(len(tallies))} files", *_numbers(account.total(tallies)), style="bold")
    return table


def _numbers(tally: account.Tally) -> list[str]:
    rows = [amount(tally.numbers[name]) for name in ("read", *account.FATES)]
    return [*rows, amount(sum(tally.numbers[name] for name in account.SEVERITIES))]


def _rules(rules: tuple[account.RuleTally, ...], root: DataRoot) -> Table:
    table = _table("Findings by rule", "Rule", "Severity", "Findings", "Files", "For example")
    for rule in rules[:LINES]:
        table.add_row(rule.rule_id, rule.severity, amount(rule.findings), amount(rule.files), safe(rule.example_en))
    if len(rules) > LINES:
        table.add_row(f"… and {amount(len(rules) - LINES)} more: {safe(str(root.findings))}")
    return table


def _standings(listed: list[calendar.Standing]) -> Table:
    table = _table(None, "Partner", "Name", "Received", "Standing")
    for standing in listed:
        word, style = STANDINGS[standing.state]
        days = f", {standing.days_late} days" if standing.days_late else ""
        received = standing.received_on.isoformat() if standing.received_on else "-"
        table.add_row(safe(standing.partner_id), safe(standing.name), received, f"[{style}]{word}{days}[/{style}]")
    return table


def _table(title: str | None, first: str, *others: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, overflow="fold")
    for name in others:
        table.add_column(name, justify="left" if name in _WORDS else "right", overflow="fold")
    return table
