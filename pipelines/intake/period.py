"""The quarter that a text speaks of, in the spellings partners use.

Belongs here: `2026-Q2` out of a cell or a folder name. Does not belong here: due dates (calendar).
"""

from __future__ import annotations

import re

from pipelines.contract import fold

_DAY = re.compile(r"(\d{4})-(\d{2})(?:-\d{2})?(?:$|[T ])")
_WORDS = {"premier": "1", "deuxieme": "2", "second": "2", "troisieme": "3", "quatrieme": "4",
          "first": "1", "third": "3", "fourth": "4"}  # fmt: skip
_NUMBER = (
    r"(?:q|t|quarter|trimestre|trim)\s?([1-4])|([1-4])\s?(?:er|e|eme|st|nd|rd|th)?\s?(?:q|t|quarter|trimestre|trim)"
)
_YEAR_FIRST = re.compile(rf"(\d{{4}})\s?(?:{_NUMBER})")
_YEAR_LAST = re.compile(rf"(?:{_NUMBER})\s?(?:de |of )?(\d{{4}})")


def quarter(text: str) -> str | None:
    """Reads `2026-T2`, `T2 2026`, `2e trimestre 2026`, `Q2-2026` or an ISO day as `2026-Q2`; None for anything else."""
    if found := _DAY.match(text.strip()):
        month = int(found[2])
        return f"{found[1]}-Q{(month + 2) // 3}" if 1 <= month <= 12 else None
    plain = " ".join(_WORDS.get(word, word) for word in fold(text).split())
    if found := _YEAR_FIRST.fullmatch(plain):
        return f"{found[1]}-Q{found[2] or found[3]}"
    if found := _YEAR_LAST.fullmatch(plain):
        return f"{found[3]}-Q{found[1] or found[2]}"
    return None
