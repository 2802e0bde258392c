"""What a fund has decided for itself: `data/reference/fund.toml`.

A closed grammar; a fund without the file takes what stands here:

    unknown_senders   "accept": a sender whom the register does not know is taken in under its own identifier
                      "refuse": its rows are refused, and kept with the finding

Belongs here: reading decisions. Does not belong here: registers (reference), and what follows from a decision.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from pipelines.contract import Strict
from pipelines.errors import RegisterError
from pipelines.paths import DataRoot


class Settings(Strict):
    """The decisions of one fund."""

    unknown_senders: Literal["accept", "refuse"] = "accept"


def file(root: DataRoot) -> Path:
    """Gives the place of the file."""
    return root.reference / "fund.toml"


def read(root: DataRoot) -> Settings:
    """Reads the decisions of a fund; raises RegisterError where the file breaks the grammar."""
    path = file(root)
    if not path.is_file():
        return Settings()
    try:
        return Settings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as problem:
        raise RegisterError(
            f"{path.name} cannot be read: {problem}", 'Its one word is unknown_senders = "accept" or "refuse".'
        ) from None
