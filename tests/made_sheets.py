"""Small sheets and texts that tests of the readers make, and short forms of what is found in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import xlsxwriter

from pipelines.intake import delimited, workbook
from pipelines.intake.model import Extract, Table

HEADER = ["Identifiant du projet", "Type d’opération", "Montant", "Objet"]
LINKS = ["Identifiant du projet", "Cible ODD", "Poids (%)"]


def sheet(
    tmp_path: Path, rows: list[list[Any]], then: Callable[[Any, Any], None] | None = None, **options: Any
) -> Extract:
    path = tmp_path / "report"
    with xlsxwriter.Workbook(path, options) as book:
        written = book.add_worksheet("Saisie")
        for i, row in enumerate(rows):
            written.write_row(i, 0, row)
        if then:
            then(book, written)
    return workbook.read(path, "xlsx")


def text(tmp_path: Path, rows: list[list[Any]]) -> Extract:
    width = max(map(len, rows))
    lines = [";".join([*map(str, row), *[""] * (width - len(row))]) for row in rows]
    path = tmp_path / "report.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return delimited.read(path)


def rules(found: Extract) -> list[tuple[str, str | None]]:
    return [(f.rule_id, f.cell) for f in found.findings]


def cells(table: Table, name: str) -> list[tuple[str, str | None]]:
    data = table.data
    return list(zip(data[f"{name}__cell"].to_pylist(), data[name].to_pylist(), strict=True))
