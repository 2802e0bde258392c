"""The registers of the fictional fund, as its manager would keep them in `data/reference/`.

Belongs here: partners, organisations, aliases, endowments and calendar of a demo, under the columns that the
contracts state. Does not belong here: registers about the real world (targets, territories, parities), which a demo
takes over from the checkout as they are.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from pipelines.calendar import deadline, first_day
from pipelines.contract import load_all
from pipelines.demo_world import World, rna
from pipelines.errors import ProjectError
from pipelines.paths import CHECKOUT

Entry = Mapping[str, object]


def write_registers(world: World, folder: Path) -> None:
    """Writes every register of a demo into a folder; those that hold for any fund are copied from the checkout."""
    folder.mkdir(parents=True, exist_ok=True)
    own = {f"{register}.csv" for register in WRITERS}
    for source in sorted((CHECKOUT / "data" / "reference").glob("*.csv*")):
        if source.name not in own and source.resolve() != (folder / source.name).resolve():
            shutil.copyfile(source, folder / source.name)
    for register, entries in WRITERS.items():
        _write(folder, register, entries(world))


def _partners(world: World) -> Iterable[Entry]:
    for partner in world.partners:
        yield {
            "partner_id": partner.partner_id,
            "org_id": f"FR-SIREN-{partner.siren}",
            "name": partner.name,
            "language": partner.language,
            "mailbox": f"{partner.partner_id}@example.org",
            "is_active": "true",
        }


def _organisations(world: World) -> Iterable[Entry]:
    for partner in world.partners:
        yield {
            "org_id": f"FR-SIREN-{partner.siren}",
            "name": partner.name,
            "sector": partner.sector,
            "size_class": "pme" if partner.sector == "company" else "",
            "model_family": partner.model_family,
            "is_fund": "true" if partner.index == 0 else "false",
        }
    for other in world.circle:
        yield {
            "org_id": f"FR-SIREN-{other.siren}",
            "name": other.name,
            "sector": other.sector,
            "size_class": other.size_class,
            "naf_section": other.naf_section,
            "model_family": other.model_family,
            "is_fund": "false",
        }


def _aliases(world: World) -> Iterable[Entry]:
    for partner in world.partners:
        if partner.sector == "association":
            yield {
                "alias_id": f"FR-RNA-{rna(partner.index)}",
                "org_id": f"FR-SIREN-{partner.siren}",
                "note": "Même association, sous son numéro RNA. The same association under its RNA number.",
            }


def _endowments(world: World) -> Iterable[Entry]:
    """Two sources that disagree, as they do in life; neither is silently preferred."""
    committed = int(world.projects.euros.sum())
    low = -(-committed * 5 // 4 // 100_000) * 100_000
    opened = first_day(world.quarters[0])
    stated = (
        (low, "Convention de dotation fictive, article 3", "Montant signé. Amount signed."),
        (low * 3 // 2, "Communiqué de presse fictif", "Peut comprendre un abondement. May include a top-up."),
    )
    for amount, source, note in stated:
        yield {
            "fund_id": world.partners[0].partner_id,
            "valid_from": opened,
            "amount": amount,
            "currency": "EUR",
            "source": source,
            "note": note,
        }


def _calendar(world: World) -> Iterable[Entry]:
    for period in world.quarters:
        days = deadline(period, {})
        yield {"period": period, "due_on": days.due_on, "release_on": days.release_on}


WRITERS: Mapping[str, Callable[[World], Iterable[Entry]]] = {
    "partners": _partners,
    "organisations": _organisations,
    "organisation_alias": _aliases,
    "endowments": _endowments,
    "calendar": _calendar,
}


def _write(folder: Path, register: str, entries: Iterable[Entry]) -> None:
    fields = list(load_all()[register].fields)
    with (folder / f"{register}.csv").open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, fields, lineterminator="\n", restval="")
        writer.writeheader()
        try:
            writer.writerows(entries)
        except ValueError as problem:
            raise ProjectError(
                f"The contract of {register} changed: {problem}.", "Follow the contract in the demo."
            ) from None
