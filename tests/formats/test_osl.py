import json
from fractions import Fraction
from pathlib import Path

import pytest

from spotkick.actions import Action, MatchActions, Visibility
from spotkick.errors import InputError
from spotkick.formats.osl import read_osl_v1, read_osl_v2, write_osl_v2


def write(path: Path, document: object) -> Path:
    path.write_text(json.dumps(document))
    return path


def test_read_osl_v1_two_periods_become_one_match(tmp_path: Path) -> None:
    halves = [
        {
            "path": f"league/match/{half}_720p.mkv",
            "annotations": [{"gameTime": f"{half} - 00:29", "label": "Foul", "position": "29049"}],
        }
        for half in (1, 2)
    ]
    halves[0]["annotations"][0] |= {"team": "not applicable", "visibility": "not shown"}
    path = write(
        tmp_path / "train.json",
        {"version": 1, "date": "2024-01-01", "labels": ["Foul"], "videos": halves},
    )
    assert read_osl_v1(path) == (
        MatchActions(
            "league/match",
            (Action("Foul", 1, 29049, visibility=Visibility.NOT_SHOWN), Action("Foul", 2, 29049)),
        ),
    )


def test_read_osl_v1_predictions_of_one_video_are_read(tmp_path: Path) -> None:
    rows = [
        {"frame": 50, "label": "PASS", "confidence": 0.25},
        {"gameTime": "1 - 00:03", "position": 3010, "label": "SHOT", "confidence": "0.5"},
    ]
    path = write(tmp_path / "pred.json", {"Url": "clips/game.mp4", "predictions": rows, "fps": 25})
    assert read_osl_v1(path) == (
        MatchActions("clips/game", (Action("PASS", 1, 2000, 0.25), Action("SHOT", 1, 3010, 0.5))),
    )


def test_read_osl_v2_both_names_of_the_confidence_are_read(tmp_path: Path) -> None:
    events = [
        {"head": "action", "label": "PASS", "position_ms": 1000, "confidence": 0.5},
        {"head": "action", "label": "PASS", "position_ms": 2000, "confidence_score": 0.75},
    ]
    path = write(
        tmp_path / "v2.json",
        {"version": "2.0", "task": "action_spotting", "data": [{"id": "clip", "events": events}]},
    )
    assert [action.confidence for action in read_osl_v2(path)[0].actions] == [0.5, 0.75]


def test_read_osl_v2_period_of_the_clock_counts_where_it_agrees(tmp_path: Path) -> None:
    """A position in a video of the whole match is not one inside the second half."""
    events = [
        {"label": "PASS", "position_ms": 65_400, "gameTime": "2 - 01:05"},
        {"label": "PASS", "position_ms": 3_065_400, "gameTime": "2 - 01:05"},
    ]
    path = write(
        tmp_path / "v2.json",
        {
            "version": "2.0",
            "data": [{"inputs": [{"type": "video", "path": "10517.mp4"}], "events": events}],
        },
    )
    assert read_osl_v2(path) == (
        MatchActions("10517", (Action("PASS", 2, 65_400), Action("PASS", 1, 3_065_400))),
    )


def test_write_osl_v2_predictions_are_marked(tmp_path: Path) -> None:
    write_osl_v2(tmp_path / "a.json", [MatchActions("m", (Action("PASS", 1, 5, 0.5),))])
    write_osl_v2(tmp_path / "b.json", [MatchActions("m", (Action("PASS", 1, 5),))])
    kinds = [
        json.loads((tmp_path / name).read_text())["metadata"].get("type")
        for name in ("a.json", "b.json")
    ]
    assert kinds == ["predictions", None]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"data": 3}, r"\.data must be a list, found 3"),
        ({"data": [{"events": []}]}, r"data\[0\] must have an 'id' or an input with a path"),
        (
            {"data": [{"id": "m", "events": [{"position_ms": 1}]}]},
            r"events\[0\] must have the field 'label'",
        ),
        (
            {"data": [{"id": "m", "events": [{"label": "x", "position_ms": "soon"}]}]},
            'position_ms must be milliseconds such as .*, found "soon"',
        ),
        (
            {"data": [{"id": "m", "events": [{"label": "x", "position_ms": 1e300}]}]},
            "is beyond any match",
        ),
        ({"data": [{"id": "m", "events": [{"label": "x"}]}]}, "must have the field 'gameTime'"),
        (
            {
                "data": [
                    {"id": "m", "events": [{"label": "x", "position_ms": 1, "visibility": "seen"}]}
                ]
            },
            "'visible' or 'not shown'",
        ),
    ],
)
def test_read_osl_v2_malformed_file_names_the_place(
    tmp_path: Path, document: object, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        read_osl_v2(write(tmp_path / "v2.json", document))


@pytest.mark.parametrize(
    ("position", "expected"), [(1234.9, 1234), ("1234.9", 1234), ("-5", -5), (-0.5, 0)]
)
def test_read_osl_fraction_of_a_millisecond_is_cut_off(
    tmp_path: Path, position: object, expected: int
) -> None:
    events = [{"label": "x", "position_ms": position}]
    path = write(tmp_path / "v2.json", {"version": "2.0", "data": [{"id": "m", "events": events}]})
    assert [action.position_ms for action in read_osl_v2(path)[0]] == [expected]


def test_read_osl_frames_of_unknown_rate_need_one(tmp_path: Path) -> None:
    events = [{"label": "x", "frame": 50}]
    path = write(tmp_path / "v2.json", {"version": "2.0", "data": [{"id": "m", "events": events}]})
    with pytest.raises(InputError, match=r"counts frames, .* give it with --rate"):
        read_osl_v2(path)
    assert read_osl_v2(path, frame_rate=Fraction(25))[0].actions[0].position_ms == 2000
    old = write(tmp_path / "v1.json", {"Url": "m", "predictions": events})
    with pytest.raises(InputError, match="give it with --rate, here or to"):
        read_osl_v1(old)
    assert read_osl_v1(old, frame_rate=Fraction(50))[0].actions[0].position_ms == 1000


def test_read_osl_period_videos_without_a_folder_are_one_match(tmp_path: Path) -> None:
    videos = [
        {"path": f"{period}_720p.mkv", "annotations": [{"label": "x", "position": 1}]}
        for period in (1, 2)
    ]
    (match,) = read_osl_v1(write(tmp_path / "final.json", {"version": 1, "videos": videos}))
    assert (match.match, [action.period for action in match]) == ("final", [1, 2])
