import gzip
import json
from fractions import Fraction
from pathlib import Path

import pytest

from spotkick.actions import Action, MatchActions, Visibility
from spotkick.errors import InputError
from spotkick.formats.e2e_spot import read_e2e_spot, write_e2e_spot
from spotkick.timeline import position_of_frame

LABELS = [
    {
        "video": "league/season/match/2",
        "num_frames": 5400,
        "num_events": 2,
        "events": [
            {"frame": 133, "label": "Ball out of play", "comment": "not applicable; visible"},
            {"frame": 149, "label": "Throw-in", "comment": "away; not shown"},
            {"frame": 150, "label": "Throw-in", "comment": "a long one"},
        ],
        "fps": 2.0833333333333335,
        "width": 398,
        "height": 224,
    }
]


def test_read_e2e_spot_labels_of_two_periods_become_one_match(tmp_path: Path) -> None:
    path = tmp_path / "train.json"
    path.write_text(json.dumps(LABELS))
    (match,) = read_e2e_spot(path)
    rate = Fraction(25, 12)
    assert match == MatchActions(
        "league/season/match",
        (
            Action(
                "Ball out of play", 2, position_of_frame(133, rate), visibility=Visibility.VISIBLE
            ),
            Action(
                "Throw-in",
                2,
                position_of_frame(149, rate),
                team="away",
                visibility=Visibility.NOT_SHOWN,
            ),
            Action("Throw-in", 2, position_of_frame(150, rate)),
        ),
    )


def test_read_e2e_spot_gzip_predictions_are_read(tmp_path: Path) -> None:
    path = tmp_path / "pred-test.30.recall.json.gz"
    path.write_bytes(
        gzip.compress(
            json.dumps(
                [{"video": "v", "events": [{"frame": 1, "label": "x", "score": 0.5}], "fps": 2}]
            ).encode()
        )
    )
    assert read_e2e_spot(path) == (MatchActions("v", (Action("x", 1, 500, 0.5),)),)


def test_read_e2e_spot_gzip_bomb_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spotkick.formats.json_files.MAX_JSON_BYTES", 1000)
    path = tmp_path / "bomb.json.gz"
    path.write_bytes(gzip.compress(b" " * 10_000_000, mtime=0))
    with pytest.raises(InputError, match="unpacks to more than the limit of 1,000 bytes"):
        read_e2e_spot(path)


def test_read_e2e_spot_truncated_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.json.gz"
    path.write_bytes(gzip.compress(json.dumps(LABELS).encode())[:-20])
    with pytest.raises(InputError, match="gzip data end too early"):
        read_e2e_spot(path)


def test_write_e2e_spot_frame_is_the_one_shown_at_the_position(tmp_path: Path) -> None:
    actions = (Action("a", 1, 0), Action("a", 1, 39), Action("a", 1, 40), Action("b", 1, 100_001))
    write_e2e_spot(tmp_path / "x.json", [MatchActions("m", actions)], frame_rate=Fraction(25))
    (video,) = json.loads((tmp_path / "x.json").read_text())
    assert [event["frame"] for event in video["events"]] == [0, 0, 1, 2500]
    assert (video["num_frames"], video["num_events"], video["fps"]) == (2501, 4, 25)
    assert (tmp_path / "class.txt").read_text() == "a\nb\n"


@pytest.mark.parametrize("fps", [0, -25, "fast", 1e-9, 1e9, None])
def test_read_e2e_spot_impossible_frame_rate_is_refused(tmp_path: Path, fps: object) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps([{"video": "v", "events": [], "fps": fps}]))
    with pytest.raises(InputError, match="fps"):
        read_e2e_spot(path)


def test_read_e2e_spot_repeated_video_is_joined_with_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(
        json.dumps([{"video": "v", "events": [{"frame": 1, "label": "x"}], "fps": 2}] * 2)
    )
    with pytest.warns(UserWarning, match="1 videos are listed more than once"):
        (match,) = read_e2e_spot(path)
    assert len(match.actions) == 2


def test_read_e2e_spot_unknown_frame_rate_needs_one(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps([{"video": "v", "events": [{"frame": 50, "label": "x"}]}]))
    with pytest.raises(InputError, match=r"\[0\] counts frames .* or to 'spotkick convert'"):
        read_e2e_spot(path)
    assert read_e2e_spot(path, frame_rate=Fraction(25))[0].actions[0].position_ms == 2000
