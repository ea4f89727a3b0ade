import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotkick.commentary.subtitles import parse_subtitles, parse_table
from spotkick.commentary.transcripts import TimedWord, TranscriptSegment
from spotkick.errors import InputError, SpotkickWarning

SEGMENTS = (
    TranscriptSegment(1000, 3500, "Underway at the Etihad."),
    TranscriptSegment(300_000, 304_250, "Goal! What a strike."),
)
SRT = """1
00:00:01,000 --> 00:00:03,500
Underway
at the Etihad.

2
00:05:00,000 --> 00:05:04,250
Goal! What a strike.
"""
VTT = """WEBVTT - match
Kind: captions

NOTE
made by hand

STYLE
::cue { color: red }

intro
00:01.000 --> 00:03.500 line:0 position:20%
<v Fred>Underway at the <i>Etihad</i>.

05:00.000 --> 05:04.250
<c.yellow>Goal!</c> What a strike.
"""


@pytest.mark.parametrize(
    "text",
    [
        SRT,
        SRT.replace("\n", "\r\n"),
        SRT.replace("\n", "\r"),
        SRT.replace(",", "."),
        SRT.replace("00:0", "0:0"),
        SRT.replace("\n\n2\n", "\n2\n"),
        "\n\n" + SRT + "\n\n\n",
        SRT.replace("Underway", "{\\an8}<i>Underway</i>"),
        VTT,
        VTT.replace("05:0", "0:05:0"),
        VTT.replace("What a", "What&nbsp;a"),
    ],
)
def test_parse_subtitles_every_spelling_gives_same_segments(text: str) -> None:
    assert parse_subtitles(text, "x").segments == SEGMENTS


def test_parse_subtitles_hours_are_counted() -> None:
    (segment,) = parse_subtitles("01:05:00.000 --> 01:05:04.000\nGoal!\n", "x").segments
    assert segment == TranscriptSegment(3_900_000, 3_904_000, "Goal!")


def test_parse_subtitles_overlapping_cues_are_both_kept() -> None:
    text = "00:01.000 --> 00:05.000\none\n\n00:02.000 --> 00:03.000\ntwo\n"
    found = parse_subtitles(text, "x").segments
    assert [(s.start_ms, s.end_ms, s.text) for s in found] == [
        (1000, 5000, "one"),
        (2000, 3000, "two"),
    ]


ROLLING = """WEBVTT

00:00:00.160 --> 00:00:02.230 align:start position:0%
 
he<00:00:00.480><c> shoots</c><00:00:01.000><c> now</c>

00:00:02.230 --> 00:00:02.240 align:start position:0%
he shoots now
 

00:00:02.240 --> 00:00:04.790 align:start position:0%
he shoots now
what<00:00:02.500><c> a</c><00:00:03.100><c> goal</c>

00:00:04.790 --> 00:00:04.800 align:start position:0%
what a goal
 

00:00:04.800 --> 00:00:07.000 align:start position:0%
what a goal
one<00:00:05.500><c> nil</c>
"""  # noqa: W293


def test_parse_subtitles_rolling_captions_count_each_line_once() -> None:
    segments = parse_subtitles(ROLLING, "x").segments
    assert [segment.text for segment in segments] == ["he shoots now", "what a goal", "one nil"]
    assert segments[1].words == (
        TimedWord(2240, 2500, "what"),
        TimedWord(2500, 3100, "a"),
        TimedWord(3100, 4790, "goal"),
    )


def test_parse_subtitles_single_repetition_is_kept() -> None:
    cues = [(n, f"line {n}") for n in range(20)] + [(20, "Goal!"), (21, "Goal!"), (22, "more")]
    text = "\n".join(f"00:{n:02}.000 --> 00:{n + 1:02}.000\n{line}\n" for n, line in cues)
    assert [s.text for s in parse_subtitles(text, "x").segments].count("Goal!") == 2


def test_parse_subtitles_cut_off_timing_is_left_out() -> None:
    with pytest.warns(SpotkickWarning, match="x: the file ends in the middle of a cue"):
        assert parse_subtitles(SRT + "\n3\n00:06:00,0 --> 00:0", "x").segments == SEGMENTS


@pytest.mark.parametrize("text", ["", "0:00 Kick-off\n5:00 Goal\n", "1.0\t2.0\tGoal\n", "<html>"])
def test_parse_subtitles_other_text_is_input_error(text: str) -> None:
    with pytest.raises(InputError, match=r"m\.srt: no subtitles found"):
        parse_subtitles(text, "m.srt")


def test_parse_subtitles_empty_webvtt_is_silence() -> None:
    assert parse_subtitles("WEBVTT\n\n", "x").segments == ()


@given(st.lists(st.tuples(st.integers(0, 10_000_000), st.integers(0, 30_000)), min_size=1))
def test_parse_subtitles_times_round_trip(spans: list[tuple[int, int]]) -> None:
    def clock(ms: int) -> str:
        return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"

    text = "".join(
        f"{n}\n{clock(start)} --> {clock(start + length)}\ncue {n}\n\n"
        for n, (start, length) in enumerate(spans)
    )
    found = {s.text: (s.start_ms, s.end_ms) for s in parse_subtitles(text, "x").segments}
    assert found == {f"cue {n}": (a, a + length) for n, (a, length) in enumerate(spans)}


# --- tables ---


@pytest.mark.parametrize(
    "text",
    [
        'start,end,text\n1.0,3.5,{0}\n300,304.25,"{1}"\n',
        "1.0,3.5,{0}\n300,304.25,{1}\n",
        "start;end;text\n1,0;3,5;{0}\n300;304,25;{1}\n",
        "sep=;\nstart;end;text\n1,0;3,5;{0}\n300;304,25;{1}\n",
        "Start\tEnd\tText\n1000\t3500\t{0}\n300000\t304250\t{1}\n",
        "start_ms,end_ms,text\n1000,3500,{0}\n300000,304250,{1}\n",
        "text,begin,stop\n{0},0:01,0:03.5\n{1},5:00,5:04.25\n",
        "who,start,end,text\nA,00:00:01.000,00:00:03.500,{0}\nB,00:05:00.000,00:05:04.250,{1}\n",
    ],
)
def test_parse_table_every_spelling_gives_same_segments(text: str) -> None:
    assert (
        parse_table(text.format(*(segment.text for segment in SEGMENTS)), "x").segments == SEGMENTS
    )


def test_parse_table_whole_seconds_stay_seconds() -> None:
    text = "start,end,text\n0,4,a\n60,75,b\n"
    assert [s.end_ms for s in parse_table(text, "x").segments] == [4000, 75_000]
    named = "start_s,end_s,text\n0,400,a\n400,900,b\n"
    assert [s.end_ms for s in parse_table(named, "x").segments] == [400_000, 900_000]


def test_parse_table_quoted_line_break_stays_in_its_row() -> None:
    (segment,) = parse_table('start,end,text\n0,1,"a\ngoal"\n', "x").segments
    assert segment.text.split() == ["a", "goal"]


def test_parse_table_thousands_separator_is_malformed() -> None:
    with pytest.warns(SpotkickWarning, match="of 2 segments, 1 are malformed"):
        found = parse_table('start,end,text\n"1,234","1,240",x\n5,6,y\n', "x").segments
    assert [segment.text for segment in found] == ["y"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the table is empty"),
        ("label,position\nGoal,3\n", "start, end and text"),
        ("a,b,c\n1,2,3\n", "start, end and text"),
        ("start,end,text\nx,y,z\n", "all 1 segments are malformed"),
    ],
)
def test_parse_table_other_table_is_input_error(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_table(text, "x.csv")


CUES = "".join(f"{n}\n00:00:{n:02d},000 --> 00:00:{n:02d},900\npass {n}\n\n" for n in range(1, 9))


@pytest.mark.parametrize("end", ["9", "9\n00:00:0", "9\n00:00:09,000 --> 00:", "9\n00:00:09,000 -"])
def test_parse_subtitles_cut_off_file_warns_once_and_keeps_what_is_whole(end: str) -> None:
    with pytest.warns(SpotkickWarning, match="ends in the middle of a cue: it was cut off") as all_:
        transcript = parse_subtitles(CUES + end, "a.srt")
    assert len(transcript.segments) == 8
    assert len(all_) == 1


@pytest.mark.parametrize("end", ["", "\n", "9\n00:00:09,000 --> 00:00:09,900\n10\n"])
def test_parse_subtitles_whole_file_does_not_warn(
    end: str, recwarn: pytest.WarningsRecorder
) -> None:
    assert len(parse_subtitles(CUES + end, "a.srt").segments) in (8, 9)
    assert not recwarn.list
