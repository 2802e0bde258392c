"""The first half of the graph: reports received, read and judged, beside the fund's registers.

Belongs here: one asset per table up to what was accepted, and the checks that come from the findings. Does not belong
here: how any of it is done; that is `pipelines`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from assets.resources import WRITER, Fund, columns, quantities
from pipelines import build, build_account, contract, findings, shapes, warehouse

#: What columns mean that no contract and no SQL file speaks of.
_MEANINGS = {
    "source_row": "Row of the sheet, line of the text",
    "content_hash": "Hash of what the row says",
    "extra": "Cells of columns that no contract knows, as JSON",
    "read": "Rows read [rows]",
    "accepted": "Rows accepted [rows]",
    "refused": "Rows refused: their point could not be read, or they name neither project nor party [rows]",
    "superseded": "Rows in whose place a later report holds [rows]",
    "duplicate": "Rows that are there twice [rows]",
    "finding_key": "The finding, by content: the same after rows were inserted above",
    "rule_id": "Rule; `sdg17 explain RULE` says it",
    "severity": "critical: the cell was emptied; warning; info",
    "sheet": "Sheet of the file",
    "cell": "Address of the cell",
    "line": "Row or line",
    "field": "Field of the contract",
    "expected": "What would have been understood",
    "difference": "How far the value is from what was expected",
    "suggestion": "What was probably meant",
    "message_en": "The sentence for the sender, in English",
    "message_fr": "The sentence for the sender, in French",
}


@dg.asset(key=["ingest", "ledger"], group_name="ingest", pool=WRITER, kinds={"file"})
def ledger(fund: Fund) -> dg.MaterializeResult[Any]:
    """Every report ever received: who sent it, when it came, the hash of its bytes. Nothing is ever taken out."""
    return dg.MaterializeResult(metadata=quantities(build.receive(fund.root())))


@dg.asset(key=["ingest", "extracts"], group_name="ingest", deps=[ledger], pool=WRITER, kinds={"excel", "csv", "xml"})
def extracts(context: dg.AssetExecutionContext, fund: Fund) -> dg.MaterializeResult[Any]:
    """What each report says, as text, every cell with its address. No file is read twice."""
    return dg.MaterializeResult(metadata=quantities(build.read(fund.root(), context.log.info)))


def _register(name: str) -> dg.AssetSpec:
    of = contract.registers().get(name)
    described = f"{of.title.en}: {of.grain}. {of.meaning.en}" if of else "Euro reference rates of the ECB, day by day."
    return dg.AssetSpec(
        ["reference", name],
        group_name="reference",
        description=described,
        metadata=columns((f.name, f.duckdb_type, f.meaning.en, f.unit) for f in of.fields.values()) if of else {},
        kinds={"csv"},
    )


@dg.multi_asset(name="registers", specs=[_register(name) for name in build.REGISTERS], pool=WRITER)
def registers(fund: Fund) -> Iterator[dg.MaterializeResult[Any]]:
    """Reads the fund's own registers and the reference rates."""
    for name, rows in build.registers(fund.root()).items():
        yield dg.MaterializeResult(asset_key=["reference", name], metadata=quantities({"rows": rows}))


def _accepted(of: contract.Contract) -> dg.AssetSpec:
    shown = ((name, kind) for name, kind in shapes.accepted(of).items() if "__" not in name)
    return dg.AssetSpec(
        ["accepted", of.kind],
        group_name="accepted",
        deps=_JUDGED_FROM,
        description=f"{of.title.en}: {of.grain}. {of.meaning.en}",
        metadata=columns((name, kind, *_meaning(of, name)) for name, kind in shown),
        kinds={"parquet", "duckdb"},
    )


def _meaning(of: contract.Contract, name: str) -> tuple[str, str | None]:
    """Gives meaning and unit of a column: of the contract's own, else of its namesake in the core tables."""
    own = of.fields.get(name)
    return (own.meaning.en, own.unit) if own is not None else (_namesake(name), None)


def _namesake(name: str) -> str:
    """Gives the meaning of a column: the one stated here, else that of its namesake in the core tables."""
    named = (c.meaning for model in warehouse.models() for c in model.columns if c.name == name)
    return _MEANINGS.get(name) or next(named, "")


def _kept(layer: str, name: str, shape: Mapping[str, str], description: str) -> dg.AssetSpec:
    return dg.AssetSpec(
        [layer, name],
        group_name="accepted",
        deps=_JUDGED_FROM,
        description=description,
        metadata=columns((column, kind, _namesake(column), None) for column, kind in shape.items()),
        kinds={"parquet"},
    )


def _checks(kind: str) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(name, asset=dg.AssetKey(["accepted", kind]), blocking=blocking, description=description)
        for name, blocking, description in (
            ("rows_add_up", True, "Rows read = accepted + refused + superseded + duplicate."),
            ("no_findings", False, "Nothing critical and no warning in these reports. A finding never stops a release."),
        )
    ]  # fmt: skip


_JUDGED_FROM = [["ingest", "extracts"], *(["reference", name] for name in build.ASKED)]
_JUDGED = [
    *(_accepted(of) for of in contract.reports().values()),
    _kept("validate", "findings", findings.COLUMNS, "What is wrong or worth knowing, to the cell, in both languages."),
    _kept("ingest", "counts", shapes.COUNTS, "What became of the rows of each report, sheet and kind."),
    _kept("ingest", "submissions", shapes.SUBMISSIONS, "Reports in their order, with partner and quarter as found."),
]


@dg.multi_asset(
    name="judged",
    specs=_JUDGED,
    check_specs=[check for kind in contract.reports() for check in _checks(kind)],
    pool=WRITER,
)
def judged(context: dg.AssetExecutionContext, fund: Fund) -> Iterator[dg.MaterializeResult[Any]]:
    """Types, settles and judges all rows of all reports, one Great Expectations suite per kind."""
    rows = build.judge(fund.root(), context.log.info)
    yield from (_made(tally) for tally in build_account.by_kind(fund.root()))
    shown = quantities({**rows, "rows": rows["findings"]})
    yield dg.MaterializeResult(asset_key=["validate", "findings"], metadata=shown)
    yield dg.MaterializeResult(asset_key=["ingest", "counts"])
    yield dg.MaterializeResult(asset_key=["ingest", "submissions"])


def _made(tally: build_account.Tally) -> dg.MaterializeResult[Any]:
    shown = quantities({"rows": tally.numbers["accepted"], **tally.numbers})
    return dg.MaterializeResult(asset_key=["accepted", tally.name], metadata=shown, check_results=_results(tally))


def _results(tally: build_account.Tally) -> list[dg.AssetCheckResult]:
    asset, numbers = dg.AssetKey(["accepted", tally.name]), quantities(tally.numbers)
    return [
        dg.AssetCheckResult(passed=tally.adds_up, asset_key=asset, check_name="rows_add_up", metadata=numbers),
        dg.AssetCheckResult(
            passed=tally.is_clean,
            asset_key=asset,
            check_name="no_findings",
            severity=dg.AssetCheckSeverity.WARN,
            description=f"{tally.numbers['critical']} critical, {tally.numbers['warning']} warnings. See `sdg17 explain RULE`.",
            metadata=numbers,
        ),
    ]
