"""How much of anything is read, and why no more: the ceilings that keep one file from filling the machine.

No honest report comes near any of them. A file that meets one gives a finding that names it, and is not read in part.

Belongs here: the numbers, each with its reason. Does not belong here: what is done about them (the readers).
"""

from __future__ import annotations

from pipelines.intake.model import ReadFinding

#: Bytes of a file, or of all parts of a packed one when unpacked. A sheet of a million rows and twenty columns is 1.3 GB
#: of XML at the most; a text of as many is 0.2 GB.
BYTES = 1_000_000_000
#: Files in one archive: a partner that reports on every project in a file of its own has a few hundred.
MEMBERS = 1_000
#: Archives within archives: a zip that holds gzipped files, or the zip somebody was sent, and no more.
DEPTH = 2
#: Rows of a text; a sheet cannot have more than 1,048,576.
ROWS = 3_000_000
#: Columns of a table; a contract has some forty, the widest publication some two hundred.
COLUMNS = 2_000
#: Cells of one sheet or text, blank ones between filled ones counted: ten times the largest report that a workbook is
#: fit for.
CELLS = 60_000_000

_SAID = {
    "bytes": ("bytes", "octets"),
    "members": ("files", "fichiers"),
    "depth": ("archives within archives", "archives dans des archives"),
    "rows": ("rows", "lignes"),
    "columns": ("columns", "colonnes"),
    "cells": ("cells", "cellules"),
}


def met(what: str, found: int, sheet: str | None = None) -> ReadFinding:
    """Says that a file meets a ceiling."""
    english, french = _SAID[what]
    limits = {"bytes": BYTES, "members": MEMBERS, "depth": DEPTH, "rows": ROWS, "columns": COLUMNS, "cells": CELLS}
    limit = limits[what]
    args = {
        "what_en": english,
        "what_fr": french,
        "limit_en": f"{limit:,}",
        "limit_fr": f"{limit:,}".replace(",", "\u202f"),
    }
    return ReadFinding("read.ceiling", sheet=sheet, value=str(found), expected=str(limit), args=args)
