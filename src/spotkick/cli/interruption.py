"""The exit after Ctrl-C, and who writes the line about it."""

from typing import Final

INTERRUPTED: Final = 130
"""Exit code after Ctrl-C."""


class ReportedInterruption(SystemExit):
    """Ctrl-C stopped a command that has written its own line; the program adds none."""

    def __init__(self) -> None:
        """End with the exit code of an interruption."""
        super().__init__(INTERRUPTED)
