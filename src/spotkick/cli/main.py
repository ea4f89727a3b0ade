"""The ``spotkick`` program: its commands, and how their errors reach the user.

A command lives in the module of its name. Only the module that is called is imported, and what
needs an optional package is imported inside its function, so that ``spotkick --help`` answers at
once and a command needs only its own packages.
"""

import importlib
import sys
import warnings
from collections.abc import Iterable
from typing import Final

import typer

from spotkick import __version__
from spotkick.cli.interruption import INTERRUPTED, ReportedInterruption
from spotkick.errors import SpotkickError

COMMANDS: Final = (
    "demo",
    "transcribe",
    "features",
    "train",
    "tune",
    "study",
    "reproduce",
    "clock",
    "align",
    "spot",
    "live",
    "models",
    "evaluate",
    "compare",
    "highlights",
    "view",
    "convert",
    "import-weights",
    "slicing",
    "doctor",
    "proposals",
    "detect",
)
"""In the order of the help page. ``import-weights`` is the function ``import_weights`` of
``cli/import_weights.py``."""


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"spotkick {__version__}")
        raise typer.Exit


def _describe_program(
    version: bool = typer.Option(
        False,
        "--version",
        callback=_print_version,
        is_eager=True,
        help="Show the version and exit.",
    ),
) -> None:
    """Action spotting in match video: what happens, and when."""
    del version


def build_app(commands: Iterable[str] = COMMANDS) -> typer.Typer:
    """The command line with the given commands, each imported from its module."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)
    app.callback()(_describe_program)
    for command in commands:
        name = command.replace("-", "_")
        app.command(command)(getattr(importlib.import_module(f"spotkick.cli.{name}"), name))
    return app


def _format_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,
) -> str:
    del filename, lineno, line
    label = "warning" if issubclass(category, UserWarning) else category.__name__
    return f"{label}: {' '.join(str(message).split())}\n"


def run() -> None:
    """Entry point.

    Exit codes: 0 done, 1 the input is at fault (one line on stderr), 2 wrong usage, 130
    interrupted.
    """
    warnings.formatwarning = _format_warning
    wanted = sys.argv[1:2]
    try:
        build_app(wanted if set(wanted) <= set(COMMANDS) and wanted else COMMANDS)()
    except SpotkickError as error:
        sys.stderr.write(f"error: {' '.join(str(error).split())}\n")
        raise SystemExit(1) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(1) from None
    except ReportedInterruption:
        raise
    except (KeyboardInterrupt, SystemExit) as stop:
        if isinstance(stop, SystemExit) and stop.code != INTERRUPTED:
            raise
        sys.stderr.write("interrupted; what was finished before is kept\n")
        raise SystemExit(INTERRUPTED) from None
