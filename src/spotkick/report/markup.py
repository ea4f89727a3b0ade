"""HTML and SVG that cannot be injected into: text is escaped unless it was made here."""

from collections.abc import Iterable
from html import escape


class Html(str):
    """Text that is markup already, made by `tag` or `join`; all other text is escaped."""

    __slots__ = ()


def tag(element: str, *children: str, **attributes: str | float | None) -> Html:
    """An element with its children.

    Args:
        element: name such as ``td``; ``name.class`` adds a class.
        children: markup stays, any other text is escaped.
        attributes: values are escaped; None leaves the attribute out. ``data_x`` becomes
            ``data-x``, a trailing ``_`` is dropped.

    Example:
        >>> print(tag("p.note", "a < b", tag("br"), id="x"))
        <p class="note" id="x">a &lt; b<br></p>
    """
    name, _, style = element.partition(".")
    given = {
        "class": style or None,
        **{key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()},
    }
    words = "".join(
        f' {key}="{escape(_attribute_text(value))}"'
        for key, value in given.items()
        if value is not None
    )
    if name in ("br", "meta", "input", "img"):
        return Html(f"<{name}{words}>")
    return Html(f"<{name}{words}>{join(children)}</{name}>")


def join(parts: Iterable[str], separator: str = "") -> Html:
    """Parts one after the other; markup stays, any other text is escaped.

    Example:
        >>> print(join(["<", tag("b", "x")]))
        &lt;<b>x</b>
    """
    return Html(separator.join(part if isinstance(part, Html) else escape(part) for part in parts))


def _attribute_text(value: str | float) -> str:
    """Coordinates need no more than a hundredth of a pixel."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
