import csv
import warnings
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from spotkick.actions import Action, MatchActions, Visibility
from spotkick.errors import InputError, SpotkickWarning
from spotkick.formats.tables import read_table, write_table


def unread_of(path: Path) -> Counter[str]:
    """What a reader leaves out."""
    found: Counter[str] = Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        read_table(path, unread=found)
    return +found


def test_read_table_label_and_time_are_enough(tmp_path: Path) -> None:
    path = tmp_path / "rally.csv"
    path.write_text("time,label\n1.5,smash\n12:34.25,drop\n1:02:05,let\n-0.5,serve\n")
    labels = [("smash", 1500), ("drop", 754_250), ("let", 3_725_000), ("serve", -500)]
    assert read_table(path) == (
        MatchActions("rally", tuple(Action(label, 1, position) for label, position in labels)),
    )


def test_read_table_semicolons_and_decimal_commas_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(
        "\ufeffVideo;Half;Seconds;Event;Score;Comment\r\nm1;2;1,5;smash;0,25;nice\r\nm1;;2;drop;;\r\n".encode()
    )
    assert read_table(path) == (
        MatchActions("m1", (Action("smash", 2, 1500, 0.25), Action("drop", 1, 2000))),
    )
    assert unread_of(path) == {"field 'Comment' of the source": 1}


def test_read_table_finer_time_counts(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(
        'gameTime,position_ms,label,team,visibility\n2 - 00:01,1234,"a, b",home,not shown\n'
    )
    assert read_table(path)[0].actions == (
        Action("a, b", 1, 1234, None, "home", Visibility.NOT_SHOWN),
    )
    path.write_text("gameTime,label\n2 - 00:01,a\n")
    assert read_table(path)[0].actions == (Action("a", 2, 1000),)


def test_read_table_parquet_of_pandas_is_read(tmp_path: Path) -> None:
    columns = {
        "video": ["m", "m"],
        "start": [1.5, 2.0],
        "action": ["a", "b"],
        "score": [0.5, float("nan")],
        "extra": [1, 2],
    }
    parquet.write_table(pa.table(columns), tmp_path / "x.parquet")
    assert read_table(tmp_path / "x.parquet") == (
        MatchActions("m", (Action("a", 1, 1500, 0.5), Action("b", 1, 2000))),
    )
    assert unread_of(tmp_path / "x.parquet") == {"field 'extra' of the source": 2}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the table is empty"),
        ("time,team\n1,home\n", "needs a column 'label'"),
        ("label\nx\n", "one of 'position_ms', 'position_s' or 'gameTime'"),
        ("time,label\n1\n", "row 1: 2 fields are needed"),
        ("time,label\nsoon,x\n", 'row 1: time in seconds must be a finite number, found "soon"'),
        ('time,label\n1,"x\n', "not a readable CSV table"),
        ("time,label,half\n1,x,12\n", "period must lie within 1 and 9, found 12"),
        ("time,label\n1,\n", "label must be text"),
        (f"time,label\n1,{'x' * 200_000}\n", "field larger than field limit"),
    ],
)
def test_read_table_malformed_table_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_table(path)


def test_read_table_other_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("time,label\n1,Fußball\n".encode("latin-1"))
    with pytest.raises(InputError, match="not UTF-8 text"):
        read_table(path)


def test_read_table_damaged_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1" + b"\x00" * 100 + b"PAR1")
    with pytest.raises(InputError, match="not a readable Parquet table"):
        read_table(path)


def test_read_table_parquet_bomb_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spotkick.formats.table_rows.MAX_ROWS", 1000)
    parquet.write_table(
        pa.table({"time": [1] * 2000, "label": ["x"] * 2000}), tmp_path / "x.parquet"
    )
    with pytest.raises(InputError, match="2,000 rows, more than the limit of 1,000"):
        read_table(tmp_path / "x.parquet")


def table_of(tmp_path: Path, text: str) -> tuple[MatchActions, ...]:
    path = tmp_path / "x.csv"
    path.write_text(text)
    return read_table(path)


@pytest.mark.parametrize(
    ("number", "delimiter", "seconds"),
    [
        ('"1,234.5"', ",", 1234.5),
        ('"1,234,567.25"', ",", 1_234_567.25),
        ('"12,5"', ",", 12.5),
        ('"0,123"', ",", 0.123),
        ("1,234", ";", 1.234),
        ("1.234,5", ";", 1234.5),
        ("1,5", "\t", 1.5),
    ],
)
def test_read_table_numbers_of_different_countries_are_read(
    tmp_path: Path, number: str, delimiter: str, seconds: float
) -> None:
    (match,) = table_of(tmp_path, f"time{delimiter}label\n{number}{delimiter}a\n")
    assert match.actions[0].position_s == seconds


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ('"1,234",0.5', "time in seconds may mean 1234 or 1.234"),
        ('"-12,345",0.5', "time in seconds may mean -12345 or -12.345"),
        ('1,"1,000"', "confidence may mean 1000 or 1.000"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_read_table_ambiguous_thousands_are_refused(
    tmp_path: Path, row: str, place: str, delimiter: str
) -> None:
    time, confidence = next(csv.reader([row]))
    fields = f'"{time}"{delimiter}"{confidence}"{delimiter}a'
    with pytest.raises(InputError, match=f"row 1: {place}"):
        table_of(tmp_path, f"time{delimiter}score{delimiter}label\n{fields}\n")


@pytest.mark.parametrize(
    ("video", "expected"),
    [
        ("epl/m/2", ("epl/m", 2)),
        ("epl/m/2_720p.mkv", ("epl/m", 2)),
        ("2_HQ.mkv", ("x", 2)),
        ("https://host/epl/m/2_720p.mkv?token=1", ("m", 2)),
        ("rally 3.mp4", ("rally 3", 1)),
    ],
)
def test_read_table_column_of_videos_names_match_and_period(
    tmp_path: Path, video: str, expected: tuple[str, int]
) -> None:
    (match,) = table_of(tmp_path, f"video,seconds,label\n{video},3,a\n")
    assert (match.match, match.actions[0].period) == expected


def test_read_table_column_of_matches_is_kept_as_it_is(tmp_path: Path) -> None:
    (match,) = table_of(tmp_path, "match,seconds,label\nepl/m/2_720p.mkv,3,a\n")
    assert (match.match, match.actions[0].period) == ("epl/m/2_720p.mkv", 1)


def test_read_table_period_that_contradicts_the_video_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="period 1 contradicts the name of the video"):
        table_of(tmp_path, "video,half,seconds,label\nm/2,1,3,a\n")
    (match,) = table_of(tmp_path, "match,video,seconds,label\nfinal,m/2,3,a\n")
    assert (match.match, match.actions[0].period) == ("final", 2)


@pytest.mark.parametrize("delimiter", [";", ",", "|"])
def test_read_table_separator_line_of_excel_is_read(tmp_path: Path, delimiter: str) -> None:
    lines = [f"sep={delimiter}", f"time{delimiter}label", f"1{delimiter}a"]
    assert table_of(tmp_path, "\r\n".join(lines)) == (MatchActions("x", (Action("a", 1, 1000),)),)


BORIS = (
    "Observation id,Media file,Total length,FPS,Subject,Behavior,Behavior type,Start (s),Stop (s)\n"
    "obs1,C:/videos/final.mp4,5400,25,Messi,Shot,POINT,63.250,63.250\n"
)


def test_read_table_boris_export_is_read_by_its_headers(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(BORIS)
    assert read_table(path) == (MatchActions("final", (Action("Shot", 1, 63_250),)),)
    assert unread_of(path)["field 'Subject' of the source"] == 1


def test_read_table_stated_columns_count_before_names(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("label,time,What,When,Who\nx,1,Shot,12:34.5,Messi\n")
    columns = (("label", "What"), ("time", "when"), ("player", "Who"))
    assert read_table(path, columns=columns)[0].actions == (
        Action("Shot", 1, 754_500, details=(("player", "Messi"),)),
    )
    with pytest.raises(InputError, match="no column 'Behaviour', found label, time"):
        read_table(path, columns=(("label", "Behaviour"),))


@pytest.mark.parametrize(
    ("names", "period"),
    [(("1H", "2H"), 2), (("first half", "E1"), 3), (("1", "E2"), 4), (("1", "P"), 5)],
)
def test_read_table_names_of_periods_are_read(
    tmp_path: Path, names: tuple[str, str], period: int
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"time,label,half\n1,a,{names[0]}\n2,b,{names[1]}\n")
    assert [action.period for action in read_table(path)[0]] == [1, period]


def test_read_table_minutes_that_run_on_count_from_the_period(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("period,minute,second,event\n1,18,21,Goal\n2,63,11.5,Goal\n2,45,0,Kick-off\n")
    with pytest.warns(SpotkickWarning, match="those of period 2 count from 45:00"):
        (match,) = read_table(path)
    assert [action.position_ms for action in match] == [1_101_000, 1_091_500, 0]

    # and minutes that restart are left as they are
    path.write_text("period,minute,second,event\n1,18,21,Goal\n2,18,11.5,Goal\n2,45,0,Foul\n")
    assert [action.position_ms for action in read_table(path)[0]] == [
        1_101_000,
        1_091_500,
        2_700_000,
    ]


def test_read_table_frames_need_a_rate(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("frame,label\n50,Goal\n")
    assert read_table(path, frame_rate=Fraction(25))[0].actions == (Action("Goal", 1, 2000),)
    with pytest.raises(InputError, match="a frame needs its rate"):
        read_table(path)
    path.write_text("frame,fps,label\n30,29.97,Goal\n")
    assert read_table(path)[0].actions == (Action("Goal", 1, 1001),)


def test_read_table_data_frame_of_kloppy_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("event_type,period_id,timestamp,player_id\nSHOT,2,0 days 00:18:21.250000,7\n")
    assert read_table(path)[0].actions == (Action("SHOT", 2, 1_101_250),)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_write_table_details_come_back(tmp_path: Path, suffix: str) -> None:
    details = (("player", "A"), ("player", "B"), ("zone", "left"))
    match = MatchActions("m", (Action("Pass", 1, 5, details=details), Action("Pass", 1, 9)))
    write_table(tmp_path / f"x{suffix}", (match,))
    assert read_table(tmp_path / f"x{suffix}") == (match,)
