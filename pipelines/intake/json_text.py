"""JSON text to values: numbers exactly as typed, keys that stand twice kept both, several values in one file.

Belongs here: the grammar of JSON and of JSON Lines, and what stops the reading. Does not belong here: which values are
rows (json_reader), rows to columns (json_columns).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from pipelines.intake.model import ReadFinding

#: Objects take eight times the memory of their text, so that more is not unpacked.
MAXIMUM_BYTES = 256 * 2**20
#: Objects and lists within each other; a report has three or four.
MAXIMUM_DEPTH = 64

_BLANK = re.compile(r"[ \t\r\n]*")
_LITERALS = ("true", "false", "null", "NaN", "Infinity", "-Infinity", "-")


class Refused(Exception):
    """The file is not taken; carries the one finding that says why."""

    def __init__(self, finding: ReadFinding) -> None:
        super().__init__(finding.rule_id)
        self.finding = finding


class Number(str):
    """A number as its digits were typed; it never goes through a float."""


@dataclass(frozen=True)
class Document:
    """What a file holds: one value, or, in JSON Lines, several with the line that each starts on.

    `repeated` are keys that stand twice in one object, once per object; `constants` are NaN and the like.
    """

    values: tuple[Any, ...]
    lines: tuple[int, ...]
    repeated: tuple[str, ...]
    constants: tuple[str, ...]


def parse(text: str) -> Document:
    """Reads a JSON text; raises Refused where it cannot be read whole."""
    repeated: list[str] = []
    constants: list[str] = []

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        return found if len(found) == len(pairs) else _spread(pairs, repeated)

    def constant(name: str) -> str:
        constants.append(name)
        return name

    decoder = json.JSONDecoder(object_pairs_hook=members, parse_int=Number, parse_float=Number, parse_constant=constant)
    values: list[Any] = []
    lines: list[int] = []
    at, line, counted = _after_blanks(text, 0), 1, 0
    try:
        while at < len(text):
            line, counted = line + text.count("\n", counted, at), at
            value, end = decoder.raw_decode(text, at)
            values.append(value)
            lines.append(line)
            at = _after_blanks(text, end)
    except json.JSONDecodeError as problem:
        raise Refused(_broken(problem, text)) from None
    except RecursionError:
        raise Refused(too_deep(None)) from None
    return Document(tuple(values), tuple(lines), tuple(repeated), tuple(constants))


def another(key: str, number: int) -> str:
    """Names a key that stands in its object for the second time, or for a later one."""
    return f"{key} [{number}]"


def too_deep(cell: str | None) -> ReadFinding:
    """Says that objects and lists stand within each other more often than is read."""
    return ReadFinding("json.too-deep", cell=cell, expected=str(MAXIMUM_DEPTH))


def _after_blanks(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _spread(pairs: list[tuple[str, Any]], repeated: list[str]) -> dict[str, Any]:
    """Keeps the first of several members with one key under that key, and each further one under a name of its own."""
    found: dict[str, Any] = {}
    times: dict[str, int] = {}
    for key, value in pairs:
        times[key] = times.get(key, 0) + 1
        if times[key] == 2:
            repeated.append(key)
        found[key if times[key] == 1 else another(key, times[key])] = value
    return found


def _broken(problem: json.JSONDecodeError, text: str) -> ReadFinding:
    rest = text[problem.pos :].rstrip()
    cut = not rest or problem.msg.startswith("Unterminated string") or any(x.startswith(rest) for x in _LITERALS)
    if cut:
        line = text.count("\n", 0, len(text.rstrip())) + 1
        return ReadFinding("json.cut-off", cell=f"L{line}", line=line)
    shown = " ".join(text[max(0, problem.pos - 20) : problem.pos + 20].split())
    return ReadFinding(
        "json.not-well-formed",
        cell=f"L{problem.lineno}",
        line=problem.lineno,
        value=shown,
        args={"column": str(problem.colno)},
    )
