import re
from pathlib import Path

import numpy as np
import pytest

from spotkick.actions import Action, MatchActions
from spotkick.commentary.transcript_files import find_transcripts, read_period
from spotkick.commentary.transcripts import Transcript, TranscriptSegment
from spotkick.demo import commentary as demo_commentary
from spotkick.demo.commentary import parse_goal_minute, spot_commentary
from spotkick.demo.commentary_section import commentary_section
from spotkick.demo.data import COMMENTARY
from spotkick.demo.results import DemoCommentary, DemoMatch
from spotkick.errors import ConfigError
from spotkick.formats.scores import MatchScores
from spotkick.formats.soccernet import read_labels
from spotkick.timeline import FEATURE_RATE


@pytest.mark.parametrize(
    ("minute", "period", "position_s"),
    [
        ("1", 1, 30),
        ("45", 1, 2670),
        ("45+2", 1, 2790),
        ("46", 2, 30),
        ("90+4'", 2, 2910),
        ("91", 3, 30),
        ("120", 4, 870),
    ],
)
def test_parse_goal_minute_is_the_middle_of_that_minute(
    minute: str, period: int, position_s: float
) -> None:
    goal = parse_goal_minute(minute)
    assert (goal.period, goal.position_s) == (period, position_s)


@pytest.mark.parametrize("minute", ["0", "121", "44+1", "26.5", "", "-3", "26:10", "\u0663"])
def test_parse_goal_minute_other_text_is_one_line(minute: str) -> None:
    with pytest.raises(ConfigError, match=r"--goal .*: a minute of a match is needed"):
        parse_goal_minute(minute)


def test_spot_commentary_without_checkpoint_gives_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_commentary, "find_shipped", lambda _: None)
    assert spot_commentary(None, (), tmp_path) is None


def test_bundled_commentary_says_what_its_labels_state() -> None:
    (file,) = find_transcripts(COMMENTARY)
    segments = read_period(file).segments
    labels = read_labels(COMMENTARY / "Labels-v2.json").actions
    assert len({label.label for label in labels}) >= 8
    words = {"Goal": "shoots, and it is in", "Yellow card": "yellow card", "Corner": "corner"}
    for label in labels:
        near = " ".join(
            segment.text
            for segment in segments
            if abs(segment.start_ms - label.position_ms) < 15_000
        )
        assert words.get(label.label, "") in near


def make_commentary(spots: list[Action], known: list[Action]) -> DemoCommentary:
    scores = np.zeros((1200, 2), np.float32)
    match = DemoMatch(
        MatchScores("m", ("Goal", "Foul"), FEATURE_RATE, {1: scores}),
        MatchActions("m", tuple(spots)),
        MatchActions("m", tuple(known)),
    )
    said = Transcript((TranscriptSegment(99_000, 103_000, "It is <in>!"),))
    return DemoCommentary(match, {1: said}, {"Goal": 0.5}, is_invented=False, results=Path("r"))


def test_commentary_section_pairs_known_goals_with_spots_and_words() -> None:
    spots = [
        Action("Goal", 1, 101_000, confidence=0.9),
        Action("Goal", 1, 300_000, confidence=0.4),  # below the threshold of its class
        Action("Foul", 1, 103_000, confidence=0.8),
    ]
    known = [parse_goal_minute("2"), parse_goal_minute("9")]
    section = commentary_section(make_commentary(spots, known))
    cells = re.findall(r"<t[dh][^>]*>([^<]*)</t[dh]>", section.content)
    assert cells[:4] == ["1 - 01:30", "1 - 01:41", "0.90", "It is &lt;in&gt;!"]
    assert cells[4:6] == ["1 - 08:30", "none"]
    assert cells[8:] == ["1 - 01:41", "Goal 0.90, Foul 0.80", "It is &lt;in&gt;!"]
    assert "2 of 2 spots" in section.content


def test_commentary_section_without_spots_says_so() -> None:
    section = commentary_section(make_commentary([], []))
    assert "Nothing was spotted in the first half." in section.content
    assert "<table" not in section.content
