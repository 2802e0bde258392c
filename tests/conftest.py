"""What tests of any module ask for: an empty fund, and the real reports.

Belongs here: fixtures that several test files use. Does not belong here: the inputs of one test, which stand in it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from pipelines.paths import CHECKOUT, DataRoot

# The same examples on every run, and no judgement by a clock on a machine that others use.
settings.register_profile("house", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def _nothing_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps a test from finding the fund or the Dagster home of whoever runs it."""
    for variable in ("SDG17_DATA", "DAGSTER_HOME"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def root(tmp_path: Path) -> DataRoot:
    """Gives a fund that has received nothing yet."""
    root = DataRoot(tmp_path / "data")
    root.inbox.mkdir(parents=True)
    root.reference.mkdir()
    return root


@pytest.fixture(scope="session")
def real() -> Path:
    """Gives the folder of real reports; without it the test skips, but in CI it fails."""
    folder = Path(os.environ.get("SDG17_REAL") or CHECKOUT.parent / "shared" / "real")
    if not (folder / "FACTS.json").is_file():
        missing = f"No real reports in {folder}: set SDG17_REAL to the folder that holds FACTS.json."
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return folder
