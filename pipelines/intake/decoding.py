"""Bytes of text to characters: the encoding found, and text that was encoded twice repaired.

Belongs here: everything about encodings. Does not belong here: rows and columns (delimited).
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

#: Images in cp1252 of the UTF-8 bytes of accented Latin letters, of typographic punctuation and the euro, and of the
#: byte order mark. Only these: `É»` at the end of a French quotation is two honest characters.
_TAIL = "[\x80-\xbf" + "".join(bytes([b]).decode("cp1252", "ignore") for b in range(0x80, 0xA0)) + "]"
_TWICE = re.compile(f"ï»¿|[ÃÂ]{_TAIL}|Å[“’\x92\x93]|â[€\x80]{_TAIL}|â[‚\x82]¬")
_HINTS = ("Ã", "Â", "Å", "â€", "â\x80", "â‚", "â\x82", "ï»¿")


@dataclass(frozen=True)
class Decoded:
    """The text of a file as UTF-8 without a mark; `repaired` counts places encoded twice, `example` shows one."""

    utf8: bytes
    encoding: str
    repaired: int
    example: str | None


def decode(raw: bytes) -> Decoded:
    """Finds the encoding (a mark, else UTF-8 strictly, else Windows) and repairs what was encoded twice."""
    utf8, encoding = _characters(raw)
    if not any(hint.encode() in utf8 for hint in _HINTS):
        return Decoded(utf8, encoding, 0, None)
    text, count, example = repair(utf8.decode())
    return Decoded(text.lstrip("\ufeff").encode(), encoding, count, example)


def repair(text: str) -> tuple[str, int, str | None]:
    """Repairs text that was encoded twice: `Ã©` is é, `ï»¿` is nothing; with the count and the first such place."""
    if not any(hint in text for hint in _HINTS):
        return text, 0, None
    seen: list[str] = []

    def once(found: re.Match[str]) -> str:
        try:
            meant = _single(found[0])
        except UnicodeDecodeError:
            return found[0]
        seen.append(found[0])
        return meant

    return _TWICE.sub(once, text), len(seen), seen[0] if seen else None


def _single(image: str) -> str:
    raw = b"".join(bytes([ord(c)]) if ord(c) < 0x100 else c.encode("cp1252") for c in image)
    meant = raw.decode("utf-8")
    return "" if meant == "\ufeff" else meant


def _characters(raw: bytes) -> tuple[bytes, str]:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", "replace").encode(), "utf-16"
    head = raw[:4000]
    if head.count(0) * 3 > len(head):
        # UTF-16 without a mark: in western text every second byte is zero.
        encoding = "utf-16-le" if head[1::2].count(0) > head[0::2].count(0) else "utf-16-be"
        return raw.decode(encoding, "replace").encode(), encoding
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        # Five bytes have no character in cp1252; kept as the control characters of latin-1, nothing is lost.
        return raw.decode("cp1252", errors=_KEEP).encode(), "cp1252"
    return raw.removeprefix(codecs.BOM_UTF8), "utf-8-sig" if raw.startswith(codecs.BOM_UTF8) else "utf-8"


def _as_latin(problem: UnicodeError) -> tuple[str, int]:
    assert isinstance(problem, UnicodeDecodeError)
    return problem.object[problem.start : problem.end].decode("latin-1"), problem.end


_KEEP = "sdg17.keep"
codecs.register_error(_KEEP, _as_latin)
