"""The walls around words: everything a partner or reader sees exists in good French and English, and nothing is unused.

Belongs here: contracts, code lists, rules and guides as texts. Does not belong here: what a rule finds in a report.
"""

from __future__ import annotations

import ast
import csv
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from pipelines import contract, findings
from pipelines.paths import CHECKOUT, CODES, CONTRACTS
from sources import modules, tracked, tree

GUIDES = [CHECKOUT / "README.md", CHECKOUT / "CHANGELOG.md", *sorted((CHECKOUT / "docs").glob("*.md"))]

#: Words in capitals that are no abbreviations: names of variables, of statuses and of the parts of a command.
SPOKEN = set("DIR FILE OUT NAME DATA README LICENSE CHANGELOG SELECT RULE DATE GB".split())


def words() -> dict[str, contract.Words]:
    """Gives every bilingual text of the contracts, by the place where it stands."""
    found = {}
    for kind, of in contract.load_all().items():
        found |= {f"{kind}.title": of.title, f"{kind}.meaning": of.meaning}
        for field in of.fields.values():
            found |= {f"{kind}.{field.name}.header": field.header, f"{kind}.{field.name}.meaning": field.meaning}
    return found


def says() -> dict[str, contract.Words]:
    """Gives every rule's sentence, those of the contracts and those of the catalogue."""
    return {rule.id: rule.says for rule in findings.catalogue().values()}


def test_every_sentence_exists_in_both_languages() -> None:
    same = [place for place, w in words().items() if place.endswith(".meaning") and w.en.strip() == w.fr.strip()]
    same += [rule for rule, w in says().items() if w.en.strip() == w.fr.strip()]
    assert not same, f"not translated: {same}"


def test_sentences_are_sentences() -> None:
    open_ended = [p for p, w in words().items() if p.endswith(".meaning") and not (w.en + w.fr).endswith((".", "?"))]
    open_ended += [rule for rule, w in says().items() for text in (w.en, w.fr) if text.rstrip("]")[-1] not in ".?!"]
    assert not open_ended, open_ended


def test_both_languages_name_the_same_things() -> None:
    def named(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", text)) - {"expected"}  # an example that each language may write out

    differ = [rule for rule, w in says().items() if named(w.en) != named(w.fr)]
    assert not differ, differ


def test_french_is_set_as_french() -> None:
    french = {p: w.fr for p, w in {**words(), **says()}.items()}
    straight = [place for place, text in french.items() if re.search(r"\w'\w", text)]
    assert not straight, f"use ’: {straight}"


@pytest.mark.parametrize("path", sorted(CODES.glob("*.csv")), ids=lambda p: p.stem)
def test_code_lists_are_whole(path: Path) -> None:
    rows = list(csv.DictReader(path.open(encoding="utf-8", newline="")))
    assert rows, "an empty code list"
    blank = [row for row in rows if not all((row[c] or "").strip() for c in ("code", "en", "fr"))]
    assert not blank, blank
    assert [c for c, n in Counter(row["code"] for row in rows).items() if n > 1] == []
    spelled: dict[str, str] = {}
    for code in contract.code_list(path.stem).codes:
        for spelling in (code.code, code.en, code.fr, *code.also):
            owner = spelled.setdefault(contract.fold(spelling), code.code)
            assert owner == code.code, f"{spelling!r} means both {owner} and {code.code}"


@pytest.mark.parametrize("kind", sorted(contract.load_all()))
def test_a_header_means_one_field(kind: str) -> None:
    spelled: dict[str, str] = {}
    for field in contract.load_all()[kind].fields.values():
        for spelling in (field.name, field.header.en, field.header.fr, *field.also):
            owner = spelled.setdefault(contract.fold(spelling), field.name)
            assert owner == field.name, f"{spelling!r} is the header of both {owner} and {field.name}"


def test_every_code_list_and_shared_field_is_used() -> None:
    used = {field.codes for of in contract.load_all().values() for field in of.fields.values()}
    assert {path.stem for path in CODES.glob("*.csv")} <= used | other_words()
    stated = [tomllib.loads(path.read_text("utf-8")) for path in CONTRACTS.glob("[!_]*.toml")]
    borrowed = {name for of in stated for name in of.get("borrow", ())}
    shared = tomllib.loads((CONTRACTS / "_shared.toml").read_text("utf-8"))["fields"]
    assert set(shared) <= borrowed, f"nobody borrows {sorted(set(shared) - borrowed)}"


def other_words() -> set[str]:
    """Gives every text in quotes in the library, and every word of its SQL."""
    quoted = {
        node.value
        for path in modules("pipelines").values()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    sql = {w for path in tracked() if path.suffix == ".sql" for w in re.findall(r"\w+", path.read_text("utf-8"))}
    return quoted | sql


def test_every_rule_of_the_catalogue_can_be_broken() -> None:
    own = {rule.id for of in contract.load_all().values() for rule in of.rules}
    spoken = "\n".join(path.read_text("utf-8") for path in modules("pipelines").values())
    unused = [rule for rule in findings.catalogue() if rule not in own and rule not in spoken]
    assert not unused, f"no code finds {unused}"


def test_nothing_is_written_and_never_used() -> None:
    every = modules("pipelines", "assets", "tests", "benchmarks")
    spoken = Counter(w for path in every.values() for w in re.findall(r"\w+", path.read_text("utf-8")))
    spoken.update(re.findall(r"\w+", (CHECKOUT / "pyproject.toml").read_text("utf-8")))
    dead = []
    for name, path in every.items():
        for node in tree(path).body:
            if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith(("test_", "Test")):
                continue
            if spoken[node.name] < 2 and not node.decorator_list:
                dead.append(f"{name}.{node.name}")
    assert not dead, dead


def glossary() -> set[str]:
    text = GUIDES[0].read_text("utf-8").split("\n## Glossary", 1)[1].split("\n## ", 1)[0]
    return {word for cell in re.findall(r"^\| ([^|]+?) \|", text, re.MULTILINE) for word in cell.split(", ")} - {
        "Word",
        "---",
    }


def test_every_abbreviation_is_in_the_glossary() -> None:
    known = glossary() | SPOKEN
    unknown: dict[str, str] = {}
    for path in GUIDES:
        text = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", " ", path.read_text("utf-8"), flags=re.DOTALL)
        for word in re.findall(r"(?<![\w.-])[A-Z][A-Z0-9]+(?![\w-])", text):
            if word not in known and not re.fullmatch(r"[MVP]\d+", word):
                unknown.setdefault(word, path.name)
    assert not unknown, f"explain in the glossary of README.md: {unknown}"
    said = "\n".join(path.read_text("utf-8") for path in tracked() if path.suffix in (".md", ".toml", ".sql", ".py"))
    unused = [word for word in glossary() if len(re.findall(rf"(?<!\w){re.escape(word)}(?!\w)", said)) < 2]
    assert not unused, f"explained, never used: {unused}"


def test_links_between_guides_lead_somewhere() -> None:
    lost = []
    for path in GUIDES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
            if not (path.parent / target).exists():
                lost.append(f"{path.name}: {target}")
    assert not lost, lost
