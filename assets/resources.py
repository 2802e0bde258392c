"""What every asset stands on: the fund's data root, the instance that keeps the history of runs, and how a table is shown.

Belongs here: settings of Dagster that hold for all assets. Does not belong here: an asset, or anything about reports.
"""

import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import dagster as dg

from pipelines.build import Quantities
from pipelines.paths import DataRoot, default_root, replace_file

#: The pool of everything that writes below the data root: one writer at a time. The file lock guards the rest.
WRITER = "writer"

#: The Python logger to which a run from the command line reports, instead of Dagster's coloured console.
RUN_LOGGER = "sdg17.run"

#: Written into the home of Dagster when it is first used; the operator may then change it there.
INSTANCE = """\
# Dagster's own settings for this fund. The history of runs is kept beside this file.
telemetry:
  enabled: false
nux:
  enabled: false           # no invitation to join anything
run_retries:
  enabled: true
  max_retries: 1
concurrency:
  pools:
    default_limit: 1       # one writer at a time
    granularity: run
  runs:
    max_concurrent_runs: 1
run_monitoring:
  enabled: true
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""


class Fund(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The data root of one fund: the folder given, else the variable SDG17_DATA, else `data/` of the checkout."""

    data: str = ""

    def root(self) -> DataRoot:
        """Gives the folders below the data root."""
        return DataRoot(Path(self.data)) if self.data else default_root()


@dg.logger({}, "To the command line, which says one line per stage, if it is there; else only faults, to the console.")
def run_logger(context: dg.InitLoggerContext) -> logging.Logger:
    """Gives the logger that the command line listens to."""
    logger = logging.getLogger(RUN_LOGGER)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    return logger


def home(root: DataRoot) -> Path:
    """Gives the home of Dagster below the data root, with its settings, and makes it the one of this process."""
    settings = root.dagster / "dagster.yaml"
    if not settings.exists():
        with replace_file(settings) as aside:
            aside.write_text(INSTANCE, encoding="utf-8")
    os.environ["DAGSTER_HOME"] = str(root.dagster.resolve())
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    return root.dagster


def run_config(release: str = "", data: str = "") -> dict[str, Any]:
    """Gives the configuration of a run: how its release is called, where the fund is, and where its words go."""
    return {
        "ops": {"publish__release": {"config": {"name": release}}},
        "resources": {"fund": {"config": {"data": data}}},
        "loggers": {"run": {}},
    }


def quantities(of: Quantities) -> dict[str, Any]:
    """Shows quantities as metadata; `rows` becomes the row count that Dagster charts over time."""
    return {"dagster/row_count" if name == "rows" else name: value for name, value in of.items()}


def columns(described: Iterable[tuple[str, str, str, str | None]]) -> dict[str, Any]:
    """Shows columns (name, type, meaning, unit) as the column schema of an asset."""
    shown = [
        dg.TableColumn(name, type=kind, description=f"{meaning} [{unit}]" if unit else meaning)
        for name, kind, meaning, unit in described
    ]
    return {"dagster/column_schema": dg.TableSchema(columns=shown)}
