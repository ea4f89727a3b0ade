"""The frame of a report: one HTML file that holds its style and its few lines of script, and loads nothing."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from spotkick.report.markup import Html, tag
from spotkick.version import VERSION


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
        media: allow pictures and videos that are part of the document.
    """
    style, script = (
        Html((files("spotkick.report") / name).read_text(encoding="utf-8"))
        for name in ("report.css", "report.js")
    )
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    if media:
        policy += "; img-src data:; media-src data:"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("title", title),
        tag("style", style),
    )
    links = [tag("a", section.title, href=f"#{section.name}") for section in sections]
    body = tag(
        "body",
        tag(
            "header",
            tag("h1", title),
            tag("p.subtitle", subtitle),
            tag("nav", *links, aria_label="Sections"),
        ),
        tag(
            "main",
            *(
                tag("section", tag("h2", part.title), part.content, id=part.name)
                for part in sections
            ),
        ),
        tag("footer", f"Written by spotkick {VERSION}."),
        tag("div.tip", id="tip", role="status", hidden="hidden"),
        tag("script", script),
    )
    return f'<!doctype html>\n<html lang="en">{head}{body}</html>\n'


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, foot: int = 0, text_columns: int = 1
) -> Html:
    """A table whose columns can be sorted; it scrolls sideways inside itself where the screen is too narrow.

    Args:
        header: names of the columns.
        rows: cells; the first of each row is its header.
        foot: number of rows at the end that stay where they are.
        text_columns: columns at the start that are not numbers.
    """
    kinds = ["text" if number < text_columns else "number" for number in range(len(header))]
    heads = [
        tag(f"th.{kind}", tag("button", name, type="button"), scope="col")
        for kind, name in zip(kinds, header, strict=True)
    ]
    lines = [
        tag(
            "tr",
            tag("th.text", row[0], scope="row"),
            *(tag(f"td.{kind}", cell) for kind, cell in zip(kinds[1:], row[1:], strict=True)),
        )
        for row in rows
    ]
    body, last = (lines[:-foot], lines[-foot:]) if foot else (lines, [])
    parts = [tag("thead", tag("tr", *heads)), tag("tbody", *body)]
    if last:
        parts.append(tag("tfoot", *last))
    return tag(
        "div.scroll",
        tag("table", *parts),
        tabindex=0,
        role="region",
        aria_label="Table: " + ", ".join(header),
    )


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
