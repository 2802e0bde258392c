"""From what the files yield to what the fund takes: staging, precedence, validation and acceptance, in this order.

Belongs here: the one way from extracts to accepted rows and findings, for a single file on a partner's laptop and for all
files of the fund. Does not belong here: reading files (intake), keeping results (build).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from pipelines import (
    acceptance,
    attribution,
    corrections,
    findings,
    parsing,
    personal,
    precedence,
    rules_fund,
    staging,
    validation,
    validation_files,
    validation_standards,
)
from pipelines.attribution import Source
from pipelines.contract import reports
from pipelines.corrections import Correction
from pipelines.rules_fund import Fund

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Fund", "Judgement", "Source", "judge_sources"]


@dataclass(frozen=True)
class Judgement:
    """What became of every row. Tables of a kind stand under its name, for each kind that a file brings."""

    findings: pa.Table
    accepted: dict[str, pa.Table]
    refused: dict[str, pa.Table]
    counts: pa.Table
    senders: pa.Table
    corrections: pa.Table


def judge_sources(
    sources: list[Source],
    registers: dict[str, pa.Table],
    unknown_senders: Literal["accept", "refuse"] = "accept",
    fund: Fund | None = None,
    corrected: Sequence[Correction] = (),
) -> Judgement:
    """Judges files together, in an in-memory database.

    `registers` may hold partners and those of `rules_fund.REGISTERS`; what is not there is not asked for. Without `fund`,
    rules that need the fund's other data do not run. `senders` of the judgement has one row per file: submission_id,
    partner_id, period, layout and what the file and its path say.
    """
    import duckdb

    ordered = sorted(sources, key=lambda s: (s.order, s.source_file))
    sources = [replace(source, order=place) for place, source in enumerate(ordered, 1)]
    with duckdb.connect() as con:
        parsing.install(con, registers)
        attribution.attribute(con, sources, registers.get("partners"))
        contracts = {kind: reports()[kind] for kind in staging.stage(con, sources)}
        attribution.name_by_rows(con, list(contracts))
        precedence.settle(con, list(contracts))
        findings.begin(con)
        personal.mask(con, contracts, sources)
        validation.judge(con, contracts)
        validation_files.judge_files(con, sources, list(contracts), unknown_senders == "refuse")
        validation_standards.judge_standards(con, sources)
        acceptance.accept(con, contracts)
        corrections.correct(con, corrected, max(fund.received_on.values(), default=None) if fund else None)
        rules_fund.judge(con, list(contracts), registers, fund)
        personal.cover(con, "found", ("value", "expected", "suggestion"))
        findings.write(con)
        found = con.sql("from findings order by source_file, sheet, line, cell, rule_id, finding_key").to_arrow_table()
        return Judgement(
            findings=found.cast(findings.schema()),
            accepted={k: con.sql(f'from accepted."{k}"').to_arrow_table() for k in contracts},
            refused={k: con.sql(f'from refused."{k}"').to_arrow_table() for k in contracts},
            counts=con.sql("from counts").to_arrow_table(),
            senders=con.sql("from sender order by arrival").to_arrow_table(),
            corrections=con.sql("from corrections order by correction_id").to_arrow_table(),
        )
