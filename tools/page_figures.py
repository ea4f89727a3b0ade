"""Figures of the page: blank lines, comments, names and line lengths of each room, with limits.

    python tools/page_figures.py            # a table of the rooms of src/spotkick
    python tools/page_figures.py --check    # the same; exit code 1 where the whole is over a limit

A function without one blank line, without a comment and with helpers named ``_looks`` can be right
and still be hard to read. Functions of 20 to 60 lines are measured: shorter ones need no stages,
longer ones should be split.
"""

import argparse
import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent / "src" / "spotkick"

MEASURED_LINES: Final = range(20, 61)
"""Lengths of the bodies of functions that are measured, without the docstring."""

LINE_LENGTH: Final = 100

MAX_WITHOUT_BLANK: Final = 0.25
"""Part of the measured functions that may have no blank line."""

MIN_COMMENTS: Final = 0.03
"""Part of the lines of measured functions that are comments of their own."""

MAX_ONE_WORD_PRIVATES: Final = 0.15
"""Part of the private functions whose name may be a single word."""

MAX_LONG_LINES: Final = 0.01
"""Part of all lines that may be longer than `LINE_LENGTH`."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What is counted in a set of modules; counts of two sets can be added."""

    lines: int = 0
    long_lines: int = 0
    measured: int = 0
    without_blank: int = 0
    body_lines: int = 0
    comments: int = 0
    privates: int = 0
    one_word_privates: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Counts of both sets."""
        return Counts(
            *(getattr(self, field.name) + getattr(other, field.name) for field in fields(self))
        )

    @property
    def figures(self) -> tuple[float, float, float, float]:
        """Parts without a blank line, of comments, of one-word privates, of long lines."""
        return (
            self.without_blank / max(1, self.measured),
            self.comments / max(1, self.body_lines),
            self.one_word_privates / max(1, self.privates),
            self.long_lines / max(1, self.lines),
        )

    def over_limits(self) -> list[str]:
        """The limits that are not kept, one line each."""
        blank, comments, privates, long_lines = self.figures
        problems = [
            (
                blank > MAX_WITHOUT_BLANK,
                f"{blank:.0%} of the functions have no blank line, limit {MAX_WITHOUT_BLANK:.0%}",
            ),
            (
                self.body_lines > 0 and comments < MIN_COMMENTS,
                f"{comments:.1%} of the lines are comments, at least {MIN_COMMENTS:.0%} are needed",
            ),
            (
                privates > MAX_ONE_WORD_PRIVATES,
                (
                    f"{privates:.0%} of the private functions have names of one word, "
                    f"limit {MAX_ONE_WORD_PRIVATES:.0%}"
                ),
            ),
            (
                long_lines > MAX_LONG_LINES,
                (
                    f"{long_lines:.1%} of the lines are longer than {LINE_LENGTH}, "
                    f"limit {MAX_LONG_LINES:.0%}"
                ),
            ),
        ]
        return [text for is_over, text in problems if is_over]


def count_module(text: str) -> Counts:
    """Count one module's source text."""
    lines = text.splitlines()
    total = Counts(lines=len(lines), long_lines=sum(len(line) > LINE_LENGTH for line in lines))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            total += _count_function(node, lines)
    return total


def _count_function(node: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> Counts:
    is_private = node.name.startswith("_") and not node.name.startswith("__")
    names = Counts(
        privates=int(is_private),
        one_word_privates=int(is_private and "_" not in node.name.strip("_")),
    )

    statements = node.body[1:] if ast.get_docstring(node) is not None else node.body
    if not statements or node.end_lineno is None:
        return names

    # Lines of the body, from the first statement after the docstring.
    body = [line.strip() for line in lines[statements[0].lineno - 1 : node.end_lineno]]
    if len(body) not in MEASURED_LINES:
        return names
    return names + Counts(
        measured=1,
        without_blank=int(all(body)),
        body_lines=len(body),
        comments=sum(line.startswith("#") for line in body),
    )


def count_rooms(root: Path) -> dict[str, Counts]:
    """Counts of each folder directly below ``root``; its own modules are the room ``(modules)``."""
    rooms: dict[str, Counts] = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).parts
        room = parts[0] if len(parts) > 1 else "(modules)"
        rooms[room] = rooms.get(room, Counts()) + count_module(path.read_text(encoding="utf-8"))
    return rooms


def format_rows(rooms: Iterable[tuple[str, Counts]]) -> Iterator[str]:
    """The table as lines; a star marks what is over its limit."""
    yield f"{'room':14s}  {'no blank':>8s}  {'comments':>8s}  {'one word':>8s}  {'long':>6s}"
    for room, counts in rooms:
        blank, comments, privates, long_lines = counts.figures
        star = "  *" if counts.over_limits() else ""
        yield (
            f"{room:14s}  {blank:8.0%}  {comments:8.1%}  {privates:8.0%}  {long_lines:6.1%}{star}"
        )


def main() -> None:
    """Print the table; with ``--check`` fail when the whole tree is over a limit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("root", nargs="?", type=Path, default=ROOT, help="folder of modules")
    parser.add_argument("--check", action="store_true", help="fail where a limit is not kept")
    given = parser.parse_args()

    rooms = count_rooms(given.root)
    total = sum(rooms.values(), Counts())
    for line in format_rows([*rooms.items(), ("all", total)]):
        print(line)

    problems = total.over_limits()
    if given.check and problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
