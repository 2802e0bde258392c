"""A list of JSON objects to columns: one per path that leads to a text, a number or a truth value.

Belongs here: flattening, and JSON pointers. Does not belong here: parsing (json_text), what a path means (headers).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from pipelines.intake.json_text import MAXIMUM_DEPTH, Number, Refused, too_deep
from pipelines.intake.model import ReadFinding

if TYPE_CHECKING:
    import pyarrow as pa

#: Paths of one list of objects; a report has some dozens. Beyond, keys are data, and the text is no table.
MAXIMUM_COLUMNS = 2_000
#: Cells of one list of objects, filled or not, as of one sheet.
MAXIMUM_CELLS = 60_000_000
#: Items of a list that become columns; a longer list (the corners of an area) is one text.
_LISTED = 20


@dataclass(frozen=True)
class JsonColumn:
    """The values at one path in all rows; `type` is None where every one of them is text."""

    path: tuple[str, ...]
    text: pa.StringArray
    type: pa.StringArray | None

    @property
    def header(self) -> str:
        """The path as it reads: `recipientOrganization/0/id`."""
        return "/".join(map(sound, self.path))

    @property
    def pointer(self) -> str:
        """The path as a JSON pointer below its row."""
        return pointer(self.path)


def columns(rows: Sequence[dict[str, Any]]) -> list[JsonColumn]:
    """Flattens objects into columns, in the order in which their paths are first met; blank texts become null."""
    found: list[JsonColumn] = []
    _walk((), rows, found)
    return found


def pointer(path: Sequence[str]) -> str:
    """Writes a JSON pointer (RFC 6901)."""
    return "".join("/" + sound(part).replace("~", "~0").replace("/", "~1") for part in path)


def sound(text: str) -> str:
    """Gives a text without halves of characters, which JSON can spell (`\\ud83d`) and nothing else can hold."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def written(value: Any, depth: int = 0) -> str:
    """Writes a value as JSON, its numbers as they were typed."""
    if depth > MAXIMUM_DEPTH:
        raise Refused(too_deep(None))
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        inside = (f"{json.dumps(key, ensure_ascii=False)}: {written(item, depth + 1)}" for key, item in value.items())
        return "{" + ", ".join(inside) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(item, depth + 1) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _walk(path: tuple[str, ...], values: Sequence[Any], found: list[JsonColumn]) -> None:
    if len(path) > MAXIMUM_DEPTH:
        raise Refused(too_deep(pointer(path[:4]) + "/…"))
    kinds = set(map(type, values))
    if kinds - {dict, list, type(None)}:
        found.append(_column(path, values, kinds))
        if len(found) > MAXIMUM_COLUMNS or len(found) * len(values) > MAXIMUM_CELLS:
            args = {"columns": str(len(found)), "rows": str(len(values))}
            raise Refused(ReadFinding("json.too-wide", value=found[-1].header[:100], args=args))
    if dict in kinds:
        objects = values if kinds == {dict} else [value if type(value) is dict else {} for value in values]
        for key in dict.fromkeys(chain.from_iterable(objects)):
            _walk((*path, key), [item.get(key) for item in objects], found)
    if list in kinds:
        lists = [value if type(value) is list else [] for value in values]
        longest = max(map(len, lists))
        if longest > _LISTED:
            texts = [written(value) if value else None for value in lists]
            found.append(_column(path, texts, {str, type(None)}))
            return
        for index in range(longest):
            _walk((*path, str(index)), [items[index] if len(items) > index else None for items in lists], found)


def _column(path: tuple[str, ...], values: Sequence[Any], kinds: set[type]) -> JsonColumn:
    import pyarrow as pa
    import pyarrow.compute as pc

    if kinds <= {str, Number, type(None)}:
        text = _texts(values)
    else:
        text = _texts([_shown.get(type(value), _nothing)(value) for value in values])
    text = pc.if_else(pc.equal(pc.utf8_trim_whitespace(text), ""), pa.scalar(None, pa.string()), text)
    if kinds <= {str, type(None)}:
        return JsonColumn(path, text, None)
    return JsonColumn(path, text, pa.array([_LETTERS.get(type(value), "s") for value in values], pa.string()))


def _texts(values: Sequence[str | None]) -> pa.StringArray:
    import pyarrow as pa

    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([None if value is None else sound(value) for value in values], pa.string())


def _nothing(value: Any) -> None:
    return None


_LETTERS = {Number: "n", bool: "b"}
_shown: dict[type, Callable[[Any], str | None]] = {
    str: str,
    Number: str,
    bool: lambda value: "true" if value else "false",
}
