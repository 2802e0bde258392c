"""The ledger: what was received stays received, once, safely, whatever happens around it.

Belongs here: the inbox, copies and events. Does not belong here: what is in a file.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.errors import ProjectError
from pipelines.intake import ledger
from pipelines.intake.ledger import Judged, receive, submissions
from pipelines.paths import DataRoot


def drop(root: DataRoot, name: str, content: bytes = b"a;b\n1;2\n") -> Path:
    path = root.inbox / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_file_is_copied_by_content_and_entered_once(root: DataRoot) -> None:
    drop(root, "alpha/2026-T2/rapport.csv")
    (first,) = receive(root)
    sha = hashlib.sha256(b"a;b\n1;2\n").hexdigest()
    assert (first.sha256, first.size, first.source_file) == (sha, 8, "alpha/2026-T2/rapport.csv")
    assert (first.partner_id, first.period) == ("alpha", "2026-Q2")
    assert first.submission_id == "S-" + hashlib.sha256(f"{sha}\nalpha/2026-T2/rapport.csv".encode()).hexdigest()[:16]
    assert root.received_file(sha).read_bytes() == b"a;b\n1;2\n"
    assert receive(root) == []
    assert submissions(root) == [first]
    assert len(root.ledger.read_bytes().splitlines()) == 1


def test_other_content_and_another_place_are_other_submissions(root: DataRoot) -> None:
    drop(root, "a.csv")
    drop(root, "b.csv")
    one, two = receive(root)
    assert one.sha256 == two.sha256
    assert one.submission_id != two.submission_id
    drop(root, "a.csv", b"other")
    (three,) = receive(root)
    assert three.source_file == "a.csv"
    assert len(submissions(root)) == 3
    assert root.received_file(one.sha256).exists()


def test_what_vanishes_from_the_inbox_stays_received(root: DataRoot) -> None:
    path = drop(root, "a.csv")
    (entry,) = receive(root)
    path.unlink()
    assert receive(root) == []
    assert submissions(root) == [entry]
    assert root.received_file(entry.sha256).exists()


@pytest.mark.parametrize(
    ("path", "partner", "period"),
    [
        ("file.csv", None, None),
        ("alpha/file.csv", "alpha", None),
        ("alpha/2025-Q4/sub/file.csv", "alpha", "2025-Q4"),
        ("alpha/drafts/file.csv", "alpha", None),
        ("2025-Q4/file.csv", None, "2025-Q4"),
    ],
)
def test_partner_and_period_come_from_the_path(
    root: DataRoot, path: str, partner: str | None, period: str | None
) -> None:
    drop(root, path)
    (entry,) = receive(root)
    assert (entry.partner_id, entry.period) == (partner, period)


def test_receipts_say_when_a_file_came_and_decide_the_order(root: DataRoot) -> None:
    drop(root, "a/late.csv", b"1")
    drop(root, "b/early.csv", b"2")
    drop(root, "c/same.csv", b"3")
    drop(
        root,
        "receipts.csv",
        b"file,received_at\na/late.csv,2026-07-09T10:00:00+02:00\nb/early.csv,2026-07-01\nc/same.csv,2026-07-01T00:00:00Z\n",
    )
    receive(root)
    assert [(s.source_file, s.received_at) for s in submissions(root)] == [
        ("b/early.csv", "2026-07-01T00:00:00Z"),
        ("c/same.csv", "2026-07-01T00:00:00Z"),
        ("a/late.csv", "2026-07-09T08:00:00Z"),
    ]


@pytest.mark.parametrize("text", ["file,when\na.csv,2026-07-01\n", "file,received_at\na.csv,yesterday\n"])
def test_receipts_that_cannot_be_read_are_told(root: DataRoot, text: str) -> None:
    drop(root, "a.csv")
    drop(root, "receipts.csv", text.encode())
    with pytest.raises(ProjectError, match=r"receipts\.csv line 2"):
        receive(root)


def test_hidden_files_and_locks_are_not_reports(root: DataRoot) -> None:
    for name in (".gitkeep", ".hidden/a.csv", "alpha/.DS_Store", "alpha/~$report.xlsx"):
        drop(root, name)
    assert receive(root) == []
    assert receive(DataRoot(root.root / "none")) == []


def test_odd_names_are_kept_and_shown_safely(root: DataRoot) -> None:
    drop(root, "line\nbreak.csv", b"1")
    drop(root, "back\\x0aslash.csv", b"2")
    drop(root, "Bénévoles 2026\u202fT2.csv", b"3")
    Path(os.fsdecode(os.fsencode(root.inbox) + b"/latin\xe9.csv")).write_bytes(b"4")
    names = {s.source_file for s in receive(root)}
    assert names == {"line\\x0abreak.csv", "back\\\\x0aslash.csv", "Bénévoles 2026\u202fT2.csv", "latin\\xe9.csv"}
    assert receive(root) == []
    assert {s.source_file for s in submissions(root)} == names


def test_a_torn_line_harms_no_other(root: DataRoot) -> None:
    drop(root, "a.csv", b"1")
    receive(root)
    drop(root, "b.csv", b"2")
    receive(root)
    whole = root.ledger.read_bytes()
    for cut in (1, 40, len(whole.splitlines()[1]) - 1, len(whole.splitlines()[1])):
        first = whole.splitlines(keepends=True)[0]
        root.ledger.write_bytes(first + whole[len(first) :][:cut])
        receive(root)
        assert [s.source_file for s in submissions(root)] == ["a.csv", "b.csv"]
        drop(root, f"c{cut}.csv", b"3")
        receive(root)
        assert len(submissions(root)) == 3
        (root.inbox / f"c{cut}.csv").unlink()


def test_killed_between_copy_and_entry_the_next_run_enters_it(root: DataRoot, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(root, "a.csv")
    with monkeypatch.context() as broken:
        broken.setattr(ledger, "_append", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            receive(root)
    assert submissions(root) == []
    assert len(receive(root)) == 1
    assert [p.name for p in (root.received / "files").iterdir()] == [submissions(root)[0].sha256[:2]]


def test_a_linked_folder_that_holds_itself_ends(root: DataRoot) -> None:
    drop(root, "a/x.csv")
    (root.inbox / "a" / "again").symlink_to(root.inbox, target_is_directory=True)
    assert len(receive(root)) == 1


def test_what_became_of_a_submission_is_entered_only_when_it_changes(root: DataRoot) -> None:
    drop(root, "a.csv")
    (entry,) = receive(root)
    verdict = Judged(entry.submission_id, "h1", read=3, accepted=2, refused=1, superseded=0, duplicate=0, findings=4)
    assert ledger.record(root, [verdict]) == 1
    assert ledger.record(root, [replace(verdict, input_hash="h2")]) == 0
    assert ledger.record(root, [replace(verdict, accepted=3, refused=0)]) == 1
    assert submissions(root) == [entry]
    assert [json.loads(line)["event"] for line in root.ledger.read_bytes().splitlines()] == [
        "received",
        "judged",
        "judged",
    ]


def test_the_ledger_is_a_table_too(root: DataRoot) -> None:
    ledger.to_parquet(root)
    assert pq.read_table(root.ledger_table).num_rows == 0
    drop(root, "alpha/2026-Q1/a.csv")
    (entry,) = receive(root)
    ledger.record(root, [Judged(entry.submission_id, "h", 1, 1, 0, 0, 0, 0)])
    ledger.to_parquet(root)
    rows = pq.read_table(root.ledger_table).to_pylist()
    assert [(r["event"], r["partner_id"], r["period"], r["read"]) for r in rows] == [
        ("received", "alpha", "2026-Q1", None),
        ("judged", None, None, 1),
    ]


def test_a_file_that_returns_to_an_earlier_version_is_received_again(root: DataRoot) -> None:
    path = root.inbox / "p" / "2026-Q1" / "d.csv"
    path.parent.mkdir(parents=True)
    for text in ("one", "two", "one", "one"):
        path.write_text(text, encoding="utf-8")
        receive(root)
    found = submissions(root)
    assert len(found) == 3
    assert len({s.submission_id for s in found}) == 3
    assert found[0].sha256 == found[2].sha256 != found[1].sha256
