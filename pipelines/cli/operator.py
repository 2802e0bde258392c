"""What the operator runs: a fictional fund to try things on.

Belongs here: the command. Does not belong here: what the fictional fund is (`demo.py`).
"""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.cli import amount, console


@click.command()
@click.option("--partners", type=click.IntRange(1), default=8, show_default=True, help="How many partners report.")
@click.option("--quarters", type=click.IntRange(1), default=4, show_default=True, help="For how many quarters.")
@click.option("--seed", type=int, default=17, show_default=True, help="The same seed writes the same bytes.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder to write to, a new data root.",
)
def demo(partners: int, quarters: int, seed: int, out: Path) -> int:
    """Write the registers and reports of a fictional fund, with a stated share of realistic mistakes."""
    from pipelines.demo import generate

    written = generate(partners, quarters, seed, out)
    page = console()
    page.print(
        f"{amount(len(written.sent))} reports of {amount(written.partners)} partners for {len(written.quarters)} quarters, "
        f"{amount(sum(written.rows.values()))} rows, {amount(len(written.planted))} planted mistakes: {written.out}",
        soft_wrap=True,
    )
    page.print(f"Now run: sdg17 run --data {written.out}", soft_wrap=True)
    return 0
