"""What the fund has written down of a partner's dates and decimals, from the TOML file to the accepted row."""

from __future__ import annotations

import datetime
from decimal import Decimal

from pipelines import build
from pipelines.paths import DataRoot

REPORT = """Identifiant du projet;Type d’opération;Date de l’opération;Montant;Devise;Payeur
P1;2;03/04/2026;1.234;EUR;Fonds
"""


def test_a_declared_locale_settles_an_ambiguous_cell_of_that_partner_alone(root: DataRoot) -> None:
    maps = root.reference / "header_maps"
    maps.mkdir(parents=True)
    (maps / "atelier.toml").write_text('dates = "day-first"\ndecimal = ","\n', encoding="utf-8")
    rules = {}
    for partner in ("atelier", "scierie"):
        path = root.inbox / partner / "2026-Q2" / "operations.csv"
        path.parent.mkdir(parents=True)
        path.write_text(REPORT, encoding="utf-8")
        _, judged = build.check_file(root, path)
        rules[partner] = {f["rule_id"] for f in judged.findings.to_pylist() if f["severity"] == "critical"}
        [row] = (*judged.accepted["transactions"].to_pylist(), *judged.refused["transactions"].to_pylist())
        if partner == "atelier":
            assert (row["transaction_date"], row["amount"]) == (datetime.date(2026, 4, 3), Decimal(1234))
        else:
            assert (row["transaction_date"], row["amount"]) == (None, None)
    assert rules == {"atelier": set(), "scierie": {"V01.ambiguous", "V04.ambiguous-date"}}
