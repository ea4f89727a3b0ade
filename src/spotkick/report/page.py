"""The frame of a report: one HTML file with its style and script, which loads nothing."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from spotkick.report.markup import Html, tag
from spotkick.version import VERSION

_LONGEST_WORD: Final = 14
"""Letters that a column has room for on a narrow screen."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page: its heading, its content, and the name that links lead to."""

    name: str
    title: str
    content: Html


def page(title: str, subtitle: str, sections: Sequence[Section], *, media: bool = False) -> str:
    """A whole document.

    The content security policy lets only the script and the style of this file run, and no request
    leaves the page.

    Args:
        title: heading, and title of the window.
        subtitle: below it.
        sections: in order.
        media: allow images and videos that are part of the document.
    """
    style, script = (
        Html((files("spotkick.report") / name).read_text(encoding="utf-8"))
        for name in ("report.css", "report.js")
    )

    # Only the script with this hash may run, and nothing may be loaded.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    if media:
        policy += "; img-src data:; media-src data:"
    metas = (
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
    )
    head = tag("head", *metas, tag("title", title), tag("style", style))

    # Links to the sections, then the sections.
    links = [tag("a", section.title, href=f"#{section.name}") for section in sections]
    navigation = tag("nav", *links, aria_label="Sections")
    header = tag("header", tag("h1", title), tag("p.subtitle", subtitle), navigation)
    main = tag(
        "main",
        *(tag("section", tag("h2", part.title), part.content, id=part.name) for part in sections),
    )
    footer = tag("footer", f"Written by spotkick {VERSION}.")
    tip = tag("div.tip", id="tip", role="status", hidden="hidden")
    parts = (header, main, footer, tip, tag("script", script))
    body = tag("body", *parts)
    return f'<!doctype html>\n<html lang="en">{head}{body}</html>\n'


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, foot: int = 0, text_columns: int = 1
) -> Html:
    """A table whose columns can be sorted.

    It scrolls sideways inside itself where the screen is too narrow.

    Args:
        header: names of the columns.
        rows: cells; the first of each row is its header.
        foot: number of rows at the end that stay where they are.
        text_columns: columns at the start that are not numbers.
    """
    kinds = ["text" if number < text_columns else "number" for number in range(len(header))]
    heads = [
        tag(f"th.{kind}{_long_name(name)}", tag("button", name, type="button"), scope="col")
        for kind, name in zip(kinds, header, strict=True)
    ]

    lines = []
    for first, *others in rows:
        cells = (tag(f"td.{kind}", cell) for kind, cell in zip(kinds[1:], others, strict=True))
        name = tag(f"th.text{_long_name(first)}", first, scope="row")
        lines.append(tag("tr", name, *cells))

    # Rows at the foot stay where they are when the others are sorted.
    body, last = (lines[:-foot], lines[-foot:]) if foot else (lines, [])
    parts = [tag("thead", tag("tr", *heads)), tag("tbody", *body)]
    if last:
        parts.append(tag("tfoot", *last))
    label = "Table: " + ", ".join(header)
    return tag("div.scroll", tag("table", *parts), tabindex=0, role="region", aria_label=label)


def _long_name(text: str) -> str:
    """A style for names with a long part that holds no place to break, such as those of runs.

    Example:
        >>> _long_name("Average-mAP"), _long_name("calf_resnet_pca512_seed0")
        ('', ' long')
    """
    return " long" if any(len(word) > _LONGEST_WORD for word in text.split()) else ""


def figure(drawing: Html, caption: str, data: Html) -> Html:
    """A drawing with its caption, and the same numbers as a table that opens on demand."""
    return tag(
        "figure",
        tag(
            "div.drawing",
            drawing,
            tabindex=0,
            role="group",
            aria_label="Chart; arrow keys read its points, a table follows",
        ),
        tag("figcaption", caption),
        tag("details", tag("summary", "Table of this figure"), data),
    )


def paragraph(*parts: str) -> Html:
    """A paragraph of text."""
    return tag("p", *parts)


def tiles(items: Sequence[tuple[str, str, str]]) -> Html:
    """Headline numbers: name, value, remark."""
    return tag(
        "div.tiles",
        *(
            tag("div.tile", tag("h3", name), tag("p.value", value), tag("p.note", note))
            for name, value, note in items
        ),
    )


def bullets(items: Sequence[str]) -> Html:
    """A list."""
    return tag("ul", *(tag("li", item) for item in items))
