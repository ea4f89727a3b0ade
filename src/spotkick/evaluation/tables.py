"""Tables for the terminal, for Markdown and for LaTeX."""

from collections.abc import Sequence
from typing import Final, Literal

from spotkick.errors import ConfigError

TableStyle = Literal["text", "markdown", "latex"]

NO_VALUE: Final = "\N{EN DASH}"
"""What a table shows where there is no value."""

_LATEX: Final = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\N{EN DASH}": "--",
    ">": r"$>$",
    "<": r"$<$",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}

Row = Sequence[str]


def choose_style(*, markdown: bool, latex: bool) -> TableStyle:
    """The style that two switches ask for.

    Raises:
        ConfigError: if both are on.
    """
    if markdown and latex:
        raise ConfigError("--markdown and --latex exclude each other; choose one")
    return "latex" if latex else "markdown" if markdown else "text"


def make_table(
    header: Row,
    rows: Sequence[Row],
    style: TableStyle = "text",
    *,
    foot: int = 0,
    comment: str = "",
) -> str:
    """Lay out cells.

    Args:
        header: names of the columns.
        rows: cells; the first of each row is text, the others are numbers.
        style: ``text`` has aligned columns, ``latex`` needs the package booktabs.
        foot: rows at the end that a rule sets apart.
        comment: a line below the table, above it in LaTeX.
    """
    if style == "latex":
        return _layout_latex(header, rows, foot=foot, comment=comment)
    lines = (
        _layout_markdown(header, rows) if style == "markdown" else _layout_text(header, rows, foot)
    )
    return "\n".join([*lines, *(["", comment] if comment else [])])


def _layout_text(header: Row, rows: Sequence[Row], foot: int) -> list[str]:
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])])
        for row in (header, *rows)
    ]
    rule = "-" * len(lines[0])
    body = lines[1:]
    return (
        [lines[0], rule, *body]
        if not foot
        else [lines[0], rule, *body[:-foot], rule, *body[-foot:]]
    )


def _layout_markdown(header: Row, rows: Sequence[Row]) -> list[str]:
    escaped = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    rule = ["---", *["---:"] * (len(header) - 1)]
    return ["| " + " | ".join(row) + " |" for row in (header, rule, *escaped)]


def _layout_latex(header: Row, rows: Sequence[Row], *, foot: int, comment: str) -> str:
    head, *lines = [" & ".join(map(latex_text, row)) + r" \\" for row in (header, *rows)]
    if foot:
        lines.insert(len(lines) - foot, r"\midrule")
    columns = "l" + "r" * (len(header) - 1)
    parts = [
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        head,
        r"\midrule",
        *lines,
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join([f"% {latex_text(comment)}", *parts] if comment else parts)


def latex_text(text: str) -> str:
    r"""Text with LaTeX's special characters escaped.

    Example:
        >>> print(latex_text("50 % of A_1 & B"))
        50 \% of A\_1 \& B
    """
    return "".join(_LATEX.get(character, character) for character in text)
