"""Write docs/cli.md from the commands' own help, so that it cannot disagree with the program.

``python tools/cli_reference.py`` writes the file; with ``--check`` it fails when the file is out of
date.
"""

import argparse
import sys
from pathlib import Path

from typer.testing import CliRunner

from spotkick.cli.main import COMMANDS, build_app

TARGET = Path(__file__).parent.parent / "docs" / "cli.md"


def reference() -> str:
    """The page as Markdown."""
    app, runner = build_app(), CliRunner()
    parts = [
        "# Command line\n",
        "Written by `tools/cli_reference.py` from `spotkick COMMAND --help`.\n",
    ]
    for command in COMMANDS:
        shown = runner.invoke(
            app,
            [command, "--help"],
            env={"COLUMNS": "100", "TERMINAL_WIDTH": "100"},
            prog_name="spotkick",
        )
        if shown.exit_code:
            raise SystemExit(f"spotkick {command} --help failed:\n{shown.output}")
        lines = [line.rstrip() for line in shown.output.strip().splitlines()]
        parts.append(f"## spotkick {command}\n\n```text\n" + "\n".join(lines) + "\n```\n")
    return "\n".join(parts)


def main() -> None:
    """Write or check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    text = reference()
    if parser.parse_args().check:
        if not TARGET.is_file() or TARGET.read_text() != text:
            sys.exit(
                f"{TARGET.name} is out of date: run python tools/cli_reference.py and commit it"
            )
        return
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(text)


if __name__ == "__main__":
    main()
