"""The second half of the graph: one asset per SQL file, one check per claim, each made by one factory.

Belongs here: how a model or a claim of `sql/` is shown to Dagster. Does not belong here: what a model computes, or a
list of models; the folder `sql/` is the list.
"""

from typing import Any

import dagster as dg

from assets.resources import WRITER, Fund, columns, quantities
from pipelines import build, warehouse


def models() -> list[dg.AssetsDefinition]:
    """Gives one asset per file of `sql/core` and `sql/metrics`, in the order in which they build on one another."""
    return [_asset(model) for model in warehouse.models()]


def claims() -> list[dg.AssetChecksDefinition]:
    """Gives one blocking check per file of `sql/checks`, on the table that stands furthest down its inputs."""
    return [_check(claim) for claim in warehouse.checks()]


def _asset(of: warehouse.Model) -> dg.AssetsDefinition:
    @dg.asset(
        key=of.name.split("."),
        group_name=of.layer,
        deps=[name.split(".") for name in of.inputs],
        description=_described(of),
        metadata=columns((c.name, c.type, c.meaning, c.unit) for c in of.columns),
        pool=WRITER,
        kinds={"duckdb", "sql"},
    )
    def run(fund: Fund) -> dg.MaterializeResult[Any]:
        return dg.MaterializeResult(metadata=quantities({"rows": build.run_model(fund.root(), of.name)}))

    return run


def _check(of: warehouse.Model) -> dg.AssetChecksDefinition:
    *others, last = of.inputs

    @dg.asset_check(
        name=of.table,
        asset=last.split("."),
        additional_deps=[name.split(".") for name in others],
        blocking=True,
        description=_described(of),
        pool=WRITER,
    )
    def holds(fund: Fund) -> dg.AssetCheckResult:
        rows = build.check(fund.root(), of.name)
        return dg.AssetCheckResult(passed=not rows, metadata={"rows that break the claim": rows})

    return holds


def _described(of: warehouse.Model) -> str:
    grain = f"\n\nOne row per {', '.join(of.grain)}." if of.grain else ""
    return f"{of.doc}{grain}\n\n```sql\n{of.sql}\n```"
