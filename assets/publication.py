"""The end of the graph: the release that readers open.

Belongs here: the release as an asset. Does not belong here: what is in a release.
"""

from typing import Any

import dagster as dg

from assets.resources import WRITER, Fund, quantities
from pipelines import build, warehouse
from pipelines.build import Quantities


class Release(dg.Config):
    """How the release is to be called; empty for the quarter and a hash of the inputs."""

    name: str = ""


@dg.asset(
    key=["publish", "release"],
    group_name="publish",
    deps=[["validate", "findings"], *(model.name.split(".") for model in warehouse.models())],
    pool=WRITER,
    kinds={"parquet", "duckdb"},
)
def release(config: Release, fund: Fund) -> dg.MaterializeResult[Any]:
    """A folder that never changes: tables, the DuckDB file, the dictionary in both languages, and the manifest."""
    made = build.publish(fund.root(), config.name or None)
    shown: Quantities = {
        "release": made.name,
        "new": "yes" if made.is_new else made.reason,
        "tables": made.tables,
        "rows": made.rows,
    }
    return dg.MaterializeResult(metadata=quantities(shown) | {"folder": dg.MetadataValue.path(made.folder)})
