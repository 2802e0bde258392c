"""Small funds that tests of the whole way build, and the command line in a process of its own.

Belongs here: making a fund. Does not belong here: what is expected of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pipelines import demo
from pipelines.paths import CHECKOUT, DataRoot

PROJECTS = "Project identifier;Project title;Country\nP-1;A well;FR\nP-2;A school;FR\n"

TRANSACTIONS = """\
Project identifier;Transaction type;Transaction date;Amount;Currency
P-1;2;2026-01-15;40000.00;EUR
P-1;3;2026-02-01;12500.50;EUR
P-2;3;2026-02-11;à confirmer;EUR
P-2;4;2026-03-31;700;USD
"""


def small_fund(folder: Path) -> DataRoot:
    """Writes two partners' workbooks for two quarters, of all kinds, with the registers that go with them."""
    return DataRoot(demo.generate(2, 2, 17, folder).out)


def tiny_fund(folder: Path) -> DataRoot:
    """Writes two text files of one partner, six rows of two kinds, one of them refused for its amount; a build of it is quick."""
    root = DataRoot(folder)
    place = root.inbox / "aube" / "2026-Q1"
    place.mkdir(parents=True)
    root.reference.mkdir()
    (place / "projects.csv").write_text(PROJECTS, encoding="utf-8")
    (place / "transactions.csv").write_text(TRANSACTIONS, encoding="utf-8")
    root.receipts.write_text(
        "file,received_at\naube/2026-Q1/projects.csv,2026-04-02T08:00:00Z\naube/2026-Q1/transactions.csv,2026-04-02T08:00:00Z\n",
        encoding="utf-8",
    )
    return root


def sdg17(*arguments: str | Path, **surroundings: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in ("SDG17_DATA", "DAGSTER_HOME")}
    return subprocess.run(
        [sys.executable, "-m", "assets", *map(str, arguments)],
        cwd=CHECKOUT,
        env={**kept, **surroundings},
        capture_output=True,
        text=True,
        check=False,
    )
