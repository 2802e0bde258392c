"""The README, tried out: what it asks of the fictional fund's release is what that release answers.

Belongs here: examples of the guides, run. Does not belong here: whether the figures are right.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import duckdb
import pytest

from pipelines import build
from pipelines.paths import CHECKOUT, DataRoot

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
ASKED = re.compile(r"```sql\n(?P<sql>.*?)```\n+```\n(?P<answer>.*?)```", re.DOTALL)
ASKED_IN_PYTHON = re.compile(r'db\.sql\("""(?P<sql>.*?)"""\).*?```\n+```\n(?P<answer>.*?)```', re.DOTALL)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Publishes the fictional fund and opens its release."""
    root = DataRoot(tmp_path_factory.mktemp("readme"))
    demo = DataRoot(CHECKOUT / "data")
    shutil.copytree(demo.inbox, root.inbox)
    shutil.copytree(demo.reference, root.reference)
    published = build.refresh(root)
    with duckdb.connect(str(root.release(published.name) / "sdg17.duckdb"), read_only=True) as connection:
        yield connection


def cells(answer: str) -> list[list[str]]:
    """Gives the rows of a table as DuckDB prints it, without names and types of columns."""
    rows = [
        [cell.strip() for cell in line.strip("│ \n").split("│")] for line in answer.splitlines() if line.startswith("│")
    ]
    return rows[2:]


def test_each_question_is_answered_as_the_guide_shows(release: duckdb.DuckDBPyConnection) -> None:
    asked = [*ASKED.finditer(README), *ASKED_IN_PYTHON.finditer(README)]
    assert len(asked) == 3
    for question in asked:
        answer = release.execute(question["sql"]).fetchall()
        said = [
            ["NULL" if v is None else str(v).lower() if isinstance(v, bool) else str(v) for v in row] for row in answer
        ]
        assert cells(question["answer"]) == said, question["sql"]


def test_the_figure_that_is_cited_is_the_one_that_is_shown(release: duckdb.DuckDBPyConnection) -> None:
    cited = re.search(r"> Committed to target (\S+) in (\S+), split: ([\d,]+) EUR", README)
    assert cited
    (total,) = release.execute(
        "select sum(amount_eur) from core.contribution where measure = 'committed' and share_kind = 'sdg_how'"
        " and target_code = ? and quarter = ?",
        [cited[1], cited[2]],
    ).fetchall()[0]
    assert f"{total:,.0f}" == cited[3]


@pytest.mark.parametrize("command", sorted(set(re.findall(r"sdg17 (run|status|serve|check|explain|demo)\b", README))))
def test_each_command_of_the_guide_exists(command: str) -> None:
    from assets.__main__ import run, serve
    from pipelines.cli import analyst, manager, operator, partner

    known = {c.name for c in (run, serve, analyst.explain, manager.status, operator.demo, partner.check)}
    assert command in known
