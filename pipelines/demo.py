"""The fictional fund: registers and its reports as partners send them, some late, some wrong, one missing.

Belongs here: the verb, what it gives back, and which reports come late, never or twice. Does not belong here: the
cast (`demo_world`), the rows (`demo_money`, `demo_tables`), their mistakes (`demo_mistakes`), the inbox and its files
(`demo_inbox`, `demo_reports`, `demo_iati`), the registers (`demo_registers`).

The same numbers give the same bytes. What `data/inbox/` holds is `--partners 8 --quarters 6 --seed 17`.
"""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.demo_inbox import Habits, Place, Sent, write_inbox
from pipelines.demo_mistakes import plan
from pipelines.demo_registers import write_registers
from pipelines.demo_reports import Planted
from pipelines.demo_tables import tables
from pipelines.demo_world import LINES, World, draw, imagine
from pipelines.errors import ProjectError
from pipelines.paths import DataRoot

#: Share of the rows that carry a mistake.
MISTAKES = 0.02


@dataclass(frozen=True)
class Summary:
    """What a demo holds: its files, its mistakes, and the reports that are late, missing or sent twice.

    `rows` counts per kind what stands in workbooks and exports, without the IATI publications.
    """

    out: Path
    partners: int
    quarters: tuple[str, ...]
    rows: Mapping[str, int]
    sent: tuple[Sent, ...]
    planted: tuple[Planted, ...]
    late: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, str], ...]
    restated: tuple[tuple[str, str], ...]


def generate(
    partners: int, quarters: int, seed: int, out: Path, mistakes: float = MISTAKES, lines: int = LINES
) -> Summary:
    """Writes the registers and reports of a fictional fund below `out`.

    `mistakes` is the share of rows with one, `lines` how many lines an export has per project and quarter.

    Raises ProjectError where there is an inbox already: a demo never mixes with reports that are there.
    """
    root = DataRoot(out)
    if root.inbox.exists() and any(root.inbox.iterdir()):
        raise ProjectError(f"{root.inbox} holds files already.", "Give an empty folder, or move that one away.")
    world = imagine(partners, quarters, seed, lines)
    habits = _habits(world)
    rows = tables(world)
    slips = plan(world, rows, mistakes, habits.missing | habits.restated)

    aside = out / f".inbox.{os.getpid()}.aside"
    sent: list[Sent] = []
    planted: list[Planted] = []
    try:
        aside.mkdir(parents=True)
        for one, found in write_inbox(world, habits, rows, slips, aside):
            sent.append(one)
            planted += found
        _write_receipts(aside, sent)
        write_registers(world, root.reference)
        if root.inbox.exists():
            root.inbox.rmdir()
        aside.rename(root.inbox)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return Summary(
        out=out,
        partners=partners,
        quarters=world.quarters,
        rows={kind: sum(s.rows.get(kind, 0) for s in sent) for kind in rows},
        sent=tuple(sent),
        planted=tuple(planted),
        late=_names(world, habits.late),
        missing=_names(world, habits.missing),
        restated=_names(world, habits.restated),
    )


def _habits(world: World) -> Habits:
    """One report in sixteen is late, one in eighty never comes, one in eighty comes twice; a small demo has each."""
    import numpy as np

    last, shape = len(world.quarters) - 1, (len(world.partners), len(world.quarters))
    luck = draw(world.seed, "habits", shape[0] * shape[1]).reshape(shape)
    pace = draw(world.seed, "pace", shape[0] * shape[1]).reshape(shape)
    # The first eight partners are those of the small demo: what happens to them is told, not drawn.
    luck[:8] = 0.9
    marked = np.zeros(shape, dtype=np.int64)
    if len(world.partners) >= 8:
        marked[5, max(last - 1, 0)], marked[1, max(last - 1, 0)], marked[3, last], marked[6, last] = 1, 2, 3, 3
    books = np.array([p.form == "xlsx" and p.index > 0 for p in world.partners])[:, None]
    missing = ((luck < 1 / 80) & books) | (marked == 1)
    restated = (((luck > 79 / 80) & books) | (marked == 2)) & ~missing
    late = (((luck > 0.5) & (luck < 0.5 + 1 / 16)) | (marked == 3)) & ~missing
    days = np.where(late, 6 + (pace * 40).astype(np.int64), 1 + (pace * 4).astype(np.int64))
    places = [(p, q) for p in range(shape[0]) for q in range(shape[1])]
    return Habits(
        late=frozenset(x for x in places if late[x]),
        missing=frozenset(x for x in places if missing[x]),
        restated=frozenset(x for x in places if restated[x]),
        days={x: int(days[x]) for x in places},
    )


def _names(world: World, places: frozenset[Place]) -> tuple[tuple[str, str], ...]:
    return tuple((world.partners[p].partner_id, world.quarters[q]) for p, q in sorted(places))


def _write_receipts(inbox: Path, sent: list[Sent]) -> None:
    """States when each file came, so that the demo's lateness is not that of whoever unpacks it."""
    with (inbox / DataRoot(inbox).receipts.name).open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["file", "received_at"])
        writer.writerows((one.file, f"{one.received_at:%Y-%m-%dT%H:%M:%SZ}") for one in sent)
