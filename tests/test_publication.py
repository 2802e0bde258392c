"""A release is whole or not there, says what it is made of, and is the same for the same inputs."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines import dictionary, inputs, parquet, publication, warehouse
from pipelines.errors import ReleaseError
from pipelines.intake import ledger
from pipelines.paths import DataRoot
from tables import accept, build

ROWS: dict[str, list[dict[str, Any]]] = {
    "projects": [{"project_id": "P", "title": "One"}],
    "transactions": [
        {
            "project_id": "P",
            "transaction_type_code": "2",
            "transaction_date": "2026-02-10",
            "amount": "10.50",
            "currency": "EUR",
        }
    ],
}


def fund(folder: Path) -> DataRoot:
    """Makes a fund that has received one report on the first of July 2026, and has built everything."""
    root = DataRoot(folder)
    report = root.inbox / "demo" / "2026-Q2" / "report.csv"
    report.parent.mkdir(parents=True)
    report.write_text("project_id,title\nP,One\n", encoding="utf-8")
    root.receipts.write_text("file,received_at\ndemo/2026-Q2/report.csv,2026-07-01T09:00:00Z\n", encoding="utf-8")
    ledger.receive(root)
    accept(root, ROWS)
    build(root)
    return root


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fund(tmp_path_factory.mktemp("fund") / "data").root


@pytest.fixture
def ready(template: Path, tmp_path: Path) -> DataRoot:
    shutil.copytree(template, tmp_path / "data")
    return DataRoot(tmp_path / "data")


def more(root: DataRoot, name: str = "more.csv", received_at: str = "2026-10-02T09:00:00Z") -> None:
    """Another report comes in."""
    (root.inbox / "demo" / name).write_text("project_id,title\nQ,Two\n", encoding="utf-8")
    with root.receipts.open("a", encoding="utf-8") as receipts:
        receipts.write(f"demo/{name},{received_at}\n")
    ledger.receive(root)


def contents(folder: Path) -> dict[str, bytes]:
    """Everything in a release that must have the same bytes; the engine does not repeat those of its own file."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".duckdb")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_release_is_what_its_manifest_says(ready: DataRoot) -> None:
    done = publication.publish(ready)
    folder = ready.release(done.name)
    assert done.is_new and done.folder == folder
    assert done.name == f"2026-Q2-{inputs.input_hash(ready)[:8]}"
    assert ready.latest.read_text() == done.name + "\n" and publication.latest(ready) == done.name
    manifest = json.loads((folder / "manifest.json").read_text())
    named = {"manifest.json", "sdg17.duckdb", "dictionary.en.md", "dictionary.fr.md"}
    tables = {f"{m.layer}/{m.table}.parquet" for m in warehouse.models()}
    assert {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} == named | tables
    assert set(manifest["files"]) == (named | tables) - {"manifest.json", "sdg17.duckdb"}
    for place, about in manifest["files"].items():
        assert about["sha256"] == hashlib.sha256((folder / place).read_bytes()).hexdigest(), place
    assert manifest["files"]["core/transaction.parquet"]["rows"] == 1
    (report,) = manifest["inputs"]["reports"]
    assert report["source_file"] == "demo/2026-Q2/report.csv" and len(report["sha256"]) == 64
    assert {"sdg_targets", "exchange_rates"} <= set(manifest["inputs"]["registers"])
    assert manifest["input_hash"] == inputs.input_hash(ready)
    assert {"code", "contracts", "code_lists", "layouts", "sql", "engines"} <= set(manifest)
    assert "2026-07-01" not in (folder / "manifest.json").read_text(), "when a report came is nobody's business"


def test_the_database_holds_the_tables_and_what_they_mean(ready: DataRoot) -> None:
    folder = publication.publish(ready).folder
    stated = json.loads((folder / "manifest.json").read_text())["database"]["tables"]
    assert not list(folder.glob("*.wal"))
    with duckdb.connect(str(folder / "sdg17.duckdb"), read_only=True) as con:
        silent = (
            "select schema_name, table_name, column_name from duckdb_columns() where not internal and comment is null"
        )
        assert con.execute(silent).fetchall() == []
        (comment,) = con.execute("select comment from duckdb_tables() where table_name = 'contribution'").fetchall()[0]
        assert " | " in comment
        version = con.execute("select tags['storage_version'] from duckdb_databases() where not internal").fetchall()
        assert version == [("v1.5.0+",)]
        for model in warehouse.models():
            table = con.sql(f"from {model.name}").to_arrow_table()
            written = pq.read_table(folder / model.layer / f"{model.table}.parquet")
            assert table.schema.names == written.schema.names
            content = parquet.ContentHash(written.schema)
            content.add(table.cast(written.schema).combine_chunks())
            assert content.hexdigest() == stated[model.name], model.name


def test_unchanged_inputs_publish_nothing(ready: DataRoot) -> None:
    first = publication.publish(ready)
    before = contents(first.folder)
    again = publication.publish(ready)
    assert not again.is_new and again.reason and again.name == first.name
    assert contents(first.folder) == before
    named = publication.publish(ready, "board-2026-Q2")
    assert named.is_new and publication.latest(ready) == "board-2026-Q2"
    assert not publication.publish(ready).is_new
    assert not publication.publish(ready, "board-2026-Q2").is_new


def test_the_same_inputs_give_the_same_bytes_anywhere(ready: DataRoot, tmp_path: Path) -> None:
    here = publication.publish(ready)
    there = publication.publish(fund(tmp_path / "elsewhere"))
    assert here.name == there.name
    assert contents(here.folder) == contents(there.folder)


def test_a_release_never_changes_and_its_name_is_taken(ready: DataRoot) -> None:
    first = publication.publish(ready, "board")
    before = contents(first.folder)
    more(ready)
    with pytest.raises(ReleaseError, match="release board already, made from other inputs"):
        publication.publish(ready, "board")
    second = publication.publish(ready)
    assert second.is_new and second.name.startswith("2026-Q3-")
    assert contents(first.folder) == before


@pytest.mark.parametrize(
    "name", ["latest", "final", "site", "approvals.jsonl", "../out", ".hidden", "a/b", "a\nb", "a" * 101]
)
def test_some_names_are_refused(ready: DataRoot, name: str) -> None:
    with pytest.raises(ReleaseError, match="cannot be the name of a release"):
        publication.publish(ready, name)
    assert not (ready.root.parent / "out").exists()


def test_without_reports_there_is_no_release(root: DataRoot) -> None:
    with pytest.raises(ReleaseError, match="Nothing has been received"):
        publication.publish(root)


def test_what_is_not_built_is_not_published(ready: DataRoot) -> None:
    ready.table("metrics", "metric_value").unlink()
    with pytest.raises(ReleaseError, match=r"metrics\.metric_value is not built"):
        publication.publish(ready)
    assert publication.latest(ready) is None


class Killed(BaseException):
    """What no handler catches."""


@pytest.mark.parametrize("moment", ["_write_database", "_write_manifest", "_settle", "_settle_folder", "_point"])
def test_killed_at_any_moment_the_old_release_stands_and_a_second_run_mends(
    ready: DataRoot, moment: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = publication.publish(ready, "old")
    more(ready)
    shutil.copytree(ready.root, tmp_path / "undisturbed")
    undisturbed = publication.publish(DataRoot(tmp_path / "undisturbed"))

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(publication, moment, die)
        publication.publish(ready)
    assert publication.latest(ready) == "old"
    seen = [path for path in ready.published.iterdir() if path.is_dir() and not path.name.startswith(".")]
    for folder in seen:
        manifest = publication.read_manifest(folder)
        assert all((folder / place).is_file() for place in manifest["files"]), "half a release was to be seen"
    mended = publication.publish(ready)
    assert mended.name == undisturbed.name == publication.latest(ready)
    assert contents(mended.folder) == contents(undisturbed.folder)
    assert contents(old.folder)
    assert not list(ready.published.glob(".*"))


def test_only_inputs_change_the_hash(ready: DataRoot) -> None:
    before = inputs.input_hash(ready)
    (ready.build / "anything").write_text("x", encoding="utf-8")
    ledger.record(ready, [ledger.Judged(ledger.submissions(ready)[0].submission_id, before, 1, 1, 0, 0, 0, 0)])
    assert inputs.input_hash(ready) == before
    ready.reference.mkdir(exist_ok=True)
    register = ready.reference / "partners.csv"
    register.write_text("partner_id,name,language\ndemo,Demo,fr\n", encoding="utf-8")
    with_register = inputs.input_hash(ready)
    assert with_register != before
    register.unlink()
    assert inputs.input_hash(ready) == before
    more(ready)
    assert inputs.input_hash(ready) not in (before, with_register)


def test_a_dictionary_in_both_languages_names_every_column() -> None:
    english, french = dictionary.page("en"), dictionary.page("fr")
    for entry in dictionary.entries():
        assert entry.meaning_en.replace("|", "\\|") in english, entry
        assert entry.meaning_fr.replace("|", "\\|") in french, entry
        assert f"`{entry.column}`" in english
    assert english.startswith("# Data dictionary") and french.startswith("# Dictionnaire des données")
    assert "`cofinancing_secured`" in english
