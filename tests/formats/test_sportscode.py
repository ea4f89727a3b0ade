import tempfile
import warnings
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kloppy import sportscode

from spotkick.actions import Action, MatchActions
from spotkick.errors import InputError
from spotkick.formats.convert import convert
from spotkick.formats.reading import read_actions
from spotkick.formats.sportscode import read_sportscode_segments, write_sportscode
from spotkick.formats.sportscode_document import (
    Instance,
    Row,
    SportsCodeFile,
    format_sportscode_file,
    read_sportscode_file,
)
from spotkick.formats.tables import write_table

text = st.text(st.sampled_from("abcÄß→日 <&>'\"1"), min_size=1, max_size=9).map(str.strip)
word = text.filter(bool)
seconds = st.integers(0, 8_000_000).map(lambda ms: ms / 1000)
level = st.integers(0, 65535)

documents = st.builds(
    SportsCodeFile,
    instances=st.lists(
        st.builds(
            Instance,
            code=word,
            start_s=seconds,
            end_s=seconds,
            labels=st.lists(st.tuples(text, word), max_size=3).map(tuple),
            free_text=text,
            number=st.integers(1, 999).map(str),
        ),
        max_size=5,
    ).map(tuple),
    rows=st.lists(
        st.builds(Row, code=word, colour=st.none() | st.tuples(level, level, st.just(65535))),
        max_size=3,
    ).map(tuple),
    session_start=text,
)


@given(document=documents)
@settings(deadline=None, max_examples=40)
def test_read_sportscode_file_every_field_comes_back(document: SportsCodeFile) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.xml"
        path.write_text(format_sportscode_file(document), encoding="utf-8")
        assert read_sportscode_file(path) == document


NACSPORT = """<?xml version="1.0" encoding="utf-8" standalone="yes"?>
<file>
  <SORT_INFO><sort_type>sort order</sort_type></SORT_INFO>
  <ALL_INSTANCES>
    <instance><ID>1</ID><code>1st Half</code><start>62,4</start><end>70,4</end></instance>
    <instance><ID>2</ID><code>Shot</code><start>00:01:42,900</start><end>107.4</end>
      <label><text>Saved</text></label>
      <label><group>Team</group><text>Home</text></label>
      <label><group>Player</group><text>Messi</text></label></instance>
    <instance><ID>3</ID><code>2nd Half</code><start>3700</start><end>3710</end></instance>
    <instance><ID>4</ID><code>Goal</code><start>3725.5</start><end>3730</end>
      <free_text>header</free_text></instance>
  </ALL_INSTANCES>
  <ROWS><row><sort_order>2</sort_order><code>Goal</code><R>255</R><G>0</G><B>51</B></row>
    <row><sort_order>1</sort_order><code>Shot</code><R>0</R><G>102</G><B>0</B></row></ROWS>
</file>
"""


def test_read_sportscode_half_starts_give_periods_and_their_starts(tmp_path: Path) -> None:
    path = tmp_path / "final.xml"
    path.write_text(NACSPORT)
    first, second = read_sportscode_segments(path)
    assert (first.video, first.start_in_match_s) == ("final/1", 62.4)
    assert (second.video, second.start_in_match_s) == ("final/2", 3700.0)
    (shot,), (goal,) = first.segments, second.segments
    assert (shot.start_s, shot.end_s, shot.team) == (40.5, 45.0, "Home")
    assert shot.details == (("label", "Saved"), ("Player", "Messi"))
    assert (goal.start_s, goal.details) == (25.5, (("free text", "header"),))


def test_read_sportscode_file_rows_are_sorted_with_colours_of_16_bits(tmp_path: Path) -> None:
    path = tmp_path / "final.xml"
    path.write_text(NACSPORT)
    assert read_sportscode_file(path).rows == (
        Row("Shot", (0, 102 * 257, 0)),
        Row("Goal", (65535, 0, 51 * 257)),
    )


def test_convert_sportscode_counts_what_a_table_cannot_hold(tmp_path: Path) -> None:
    path = tmp_path / "final.xml"
    path.write_text(NACSPORT)
    lost = {
        loss.field: loss.count for loss in convert(path, tmp_path / "x.json", to="osl-v2").losses
    }
    assert lost == {
        "start of a period in the video": 2,
        "detail 'Player'": 1,
        "detail 'free text'": 1,
        "detail 'label'": 1,
        "end of the segment": 2,
        "colour of a row": 2,
    }


def test_write_sportscode_periods_come_back_where_they_lie(tmp_path: Path) -> None:
    actions = (
        Action("Goal", 1, 1500, team="home", details=(("Player", "A"), ("Player", "B"))),
        Action("Kick-off", 2, -40),
    )
    match = MatchActions("cup/final", actions, ((1, 62_400), (2, 3_700_000)))
    write_sportscode(tmp_path / "out", (match,))
    (found,) = read_actions(tmp_path / "out")
    assert (found, found.period_starts_ms) == (match, match.period_starts_ms)


def test_convert_sportscode_unknown_starts_of_periods_are_noted(tmp_path: Path) -> None:
    match = MatchActions("final", (Action("Goal", 1, 1500), Action("Goal", 2, 700)))
    write_table(tmp_path / "in.csv", (match,))
    report = convert(tmp_path / "in.csv", tmp_path / "out.xml")
    assert "where periods start in the video is not known" in report.notes[0]
    (found,) = read_actions(tmp_path / "out.xml")
    assert found.actions == match.actions


def test_write_sportscode_kloppy_reads_the_same(tmp_path: Path) -> None:
    actions = tuple(
        Action(f"Code {n % 3}", 1, 1000 * n + 7, team="home", details=(("Player", f"P{n}"),))
        for n in range(12)
    )
    write_sportscode(tmp_path / "out.xml", (MatchActions("final", actions),))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        codes = sportscode.load(str(tmp_path / "out.xml")).codes
    assert [(code.code, round(1000 * code.start_timestamp.total_seconds())) for code in codes] == [
        (action.label, action.position_ms) for action in actions
    ]
    assert [code.labels for code in codes] == [
        {"Team": "home", "Player": f"P{n}"} for n in range(12)
    ]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("<file><SORT_INFO/></file>", "is a <file> with <ALL_INSTANCES>"),
        (
            "<file><ALL_INSTANCES><instance><start>1</start></instance></ALL_INSTANCES></file>",
            "code",
        ),
        (
            "<file><ALL_INSTANCES><i><code>a</code><start>x</start></i></ALL_INSTANCES></file>",
            "instance 1: start must be a finite number",
        ),
        (
            "<!DOCTYPE file [<!ENTITY a 'b'>]><file><ALL_INSTANCES/></file>",
            "document type or entities",
        ),
        ("<file><ALL_INSTANCES>", "not readable XML"),
    ],
)
def test_read_sportscode_file_damaged_is_refused(tmp_path: Path, body: str, message: str) -> None:
    path = tmp_path / "x.xml"
    path.write_text(body)
    with pytest.raises(InputError, match=message):
        read_sportscode_file(path)


def test_convert_period_starts_split_a_video_and_place_periods(tmp_path: Path) -> None:
    video = MatchActions("final", (Action("Goal", 1, 70_000), Action("Corner", 1, 3_700_500)))
    write_sportscode(tmp_path / "video.xml", (video,))
    starts_s = {1: 62.4, 2: 3700.0}
    convert(tmp_path / "video.xml", tmp_path / "x.csv", period_starts_s=starts_s)
    (split,) = read_actions(tmp_path / "x.csv")
    assert split.actions == (Action("Goal", 1, 7_600), Action("Corner", 2, 500))

    # and back: the periods are placed where they lie in the video
    convert(tmp_path / "x.csv", tmp_path / "back.xml", period_starts_s=starts_s)
    codes = read_sportscode_file(tmp_path / "back.xml").instances
    assert [(code.code, code.start_s) for code in codes] == [
        ("Start period 1", 62.4),
        ("Goal", 70.0),
        ("Start period 2", 3700.0),
        ("Corner", 3700.5),
    ]


@pytest.mark.parametrize("target", ["audacity", "chapters"])
def test_convert_period_starts_join_periods_for_formats_of_videos(
    tmp_path: Path, target: str
) -> None:
    match = MatchActions("x", (Action("Goal", 1, 7_000), Action("Corner", 2, 500_000)))
    write_table(tmp_path / "x.csv", (match,))
    starts_s = {1: 62.0, 2: 3700.0}
    convert(tmp_path / "x.csv", tmp_path / "x.txt", to=target, period_starts_s=starts_s)
    (joined,) = read_actions(tmp_path / "x.txt")
    assert [(action.label, action.period, action.position_ms) for action in joined] == [
        ("Goal", 1, 69_000),
        ("Corner", 1, 4_200_000),
    ]

    # and from XML, where segments are exchanged
    convert(tmp_path / "x.csv", tmp_path / "x.xml", period_starts_s=starts_s)
    convert(tmp_path / "x.xml", tmp_path / "y.txt", to=target, period_starts_s=starts_s)
    assert read_actions(tmp_path / "y.txt")[0].actions == joined.actions
