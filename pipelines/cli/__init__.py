"""The command line `sdg17`: one file per reader, and the one place where an error becomes words and an exit code.

Belongs here: what all commands share (the data root, the console, the error boundary). Does not belong here: a command,
or any work: commands call the library and print. Heavy libraries are imported by the command that needs them.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines import __version__
from pipelines.errors import ProjectError
from pipelines.paths import DataRoot, default_root

if TYPE_CHECKING:
    from rich.console import Console

#: Columns where the output is not a terminal, so that a log reads as a screen does.
WIDTH = 120

_data = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The data root of the fund. [default: the variable SDG17_DATA, else data/ of the checkout]",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@_data
@click.version_option(__version__, prog_name="sdg17", message="%(prog)s %(version)s")
@click.pass_context
def sdg17(context: click.Context, data: Path | None) -> None:
    """What partners report, checked to the cell, and the figures of the fund with every number explained.

    A partner begins with `sdg17 check FILE`, a manager with `sdg17 run` and `sdg17 status`, an analyst with the
    release that a run names at its end.
    """
    context.obj = _chosen(data)


def enter(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and gives its exit code; an error of ours becomes a sentence and a hint, never a traceback."""
    from pipelines.cli import analyst, manager, operator, partner

    for command in (partner.check, manager.status, analyst.explain, operator.demo):
        sdg17.add_command(command)
    try:
        code = sdg17.main(args=None if arguments is None else list(arguments), prog_name="sdg17", standalone_mode=False)
    except click.ClickException as problem:
        problem.show()
        return problem.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped. A plain re-run puts everything in order.", err=True)
        return 130
    except ProjectError as problem:
        say_error(problem)
        return 1
    return code if isinstance(code, int) else 0


def takes_root(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command the option --data, and the data root as its first argument."""

    @_data
    @click.pass_context
    @functools.wraps(command)
    def with_root(context: click.Context, /, *args: Any, data: Path | None, **options: Any) -> Any:
        return command(_chosen(data) if data else context.obj, *args, **options)

    return with_root


def say_error(problem: ProjectError) -> None:
    """Prints what could not be done and what the reader can do about it."""
    click.secho(problem.message, fg="red", bold=True, err=True)
    if problem.hint:
        click.echo(problem.hint, err=True)


def console() -> Console:
    """Gives the console for tables and pages."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)


def _chosen(data: Path | None) -> DataRoot:
    return DataRoot(data.resolve()) if data else default_root()


def safe(text: str | None) -> str:
    """Writes a text of a partner so that the console takes no part of it for its own markup."""
    from rich.markup import escape

    return escape(text) if text else ""


def amount(value: int) -> str:
    """Writes a number with narrow spaces between its thousands, as both languages can read it."""
    return f"{value:,}".replace(",", "\u202f")
