"""XML to raw tables: one streaming pass, each text with its exact line and place.

Belongs here: the parser's handlers, the choice among languages, what stops the reading.
Does not belong here: where a text is kept (iati_raw), what it means for a contract (iati_rows).
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.parsers import expat

from pipelines.intake.decoding import repair
from pipelines.intake.iati_layout import Layout
from pipelines.intake.iati_raw import Capture, Node, Part, Raw, Row, Rows
from pipelines.intake.model import ReadFinding

_CODES = expat.errors.codes
_RULES = {
    _CODES[expat.errors.XML_ERROR_NO_ELEMENTS]: "iati.cut-off",
    _CODES[expat.errors.XML_ERROR_UNCLOSED_TOKEN]: "iati.cut-off",
    _CODES[expat.errors.XML_ERROR_UNDEFINED_ENTITY]: "iati.entity",
    _CODES[expat.errors.XML_ERROR_INVALID_TOKEN]: "iati.character",
    _CODES[expat.errors.XML_ERROR_PARTIAL_CHAR]: "iati.character",
    _CODES[expat.errors.XML_ERROR_MISPLACED_XML_PI]: "iati.before-declaration",
}


class Refused(Exception):
    """The file is not taken; carries the one finding that says why."""

    def __init__(self, finding: ReadFinding) -> None:
        super().__init__(finding.rule_id)
        self.finding = finding


def read_elements(chunks: Iterable[bytes], encoding: str | None, layout: Layout) -> Raw:
    """Reads an activity file in one pass; `encoding` overrides the one that the file declares.

    Raises Refused where the file cannot be read whole: nothing half read is handed on.
    """
    parser = expat.ParserCreate(encoding)
    parser.buffer_text = True
    rows = Rows(layout)
    _listen(parser, rows)
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as problem:
        rule, column = _RULES.get(problem.code, "iati.not-well-formed"), problem.offset + 1
        raise Refused(_broken(rule, problem.lineno, rows, column=str(column))) from None
    except UnicodeError:
        column = parser.CurrentColumnNumber + 1
        raise Refused(_broken("iati.character", parser.CurrentLineNumber, rows, column=str(column))) from None
    if rows.version is None and rows.activities and not rows.has_narratives:
        raise Refused(ReadFinding("iati.version-unread", line=1, expected=", ".join(layout.versions)))
    return rows.result()


def apart(row: Row, spares: list[Row], parts: tuple[Part, ...]) -> list[Row]:
    """Gives a row for each part of the whole that a row speaks of: what is said of one part stands side by side."""
    said = [[row[place] for place in part.key] for part in parts if row[part.places[0]] is not None]
    if not spares and all(key == said[0] for key in said):
        return [row]
    plain = row.copy()
    for part in parts:
        for place in part.places:
            plain[place] = None
    found: dict[tuple[object, ...], Row] = {}
    for part in parts:
        for source in (row, *spares):
            if source[part.places[0]] is None:
                continue
            key, again = tuple(source[place] for place in part.key), 0
            while (target := found.setdefault((*key, again), plain.copy()))[part.places[0]] is not None:
                again += 1
            for place in part.places:
                target[place] = source[place]
    return list(found.values())


def _broken(rule: str, line: int, rows: Rows, **args: str) -> ReadFinding:
    return ReadFinding(rule, cell=f"L{line}", line=line, args={**args, "activities": str(rows.whole)})


def _listen(parser: expat.XMLParserType, rows: Rows) -> None:
    """Sets the parser's handlers so that rows arrive in `rows`.

    Closures rather than methods, since they run once per element of the file.
    """
    layout = rows.layout
    node, counts, at, language = rows.tree, dict[str, int](), "", ""
    frame: Row = []
    stack: list[tuple[Node, dict[str, int], str, str, Row]] = []
    text: list[str] = []
    text_place = -1  # where in the row the text of the open element goes
    text_line = 0
    skipped = 0  # depth within an element that the layout does not know
    spares: list[Row] = []  # what the open row says of parts of the whole, beyond the first
    spoken: dict[int, tuple[dict[str, int], bool]] = {}  # per place: whose narrative was taken, and whether French

    def open_root(name: str, attributes: dict[str, str]) -> None:
        nonlocal language
        line = parser.CurrentLineNumber
        if name != layout.root:
            rule = "iati.organisation-file" if name == "iati-organisations" else "iati.other-root"
            raise Refused(ReadFinding(rule, cell=f"L{line} /{name}", line=line, value=name, expected=layout.root))
        version = attributes.get("version", "").strip()
        if version and version not in layout.versions:
            cell, expected = f"L{line} /{name}/@version", ", ".join(layout.versions)
            raise Refused(ReadFinding("iati.version", cell=cell, line=line, value=version, expected=expected))
        rows.version = version or None
        language = attributes.get("xml:lang", "")
        stack.append((node, counts, at, language, frame))
        parser.StartElementHandler = start

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal node, counts, at, language, frame, text_place, text_line, skipped
        if skipped:
            skipped += 1
            return
        child = node.children.get(name)
        if child is None:
            node.not_read[name] = node.not_read.get(name, 0) + 1
            skipped = 1
            parser.CharacterDataHandler = None
            return
        index = counts[name] = counts.get(name, 0) + 1
        only = child.only
        if only is not None and attributes.get(only.attribute or "") not in only.values:
            node.not_read[name] = node.not_read.get(name, 0) + 1
            skipped = 1
            return
        stack.append((node, counts, at, language, frame))
        node = child
        if child.children:
            counts = {}
        if attributes:
            language = attributes.get("xml:lang", language)
        line = parser.CurrentLineNumber
        if child.rows is not None:
            outer = frame
            frame = [None] * child.width
            if child.path:
                frame[:5] = outer[4], name, line, f"{outer[3]}/{name}[{index}]", child.opened
            else:
                open_activity()
                frame[:5] = None, name, line, f"/{name}[{index}]", child.opened
            child.opened += 1
            at = ""
        else:
            at = f"{at}/{name}[{index}]" if index > 1 or child.repeats else f"{at}/{name}"
            if child.part is not None and frame[child.part.places[0]] is not None:
                frame = [None] * len(frame)
                spares.append(frame)
        if child.has_text:
            parser.CharacterDataHandler = text.append
            text_line, text_place = line, -1
            if child.is_narrative:
                return
        for capture in child.captures:
            place, only = capture.at, capture.only
            if only is not None and attributes.get(only.attribute or "") not in only.values:
                continue
            if frame[place] is not None:
                if capture.joined:
                    join(capture, attributes)
                elif capture.repeats:
                    rows.not_read[node.path] += 1
                else:
                    repeat(line)
                continue
            frame[place] = line
            frame[place + 1] = at
            for position, attribute in capture.attributes:
                frame[position] = attributes.get(attribute)
            text_place = capture.text

    def end(name: str) -> None:
        nonlocal node, counts, at, language, frame, skipped
        if skipped:
            skipped -= 1
            if not skipped and node.has_text:
                parser.CharacterDataHandler = text.append
            return
        if node.has_text:
            parser.CharacterDataHandler = None
            content = "".join(text).strip()
            text.clear()
            if content and node.is_narrative:
                narrate(content)
            elif content and text_place >= 0:
                frame[text_place] = content
        if node.rows is not None:
            if node.parts:
                node.rows.extend(apart(frame, spares, node.parts))
                spares.clear()
            else:
                node.rows.append(frame)
            if node.path == "":
                rows.close_activity()
        node, counts, at, language, frame = stack.pop()

    def open_activity() -> None:
        rows.activities += 1
        if rows.language is None:
            rows.language = language

    def narrate(content: str) -> None:
        """Takes the first narrative that says something, or the French one beside it."""
        rows.has_narratives = True
        if not content.isascii():
            content, count, example = repair(content)
            rows.repaired += count
            rows.first_repaired = rows.first_repaired or example
        parent, french = stack[-1][1], language[:2].lower() == "fr"
        for capture in node.captures:
            place = capture.at
            if frame[place] is not None:
                taken_from, taken_french = spoken[place]
                if taken_from is not parent or taken_french or not french:
                    continue
            spoken[place] = (parent, french)
            frame[place], frame[place + 1], frame[capture.text] = text_line, at, content

    def repeat(line: int) -> None:
        rows.repeated[node.path] += 1
        rows.first_repeated.setdefault(node.path, (f"L{line} {frame[3]}{at}", line))

    def join(capture: Capture, attributes: dict[str, str]) -> None:
        for position, attribute in capture.attributes:
            frame[position] = "; ".join(filter(None, (frame[position], attributes.get(attribute))))

    def refuse_doctype(name: str, system_id: str | None, public_id: str | None, internal: bool) -> None:
        line = parser.CurrentLineNumber
        raise Refused(ReadFinding("iati.doctype", cell=f"L{line}", line=line, value=f"<!DOCTYPE {name}"))

    parser.StartElementHandler = open_root
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = refuse_doctype
