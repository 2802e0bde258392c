"""What the last build accounts for: rows and findings by kind, by file and by rule; and who has reported.

Belongs here: questions to the files of a build whose answers are shown to a person. Does not belong here: any figure of
the fund, and how the answers are shown.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pipelines import calendar, contract, reference
from pipelines.calendar import Arrival, Deadline, Partner, Standing
from pipelines.paths import DataRoot

#: What becomes of the rows that were read.
FATES = ("accepted", "refused", "superseded", "duplicate")
SEVERITIES = ("critical", "warning", "info")

_NUMBERS = ("read", *FATES, *SEVERITIES)


@dataclass(frozen=True)
class Tally:
    """Rows and findings of one kind, or of one file."""

    name: str
    numbers: Mapping[str, int]

    @property
    def adds_up(self) -> bool:
        """Whether every row that was read is accounted for."""
        return self.numbers["read"] == sum(self.numbers[fate] for fate in FATES)

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to ask of those who reported."""
        return not (self.numbers["critical"] or self.numbers["warning"])


@dataclass(frozen=True)
class RuleTally:
    """How often a rule found something, in how many files, and what it said once."""

    rule_id: str
    severity: str
    findings: int
    files: int
    example_en: str
    example_fr: str


@dataclass(frozen=True)
class Reporting:
    """Who stands where, for the last quarters, the newest first; `others` sent reports that nobody expected."""

    periods: tuple[str, ...]
    stated: Mapping[str, Deadline]
    standings: tuple[Standing, ...]
    others: tuple[str, ...]


def by_kind(root: DataRoot) -> tuple[Tally, ...]:
    """Counts rows and findings per kind, of all kinds there are."""
    found = {tally.name: tally for tally in _tallies(root, "kind")}
    return tuple(found.get(kind, Tally(kind, dict.fromkeys(_NUMBERS, 0))) for kind in contract.reports())


def by_file(root: DataRoot) -> tuple[Tally, ...]:
    """Counts rows and findings per received file, also of files that yield neither."""
    return _tallies(root, "source_file")


def by_rule(root: DataRoot) -> tuple[RuleTally, ...]:
    """Counts findings per rule, the gravest and most frequent first, each with one of its sentences."""
    order = ", ".join(f"'{severity}'" for severity in SEVERITIES)
    return tuple(
        RuleTally(*row)
        for row in _ask(
            root,
            f"""select rule_id, severity, count(*), count(distinct source_file), min(message_en), min(message_fr)
                from findings group by rule_id, severity
                order by list_position([{order}], severity), count(*) desc, rule_id""",
        )
    )


def examples(root: DataRoot, rule: str, language: str, most: int = 3) -> tuple[int, list[tuple[str, str]]]:
    """Gives how often the last run found a rule broken, and for the first places where it was and what it said."""
    if not root.findings.is_file():
        return 0, []
    found = _ask(
        root,
        f"""select concat_ws(', ', source_file, sheet, cell), message_{"fr" if language == "fr" else "en"}
            from findings where rule_id = ? order by source_file, sheet, line, cell""",
        [rule],
    )
    return len(found), [(place, message) for place, message in found[:most]]


def total(tallies: Iterable[Tally]) -> Tally:
    """Adds tallies up."""
    given = tuple(tallies)
    return Tally("", {name: sum(tally.numbers[name] for tally in given) for name in _NUMBERS})


def reporting(root: DataRoot, today: date, quarters: int) -> Reporting:
    """Says who has reported for the last quarters that are over, by the ledger and the register of partners.

    What a run found out about a file (who sent it, for which quarter) goes before what its path says.
    """
    stated = calendar.read_calendar(root)
    partners = _partners(root)
    arrivals = _arrivals(root)
    periods = [calendar.closed_quarter(today)]
    while len(periods) < quarters:
        periods.append(calendar.closed_quarter(calendar.first_day(periods[-1])))
    standings = calendar.standings(partners, arrivals, periods, stated, today)
    known = {partner.partner_id for partner in partners}
    others = {a.partner_id for a in arrivals if a.partner_id not in known or not calendar.is_quarter(a.period)}
    return Reporting(tuple(periods), stated, standings, tuple(sorted(others)))


def _partners(root: DataRoot) -> list[Partner]:
    """Reads who is expected; where `is_active` is blank, reports are expected."""
    path = reference.source(root, "partners")
    if path is None:
        return []
    fields = contract.header_map(contract.registers()["partners"])
    with path.open(encoding="utf-8-sig", newline="") as text:
        rows = [{fields.get(contract.fold(k or "")): v or "" for k, v in row.items()} for row in csv.DictReader(text)]
    inactive = ("false", "0", "no", "non", "faux")
    return [
        Partner(
            row["partner_id"], row.get("name") or row["partner_id"], row.get("is_active", "").lower() not in inactive
        )
        for row in rows
    ]


def _arrivals(root: DataRoot) -> list[Arrival]:
    from pipelines.intake import ledger

    known = "select submission_id, partner_id, period from submissions"
    judged = {name: found for name, *found in _ask(root, known)} if root.submissions.is_file() else {}
    arrivals = []
    for s in ledger.submissions(root):
        partner_id, period = judged.get(s.submission_id, (s.partner_id, s.period))
        # A publication has no quarter of its own; the folder it was dropped in says for which one it came.
        found = Arrival(partner_id or "UNKNOWN", period or s.period or "", datetime.fromisoformat(s.received_at))
        arrivals.append(found)
    return arrivals


def _tallies(root: DataRoot, grain: str) -> tuple[Tally, ...]:
    rows = ", ".join(f"sum({name}) as {name}" for name in ("read", *FATES))
    severities = ", ".join(f"count(*) filter (severity = '{name}') as {name}" for name in SEVERITIES)
    counted = ", ".join(f"cast(coalesce({name}, 0) as bigint)" for name in _NUMBERS)
    every = "select source_file from submissions" if grain == "source_file" else "select kind from counts"
    return tuple(
        Tally(name, dict(zip(_NUMBERS, numbers, strict=True)))
        for name, *numbers in _ask(
            root,
            f"""select {grain}, {counted}
                from (select distinct {grain} from ({every}))
                left join (select {grain}, {rows} from counts group by {grain}) using ({grain})
                left join (select {grain}, {severities} from findings group by {grain}) using ({grain})
                order by {grain}""",
        )
    )


def _ask(root: DataRoot, question: str, words: Sequence[str] = ()) -> list[tuple[Any, ...]]:
    import duckdb

    with duckdb.connect() as con:
        for path in (root.counts, root.findings, root.submissions):
            if path.is_file():
                con.read_parquet(str(path)).create_view(path.stem)
        return con.execute(question, list(words)).fetchall()
