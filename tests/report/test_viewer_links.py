"""Rows of a report lead to the moment in the viewer."""

import re
from collections.abc import Callable
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from spotkick.errors import ConfigError
from spotkick.evaluation.error_analysis import KINDS, find_errors
from spotkick.report.error_section import WORST, error_section
from spotkick.report.system import score_system
from spotkick.report.viewer_links import check_viewer_address, viewer_link
from spotkick.tasks import SOCCERNET_V2_TASK

ADDRESS = "http://127.0.0.1:8765"


@pytest.mark.parametrize("match", ["league/2014-2015/a 1 - 0 b", 'x"&t=9#?', "日本/決勝 %2F"])
def test_viewer_link_holds_match_and_moment(match: str) -> None:
    parts = urlsplit(viewer_link(ADDRESS, match, 2, 61.5))
    assert (parts.netloc, parts.path) == ("127.0.0.1:8765", "/match")
    assert parse_qs(parts.query) == {"name": [match], "t": ["2:61.500"]}


@pytest.mark.parametrize(
    "address", ["", "8765", "127.0.0.1:8765", "file:///x", "javascript:alert(1)", f"{ADDRESS}?t=1"]
)
def test_check_viewer_address_other_text_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match=r"such as http://127\.0\.0\.1:8765"):
        check_viewer_address(address)


@pytest.mark.filterwarnings("ignore::spotkick.errors.SpotkickWarning")
def test_error_section_clocks_are_links_where_a_viewer_is_given(
    planted: Callable[..., Any],
) -> None:
    predictions, labels = planted(matches=2)
    system = score_system(predictions, labels, SOCCERNET_V2_TASK, resamples=2, seed=0)
    assert "href" not in error_section(system).content

    links = set(re.findall(r'href="([^"]*)"', error_section(system, ADDRESS).content))
    used = find_errors(system.loose, 10.0, thresholds=system.thresholds)
    worst = [case for kind in KINDS for case in used.cases(kind, WORST)]
    assert worst
    assert links == {
        escape(viewer_link(ADDRESS, case.match, case.period, case.position_s)) for case in worst
    }
