"""The command `sdg17`: the command line of the library, with the two commands that need Dagster, `run` and `serve`.

Belongs here: starting the job `refresh` and the web server, and turning what Dagster tells into lines for a person.
Does not belong here: what a run does. Nothing heavy is imported before it is known that there is something to do.
"""

import logging
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from pipelines import build
from pipelines.cli import enter, sdg17, takes_root
from pipelines.cli.manager import Progress, summary
from pipelines.errors import ProjectError
from pipelines.lock import writing
from pipelines.paths import CHECKOUT, DataRoot


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs the command that was typed, and ends with its exit code."""
    sdg17.add_command(run)
    sdg17.add_command(serve)
    sys.exit(enter(arguments))


@click.command()
@click.option("--release", metavar="NAME", help="Name of the release. [default: the quarter and a hash of the inputs]")
@takes_root
def run(root: DataRoot, release: str | None) -> int:
    """Read what is in the inbox, judge it, and publish a release.

    It ends with 0 when the release of all reports there are is published, by this run or by one before, and with 1
    when not, with the reason. The run can be looked at afterwards with `sdg17 serve`.
    """
    with writing(root, "sdg17 run"):
        _assert_received(root)
        name = build.published_already(root, release)
        if name is not None:
            click.echo("Nothing new: no report, register or rule has changed since the newest release.")
        else:
            name = _refresh(root, release)
    summary(root, name)
    return 0


@click.command()
@click.option("--port", default=3000, show_default=True, help="Port of the web page.")
@takes_root
def serve(root: DataRoot, port: int) -> int:
    """Show the runs, the tables and how they hang together in a browser, on this machine only.

    It also starts the daemon that the two schedules and the watch on the inbox need; they rest until somebody turns
    them on in the page. Stop with Ctrl-C.
    """
    from assets.resources import home

    location = ["--code-server-log-level", "warning", "-m", "assets.definitions", "-d", str(CHECKOUT)]
    surroundings = {**os.environ, "SDG17_DATA": str(root.root.resolve()), "DAGSTER_HOME": str(home(root).resolve())}
    page = ["dagster_webserver", "-h", "127.0.0.1", "-p", str(port), "--dagster-log-level", "warning", *location]
    daemon = ["dagster._daemon", "run", "--log-level", "error", *location]
    started = [subprocess.Popen([sys.executable, "-m", *command], env=surroundings) for command in (page, daemon)]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the two are stopped with this one
    click.echo(f"The runs of {root.root}: http://127.0.0.1:{port}  (Ctrl-C stops it)")
    try:
        return started[0].wait()
    finally:
        for process in started:
            process.terminate()
            process.wait()


def _assert_received(root: DataRoot) -> None:
    from pipelines.intake import ledger

    ledger.receive(root)
    if not ledger.submissions(root):
        raise ProjectError("Nothing has been received yet.", f"Put reports into {root.inbox}/<partner>/<quarter>/.")


def _refresh(root: DataRoot, release: str | None) -> str:
    """Runs the job `refresh` in this process, on the instance that `serve` shows; gives the name of the release."""
    from dagster import DagsterExecutionInterruptedError, DagsterInstance
    from dagster._core.errors import DagsterAssetCheckFailedError

    from assets.definitions import defs
    from assets.resources import RUN_LOGGER, home, run_config

    job = defs.resolve_job_def("refresh")
    telling = Telling(Counter(_stage(node.name) for node in job.nodes))
    listened_to = logging.getLogger(RUN_LOGGER)
    listened_to.addHandler(telling)
    try:
        with DagsterInstance.from_config(str(home(root))) as instance:
            result = job.execute_in_process(
                run_config=run_config(release or "", str(root.root)),
                instance=instance,
                # So that the page of the job lists it, as it lists runs that were started there.
                tags={".dagster/repository": "__repository__@assets.definitions"},
            )
    except DagsterAssetCheckFailedError as problem:
        raise ProjectError(f"A claim does not hold: {problem}", "Nothing was published. See sql/checks/.") from None
    except DagsterExecutionInterruptedError:
        raise click.Abort from None
    finally:
        listened_to.removeHandler(telling)
        telling.close()
    return str(result.asset_materializations_for_node("publish__release")[0].metadata["release"].value)


class Telling(logging.Handler):
    """Turns Dagster's events into one line per stage, when the last step of the stage has ended."""

    def __init__(self, steps: Counter[str]) -> None:
        super().__init__()
        self._left = steps
        self._said: dict[str, dict[str, Any]] = {stage: {} for stage in steps}
        self._seconds = dict.fromkeys(steps, 0.0)
        self._progress = Progress()

    def emit(self, record: logging.LogRecord) -> None:
        """Takes one event, or a word of a stage about how far it is."""
        event = getattr(record, "dagster_event", None)
        step = event.step_key if event is not None else vars(record)["dagster_meta"]["step_key"]
        if step is None:
            return
        stage = _stage(step)
        if event is None:
            if record.levelno >= logging.INFO:
                self._progress(build.Step(stage), vars(record)["dagster_meta"]["orig_message"])
        elif event.event_type_value == "STEP_START":
            self._progress(build.Step(stage))
        elif event.event_type_value == "ASSET_MATERIALIZATION":
            self._add(stage, event.step_materialization_data.materialization)
        elif event.event_type_value == "ASSET_CHECK_EVALUATION" and stage == "checks":
            self._said[stage]["claims hold"] = self._said[stage].get("claims hold", 0) + 1
        elif event.event_type_value == "STEP_SUCCESS":
            self._end(stage, event.step_success_data.duration_ms / 1000)

    def close(self) -> None:
        """Leaves the terminal as it was."""
        self._progress.close()
        super().close()

    def _add(self, stage: str, made: Any) -> None:
        said = self._said[stage]
        told = {name: value.value for name, value in made.metadata.items() if hasattr(value, "value")}
        rows = told.pop("dagster/row_count", 0)
        if stage in ("registers", "core", "metrics"):
            said.update({"tables": said.get("tables", 0) + 1, "rows": said.get("rows", 0) + rows})
        elif stage == "publish":
            said.update({"release": told["release"]})
        elif stage != "judge" or made.asset_key.path[-1] == "findings":
            said.update(told | ({"rows": rows} if stage == "read" else {}))

    def _end(self, stage: str, seconds: float) -> None:
        self._left[stage] -= 1
        self._seconds[stage] += seconds
        if not self._left[stage]:
            self._progress(build.Step(stage, self._said[stage], self._seconds[stage]))


def _stage(step: str) -> str:
    """Gives the stage of a step of the job."""
    from pipelines import warehouse

    models = {model.name.replace(".", "__"): model.layer for model in warehouse.models()}
    others = {"ingest__ledger": "receive", "ingest__extracts": "read", "registers": "registers", "judged": "judge",
              "publish__release": "publish"}  # fmt: skip
    return models.get(step) or others.get(step, "checks")


if __name__ == "__main__":
    main()
