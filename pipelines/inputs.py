"""What a build is made of: the reports received, the registers, the rules, the SQL and the code, under one hash.

Belongs here: naming every input by its content. Does not belong here: any clock; equal inputs have equal hashes, today
and in ten years.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from pipelines import __version__, contract, corrections, reference, settings
from pipelines.intake import ledger
from pipelines.paths import CODES, LAYOUTS, PACKAGE, SQL, DataRoot


@dataclass(frozen=True)
class Report:
    """One received report, by its content and by what its path says of it."""

    submission_id: str
    source_file: str
    sha256: str
    partner_id: str | None
    period: str | None


@dataclass(frozen=True)
class Inputs:
    """All inputs of a build; `reports` stand in the order of receipt, which decides what supersedes what."""

    reports: tuple[Report, ...]
    registers: Mapping[str, str]
    corrections: Mapping[str, str]
    decisions: Mapping[str, str]
    contracts: str
    code_lists: Mapping[str, str]
    layouts: str
    sql: str
    code: str
    version: str

    @property
    def hash(self) -> str:
        """The one hash of all of them."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def read(root: DataRoot) -> Inputs:
    """Names the inputs that a build of a data root would have now."""
    reports = tuple(
        Report(s.submission_id, s.source_file, s.sha256, s.partner_id, s.period) for s in ledger.submissions(root)
    )
    return Inputs(
        reports=reports,
        registers=reference.hashes(root),
        corrections={path.stem: _hash([path], root.corrections) for path in corrections.files(root)},
        decisions=_decisions(root),
        contracts=contract.contracts_hash(),
        code_lists={path.stem: _hash([path], CODES) for path in sorted(CODES.glob("*.csv"))},
        layouts=_hash(LAYOUTS.rglob("*.toml"), LAYOUTS),
        sql=_hash(SQL.rglob("*.sql"), SQL),
        code=_code(),
        version=__version__,
    )


def input_hash(root: DataRoot) -> str:
    """Gives the hash of all inputs of a build."""
    return read(root).hash


def _decisions(root: DataRoot) -> dict[str, str]:
    """Hashes what the fund has decided, and what it has written down of the words of its partners."""
    paths = [settings.file(root), *sorted((root.reference / "header_maps").glob("*.toml"))]
    return {p.relative_to(root.reference).as_posix(): _hash([p], root.reference) for p in paths if p.is_file()}


@cache
def _code() -> str:
    """Hashes the library; what the command line says to a person changes no figure."""
    return _hash((p for p in PACKAGE.rglob("*.py") if "cli" not in p.relative_to(PACKAGE).parts), PACKAGE)


def _hash(paths: Iterable[Path], folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
