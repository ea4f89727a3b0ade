import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.report.markup import Html, join, tag


def test_tag_text_is_escaped_and_markup_is_not() -> None:
    assert tag("p", "<b>", tag("b", "&")) == "<p>&lt;b&gt;<b>&amp;</b></p>"
    assert (
        tag("a.link", "x", href='"><script>', data_tip=None)
        == '<a class="link" href="&quot;&gt;&lt;script&gt;">x</a>'
    )
    assert join(["<", Html("<i></i>")]) == "&lt;<i></i>"


def test_tag_numbers_are_short() -> None:
    assert tag("rect", x=1.0, y=2.506, width=-0.5) == '<rect x="1" y="2.51" width="-0.5"></rect>'


@given(st.text(), st.text())
@settings(deadline=None, max_examples=50)
def test_tag_hostile_text_makes_no_element(text: str, value: str) -> None:
    assert len(re.findall("[<>]", tag("p", text, title=value))) == 4
    assert tag("p", text, title=value).count('"') == 2


@pytest.mark.parametrize(
    "operation",
    ["<b>" + Html("x"), Html("x") + "<b>", Html("<b>").strip(), Html("{}").format("<b>")],
)
def test_html_computed_text_is_escaped_again(operation: str) -> None:
    assert "<b>" not in tag("p", operation)
