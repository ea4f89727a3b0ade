from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from spotkick.actions import Action, MatchActions, Visibility
from spotkick.errors import InputError
from spotkick.formats.tables import count_unread_values, read_table


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
    assert count_unread_values(path) == {"field 'Comment' of the source": 1}


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
    assert count_unread_values(tmp_path / "x.parquet") == {"field 'extra' of the source": 2}


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
    monkeypatch.setattr("spotkick.formats.tables.MAX_ROWS", 1000)
    parquet.write_table(
        pa.table({"time": [1] * 2000, "label": ["x"] * 2000}), tmp_path / "x.parquet"
    )
    with pytest.raises(InputError, match="2,000 rows, more than the limit of 1,000"):
        read_table(tmp_path / "x.parquet")
