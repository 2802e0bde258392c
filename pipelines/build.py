"""The stages of a build, in the order in which data flows; each reads the files of the one before and writes its own.

Belongs here: the verbs that Dagster's assets and `refresh` call, each under the lock and with its stamp. Does not belong
here: how a stage does its work. Every file is put in place whole, so a build that was killed anywhere is mended by
running it again.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import contract
from pipelines.build_account import FATES
from pipelines.errors import ProjectError
from pipelines.lock import writing
from pipelines.paths import DataRoot
from pipelines.stamps import agreed, stamped

if TYPE_CHECKING:
    import pyarrow as pa

    from pipelines.intake.model import Extract
    from pipelines.judging import Fund, Judgement, Source
    from pipelines.publication import Published

#: What `refresh` runs, in this order.
STAGES = ("receive", "registers", "read", "judge", "core", "metrics", "checks", "publish")

#: Registers by which partners' rows are judged.
ASKED = (
    "partners", "organisations", "organisation_alias", "territories", "territory_passages", "sdg_targets", "waves", "calendar",
    "fixed_parities",
)  # fmt: skip

#: Everything that the stage `registers` makes.
REGISTERS = (*contract.registers(), "exchange_rates")

#: What a stage did: quantities by name, in the order in which they are said.
Quantities = Mapping[str, int | str]

#: Says in a few words how far a long stage is.
Tell = Callable[[str], object]


@dataclass(frozen=True)
class Step:
    """A stage that begins, or, with quantities and seconds, one that has ended."""

    stage: str
    quantities: Quantities | None = None
    seconds: float = 0.0


def refresh(
    root: DataRoot, release: str | None = None, progress: Callable[[Step], object] = lambda step: None
) -> Published:
    """Runs all stages without Dagster, from the inbox to a release; for tests and notebooks."""
    published: list[Published] = []

    def publishing() -> Quantities:
        published.append(publish(root, release))
        return {"release": published[0].name}

    verbs: dict[str, Callable[[], Quantities]] = {
        "receive": lambda: receive(root),
        "registers": lambda: {"rows": sum(registers(root).values())},
        "read": lambda: read(root),
        "judge": lambda: judge(root),
        "core": lambda: _run_layer(root, "core"),
        "metrics": lambda: _run_layer(root, "metrics"),
        "checks": lambda: _check_all(root),
        "publish": publishing,
    }
    with writing(root, "refresh"):
        for stage in STAGES:
            progress(Step(stage))
            began = time.perf_counter()
            progress(Step(stage, verbs[stage](), time.perf_counter() - began))
    return published[0]


def receive(root: DataRoot) -> Quantities:
    """Takes in what is new in the inbox; `build/ledger.parquet` is the ledger as a table."""
    from pipelines.intake import ledger

    with writing(root, "receiving reports"):
        ledger.receive(root)
        ledger.to_parquet(root)
        received = {s.submission_id for s in ledger.submissions(root)}
        judged = {event["submission_id"] for event in ledger.events(root) if event["event"] == "judged"}
        return {"files": len(received), "new": len(received - judged)}


def registers(root: DataRoot) -> dict[str, int]:
    """Reads the fund's registers and the exchange rates; gives the rows of each."""
    from pipelines import inputs, reference

    with writing(root, "reading registers"), stamped(root, "reference", inputs.input_hash(root)):
        return reference.registers(root)


def read(root: DataRoot, tell: Tell = lambda words: None) -> Quantities:
    """Reads every received file once; what it yields is kept under its content key."""
    with writing(root, "reading reports"):
        found = [[table.rows for table in source.extract.tables] for source in _sources(root, tell)]
        return {"files": len(found), "tables": sum(map(len, found)), "rows": sum(map(sum, found))}


def judge(root: DataRoot, tell: Tell = lambda words: None) -> Quantities:
    """Judges all rows of all files; writes accepted and refused rows, findings, counts and submissions."""
    from pipelines import build_verdicts, corrections, inputs, settings
    from pipelines.judging import judge_sources

    with writing(root, "judging reports"), stamped(root, "judge", now := inputs.input_hash(root)):
        sources = list(_sources(root, tell))
        corrected = corrections.read(root)
        judgement = judge_sources(
            sources, _built_registers(root), settings.read(root).unknown_senders, fund=_fund(root), corrected=corrected
        )
        build_verdicts.keep(root, sources, judgement)
        build_verdicts.record(root, judgement, now)
        counted = {fate: sum(judgement.counts[fate].to_pylist()) for fate in FATES}
        return counted | {"corrections": judgement.corrections.num_rows, "findings": judgement.findings.num_rows}


def run_model(root: DataRoot, name: str) -> int:
    """Builds one table of `sql/core` or `sql/metrics` from files of the same inputs; gives its rows."""
    from pipelines import warehouse

    of = warehouse.model(name)
    with writing(root, f"building {name}"), stamped(root, name, agreed(root, _stages(of.inputs))):
        return warehouse.run(of, root)


def check(root: DataRoot, name: str) -> int:
    """Gives how many rows break a claim of `sql/checks`."""
    from pipelines import warehouse

    of = warehouse.model(name)
    agreed(root, _stages(of.inputs))
    return warehouse.violations(of, root)[0]


def publish(root: DataRoot, release: str | None = None) -> Published:
    """Publishes what was built as a release; raises ProjectError if any of it is of other inputs than there are now."""
    from pipelines import inputs, publication, warehouse

    with writing(root, "publishing"):
        built = agreed(root, ["judge", "reference", *(model.name for model in warehouse.models())])
        if built != inputs.input_hash(root):
            raise ProjectError(
                "What was built is of other inputs than there are now.", "Run all stages again: `sdg17 run`."
            )
        return publication.publish(root, release)


def check_file(root: DataRoot, file: Path) -> tuple[Extract, Judgement]:
    """Reads and judges one file as the fund's run does, without the other files, and leaves nothing behind.

    A file in the inbox, or in a folder of its own `<partner>/<quarter>/`, is attributed by its place; of any other only
    the name is looked at.
    """
    from pipelines.intake import cache, ledger
    from pipelines.intake.extract import extract
    from pipelines.intake.period import quarter
    from pipelines.judging import Source, judge_sources

    whole, inbox = file.resolve(), root.inbox.resolve()
    if whole.is_relative_to(inbox):
        place = whole.relative_to(inbox)
    else:
        place = Path(*whole.parts[-3:]) if quarter(whole.parent.name) else Path(whole.name)
    with tempfile.TemporaryDirectory() as aside:
        alone = DataRoot(Path(aside))
        (alone.inbox / place).parent.mkdir(parents=True)
        (alone.inbox / place).symlink_to(whole)
        (s,) = ledger.receive(alone)
        received = alone.received_file(s.sha256)
        found = cache.in_own_words(root, s.source_file, lambda own: extract(received, s.source_file, own))
        source = Source(s.submission_id, s.source_file, s.sha256, s.partner_id, s.period, 0, found)
        return found, judge_sources([source], _registers(root))


def published_already(root: DataRoot, release: str | None = None) -> str | None:
    """Gives the name of the newest release if it is of the inputs that there are now, else None.

    It takes in what is new in the inbox, and imports nothing heavy.
    """
    from pipelines import inputs, publication
    from pipelines.intake import ledger

    with writing(root, "receiving reports"):
        ledger.receive(root)
    newest = publication.latest(root)
    if newest is None or release not in (None, newest) or not (root.findings.is_file() and root.counts.is_file()):
        return None
    stated = publication.read_manifest(root.release(newest))
    return newest if stated["input_hash"] == inputs.input_hash(root) else None


def _sources(root: DataRoot, tell: Tell) -> Iterator[Source]:
    """Yields all received files with what they hold, in order of receipt."""
    from pipelines.intake import cache, ledger
    from pipelines.judging import Source

    received = ledger.submissions(root)
    said = time.monotonic()
    for order, s in enumerate(received):
        if time.monotonic() - said > 1:
            tell(f"{order} of {len(received)} files")
            said = time.monotonic()
        found = cache.load_or_extract(root, s.sha256, root.received_file(s.sha256), s.source_file)
        yield Source(s.submission_id, s.source_file, s.sha256, s.partner_id, s.period, order, found)


def _fund(root: DataRoot) -> Fund:
    """Gives what only the fund knows of its reports: the day on which each came."""
    from datetime import datetime

    from pipelines.calendar import ZONE
    from pipelines.intake import ledger
    from pipelines.judging import Fund

    came = {s.submission_id: datetime.fromisoformat(s.received_at) for s in ledger.submissions(root)}
    return Fund({submission: moment.astimezone(ZONE).date() for submission, moment in came.items()})


def _stages(tables: Iterable[str]) -> set[str]:
    """Gives the stages that make these tables: registers and judging make several at once."""
    one = {"reference": "reference", "accepted": "judge", "ingest": "judge"}
    return {one.get(name.split(".")[0], name) for name in tables} or {"judge"}


def _registers(root: DataRoot) -> dict[str, pa.Table]:
    """Reads the registers that judging asks, and keeps nothing."""
    import duckdb

    from pipelines import reference

    with duckdb.connect() as con:
        return {
            name: con.sql(
                reference._register(con, contract.registers()[name], reference.source(root, name))
            ).to_arrow_table()
            for name in ASKED
        }


def _built_registers(root: DataRoot) -> dict[str, pa.Table]:
    """Gives the registers that judging asks, as the stage before has built them."""
    import pyarrow.parquet as pq

    agreed(root, ["reference"])
    return {name: pq.read_table(root.table("reference", name)) for name in (*ASKED, "exchange_rates")}


def _run_layer(root: DataRoot, layer: str) -> Quantities:
    from pipelines import warehouse

    rows = [run_model(root, model.name) for model in warehouse.models() if model.layer == layer]
    return {"tables": len(rows), "rows": sum(rows)}


def _check_all(root: DataRoot) -> Quantities:
    from pipelines import warehouse

    broken = {claim.name: rows for claim in warehouse.checks() if (rows := check(root, claim.name))}
    if broken:
        raise ProjectError(
            "; ".join(f"{rows} rows break {name}" for name, rows in broken.items()),
            "Nothing was published. What each claim says stands in sql/checks/.",
        )
    return {"claims hold": len(warehouse.checks())}
