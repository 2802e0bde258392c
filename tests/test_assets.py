"""The graph in Dagster: what there is, what is said of it, what starts a run, and what a run leaves behind.

Belongs here: `assets/`. Does not belong here: what a stage does (the tests of `pipelines`), and the words of the command
line (test_cli.py).
"""

from __future__ import annotations

import contextlib
import io
import signal
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import dagster as dg
import pytest
import yaml

from assets import publication, reports, warehouse
from assets.__main__ import main
from assets.definitions import defs, new_reports, quarterly_release, weekly_refresh
from assets.resources import INSTANCE, WRITER, Fund, home
from funds import small_fund, tiny_fund
from pipelines import build, contract
from pipelines import warehouse as sql
from pipelines.calendar import ZONE
from pipelines.errors import ProjectError
from pipelines.lock import writing
from pipelines.paths import DataRoot

#: Assets that are no single table with columns of its own.
NO_TABLE = (("ingest", "ledger"), ("ingest", "extracts"), ("publish", "release"))

GRAPH = defs.resolve_asset_graph()


@pytest.fixture(scope="module")
def fund(tmp_path_factory: pytest.TempPathFactory) -> DataRoot:
    """Gives a fund after `sdg17 run`."""
    fund = small_fund(tmp_path_factory.mktemp("fund"))
    with contextlib.redirect_stdout(io.StringIO()), pytest.raises(SystemExit) as ended:
        main(["run", "--data", str(fund.root)])
    assert ended.value.code == 0
    return fund


@pytest.fixture(scope="module")
def instance(fund: DataRoot) -> Iterator[dg.DagsterInstance]:
    """Gives the instance that `sdg17 serve` shows."""
    with dg.DagsterInstance.from_config(str(fund.dagster)) as instance:
        yield instance


def test_there_is_an_asset_per_table() -> None:
    keys = {tuple(key.path) for key in GRAPH.get_all_asset_keys()}
    assert keys == {
        ("ingest", "ledger"), ("ingest", "extracts"), ("ingest", "counts"), ("ingest", "submissions"),
        ("validate", "findings"), ("publish", "release"),
        *(("reference", name) for name in build.REGISTERS),
        *(("accepted", kind) for kind in contract.reports()),
        *(tuple(model.name.split(".")) for model in sql.models()),
    }  # fmt: skip


def test_every_asset_says_what_it_is_and_stands_in_its_layer() -> None:
    for key in GRAPH.get_all_asset_keys():
        node = GRAPH.get(key)
        assert node.description, key
        assert node.group_name in ("ingest", "reference", "accepted", "core", "metrics", "publish"), key
        assert node.pools == {WRITER}, key


def test_columns_of_tables_have_types_and_meanings() -> None:
    for key in GRAPH.get_all_asset_keys():
        schema = GRAPH.get(key).metadata.get("dagster/column_schema")
        if tuple(key.path) not in (*NO_TABLE, ("reference", "exchange_rates")):
            assert schema is not None and all(c.type and c.description for c in schema.columns), key
    amount = GRAPH.get(dg.AssetKey(["core", "transaction"])).metadata["dagster/column_schema"]
    (amount_eur,) = [column for column in amount.columns if column.name == "amount_eur"]
    assert amount_eur.type == "DECIMAL(18,2)" and amount_eur.description.endswith("[EUR]")


def test_a_table_depends_on_what_its_sql_reads() -> None:
    for model in sql.models():
        parents = GRAPH.get(dg.AssetKey(model.name.split("."))).parent_keys
        assert {".".join(key.path) for key in parents} == set(model.inputs)


def test_findings_never_stop_a_release_and_lost_rows_and_broken_claims_do() -> None:
    blocking = {key.name: GRAPH.get(key).blocking for key in GRAPH.asset_check_keys}
    claims = {claim.table for claim in sql.checks()}
    assert set(blocking) == {"rows_add_up", "no_findings", *claims}
    assert {name for name, blocks in blocking.items() if not blocks} == {"no_findings"}
    assert len([key for key in GRAPH.asset_check_keys if key.name == "no_findings"]) == len(contract.reports())


def test_definitions_load_for_a_fund_that_has_nothing(root: DataRoot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDG17_DATA", str(root.root))
    dg.Definitions.validate_loadable(defs)
    assert Fund().root() == root
    assert not root.dagster.exists()


def test_the_weekly_run_is_on_monday_at_six_in_paris() -> None:
    assert (weekly_refresh.cron_schedule, weekly_refresh.execution_timezone) == ("0 6 * * 1", "Europe/Paris")


def test_the_quarters_release_is_built_on_the_tenth_after_it() -> None:
    assert (quarterly_release.cron_schedule, quarterly_release.execution_timezone) == (
        "0 6 10 1,4,7,10 *",
        "Europe/Paris",
    )
    at = datetime(2026, 10, 10, 6, tzinfo=ZONE)
    request = quarterly_release(dg.build_schedule_context(scheduled_execution_time=at))
    assert isinstance(request, dg.RunRequest)
    assert request.run_config["ops"]["publish__release"]["config"] == {"name": "2026-Q3"}
    job = defs.resolve_job_def("refresh")
    assert dg.validate_run_config(job, request.run_config)


def test_the_inbox_is_watched_by_content(fund: DataRoot, tmp_path: Path) -> None:
    watched = Fund(data=str(fund.root))
    assert isinstance(new_reports(fund=watched), dg.SkipReason)
    for path in fund.inbox.rglob("*.xlsx"):
        path.touch()
    assert isinstance(new_reports(fund=watched), dg.SkipReason), "the same bytes are nothing new"
    other = tiny_fund(tmp_path)
    request = new_reports(fund=Fund(data=str(other.root)))
    assert isinstance(request, dg.RunRequest)
    assert new_reports(fund=Fund(data=str(other.root))) == request, "one state of the inputs, one run"
    (other.inbox / "aube" / "2026-Q1" / "more.csv").write_text("Project identifier;Project title\nP-1;A well\n")
    changed = new_reports(fund=Fund(data=str(other.root)))
    assert isinstance(changed, dg.RunRequest) and changed.run_key != request.run_key


def test_the_home_of_dagster_is_made_once_and_then_the_operators(
    root: DataRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "to be set back")
    settings = home(root) / "dagster.yaml"
    stated = yaml.safe_load(settings.read_text())
    assert stated == yaml.safe_load(INSTANCE)
    assert stated["telemetry"] == {"enabled": False}
    assert stated["concurrency"]["pools"] == {"default_limit": 1, "granularity": "run"}
    settings.write_text("telemetry:\n  enabled: false\n")
    home(root)
    assert "pools" not in settings.read_text()


def test_the_run_of_the_command_line_is_in_the_history(instance: dg.DagsterInstance, fund: DataRoot) -> None:
    (run,) = instance.get_runs()
    assert (run.job_name, run.status) == ("refresh", dg.DagsterRunStatus.SUCCESS)
    for key in GRAPH.get_all_asset_keys():
        assert instance.get_latest_materialization_event(key) is not None, key
    rows = instance.get_latest_materialization_event(dg.AssetKey(["core", "transaction"]))
    assert rows is not None and rows.asset_materialization is not None
    assert rows.asset_materialization.metadata["dagster/row_count"].value > 0
    released = instance.get_latest_materialization_event(dg.AssetKey(["publish", "release"]))
    assert released is not None and released.asset_materialization is not None
    assert released.asset_materialization.metadata["release"].value == fund.latest.read_text().strip()
    evaluations = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(GRAPH.asset_check_keys))
    assert set(evaluations) == set(GRAPH.asset_check_keys)


def everything() -> list[object]:
    return [
        reports.ledger,
        reports.extracts,
        reports.registers,
        reports.judged,
        *warehouse.models(),
        publication.release,
    ]


def test_a_broken_claim_stops_the_release(fund: DataRoot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tiny_fund(tmp_path)
    monkeypatch.setattr(build, "check", lambda root, name: int(name == "checks.rows_add_up"))
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), pytest.raises(SystemExit) as ended:
        main(["run", "--data", str(other.root)])
    assert ended.value.code == 1
    assert "rows_add_up" in out.getvalue() and "Nothing was published" in out.getvalue()
    assert not other.latest.exists()


def test_one_table_alone_is_not_built_on_files_of_other_inputs(tmp_path: Path) -> None:
    other = tiny_fund(tmp_path)
    build.refresh(other)
    (other.inbox / "aube" / "2026-Q1" / "more.csv").write_text("Project identifier;Project title\nP-1;A well\n")
    given = {"fund": Fund(data=str(other.root))}
    assert dg.materialize([reports.ledger, reports.extracts], resources=given).success
    with pytest.raises(ProjectError, match="other inputs"):
        dg.materialize(everything(), selection=[publication.release], resources=given)
    assert dg.materialize(everything(), resources=given).success


def test_a_run_waits_for_no_other_writer_but_says_who_it_is(fund: DataRoot, tmp_path: Path) -> None:
    other = tiny_fund(tmp_path)
    with writing(other, "sdg17 run"):
        # In this process the lock is ours already; another process is refused (test_build.py).
        assert dg.materialize([reports.ledger], resources={"fund": Fund(data=str(other.root))}).success


def test_the_page_is_shown_on_this_machine_only(root: DataRoot, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[list[str], dict[str, str]]] = []

    class Process:
        def __init__(self, command: list[str], env: dict[str, str]) -> None:
            started.append((command, env))

        def wait(self) -> int:
            return 0

        def terminate(self) -> None:
            pass

    monkeypatch.setattr(subprocess, "Popen", Process)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setenv("DAGSTER_HOME", "to be set back")
    with contextlib.redirect_stdout(io.StringIO()) as out, pytest.raises(SystemExit) as ended:
        main(["serve", "--data", str(root.root), "--port", "3999"])
    assert ended.value.code == 0 and "http://127.0.0.1:3999" in out.getvalue()
    (page, env), (daemon, _) = started
    assert page[page.index("-h") + 1] == "127.0.0.1" and "dagster._daemon" in daemon
    assert (env["SDG17_DATA"], env["DAGSTER_HOME"]) == (str(root.root), str(root.dagster))
    assert env["DAGSTER_DISABLE_TELEMETRY"] == "1"
