"""Feeds of two periods onto one video of a whole evening, and onto videos of periods."""

import json
import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from spotkick.actions import Action, MatchActions
from spotkick.datasets.periods import PeriodSpan, write_periods
from spotkick.errors import ConfigError, InputError
from spotkick.formats.reading import read_actions
from spotkick.formats.results import write_results
from spotkick.formats.sportscode import write_sportscode
from spotkick.formats.tables import write_table
from spotkick.pipelines.align import AlignRequest, align_events
from spotkick.pipelines.align_outputs import check_alignment_outputs, write_alignment
from spotkick.pipelines.spot_outputs import read_spotted_periods

LABELS = ("Goal", "Foul", "Corner", "Throw-in", "Ball out of play", "Yellow card")
STARTS_S = {1: 100.0, 2: 900.0}


def write_video(path: Path, duration_s: int) -> Path:
    """Grey frames, one a second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=1)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        stream.time_base = Fraction(1)
        frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 128, np.uint8))
        for number in range(duration_s):
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def make_match(seed: int) -> MatchActions:
    """Forty actions in each of two periods of ten minutes."""
    rng = random.Random(seed)
    actions = [
        Action(rng.choice(LABELS), period, rng.randrange(0, 600_000), team="home")
        for period in (1, 2)
        for _ in range(40)
    ]
    return MatchActions("final", tuple(sorted(actions, key=lambda a: (a.period, a.position_ms))))


def spots_in_file(match: MatchActions) -> MatchActions:
    """The actions where the video shows them, in seconds of the one file."""
    return MatchActions(
        match.match,
        tuple(
            replace(
                action,
                period=1,
                position_ms=action.position_ms + round(1000 * STARTS_S[action.period]),
                confidence=0.9,
            )
            for action in match
        ),
    )


@pytest.fixture
def evening(tmp_path: Path) -> Path:
    """A video of both periods, spots of it, and the feed of the match."""
    write_video(tmp_path / "evening.mp4", 1600)
    match = make_match(1)
    write_table(tmp_path / "feed.csv", (match,))
    write_results(tmp_path / "spots.json", (spots_in_file(match),))
    return tmp_path


def test_align_events_periods_of_one_file_are_found_and_written(evening: Path) -> None:
    request = AlignRequest(
        evening / "feed.csv", (evening / "evening.mp4",), spots=evening / "spots.json"
    )
    alignment = align_events(request)
    assert [round(fit.offset_s, 1) for fit in alignment.fits] == [100.0, 900.0]
    assert alignment.is_aligned

    # The folder serves highlights, view and training.
    out = evening / "out"
    write_alignment(out, alignment)
    spans = read_spotted_periods(out)
    assert [(span.period, round(span.start_s)) for span in spans] == [(1, 100), (2, 900)]
    (labels,) = read_actions(out / "Labels-v2.json")
    expected = make_match(1).actions
    assert [(a.label, a.period, a.team) for a in labels] == [
        (a.label, a.period, a.team) for a in expected
    ]
    gaps_ms = [abs(a.position_ms - b.position_ms) for a, b in zip(labels, expected, strict=True)]
    assert max(gaps_ms) < 50
    (xml,) = read_actions(out / "events.xml")
    assert dict(xml.period_starts_ms) == pytest.approx({1: 100_000, 2: 900_000}, abs=50)
    document = json.loads((out / "alignment.json").read_text())
    assert [period["aligned"] for period in document["periods"]] == [True, True]


def test_align_events_periods_of_two_files_use_their_own_spots(tmp_path: Path) -> None:
    match = make_match(2)
    for period in (1, 2):
        write_video(tmp_path / f"{period}_720p.mp4", 700)
    shifted = tuple(
        replace(a, position_ms=a.position_ms + 12_500, confidence=0.9) for a in match.actions
    )
    write_table(tmp_path / "feed.csv", (match,))
    write_results(tmp_path / "spots.json", (MatchActions("final", shifted),))
    videos = tuple(tmp_path / f"{period}_720p.mp4" for period in (1, 2))
    alignment = align_events(AlignRequest(tmp_path / "feed.csv", videos, tmp_path / "spots.json"))
    assert [round(fit.offset_s, 1) for fit in alignment.fits] == [12.5, 12.5]
    assert alignment.match.period_starts_ms == ()


def test_align_events_match_clock_alone_is_enough(evening: Path) -> None:
    video = evening / "evening.mp4"
    spans = [PeriodSpan(1, 101.0, 800.0, video), PeriodSpan(2, 901.0, 1590.0, video)]
    write_periods(evening, spans)
    alignment = align_events(AlignRequest(evening / "feed.csv", (video,)))
    assert [fit.offset_s for fit in alignment.fits] == [101.0, 901.0]
    assert all("not checked by spots" in line for line in alignment.lines())


def test_align_events_match_clock_alone_goals_of_the_scoreboard_tell_another_match(
    evening: Path,
) -> None:
    video = evening / "evening.mp4"
    spans = [PeriodSpan(1, 100.0, 800.0, video), PeriodSpan(2, 900.0, 1590.0, video)]
    rows = [
        {
            "before_s": at_s,
            "after_s": at_s + 25,
            "old": [n, 0],
            "new": [n + 1, 0],
            "taken_back": False,
        }
        for n, at_s in enumerate((300.0, 600.0, 1300.0))
    ]
    write_periods(evening, spans, extra={"scores": {video.name: rows}})
    aligned = {}
    for name, places in {
        "right": ((1, 195_000), (1, 490_000), (2, 395_000)),
        "one missing": ((1, 195_000), (2, 395_000)),
        "other": ((1, 20_000), (2, 100_000)),
        "no goal": ((1, 20_000),),
    }.items():
        label = "Corner" if name == "no goal" else "Goal"
        actions = tuple(Action(label, period, at_ms) for period, at_ms in places)
        write_table(evening / "goals.csv", (MatchActions("final", actions),))
        alignment = align_events(AlignRequest(evening / "goals.csv", (video,)))
        aligned[name] = alignment.is_aligned
    assert aligned == {"right": True, "one missing": True, "other": False, "no goal": False}
    assert "0 of 0 goals of the feed fall where the scoreboard shows 3" in alignment.lines()[0]


def test_align_events_another_match_is_refused_and_nothing_but_numbers_written(
    evening: Path,
) -> None:
    write_table(evening / "other.csv", (make_match(7),))
    request = AlignRequest(
        evening / "other.csv", (evening / "evening.mp4",), spots=evening / "spots.json"
    )
    alignment = align_events(request)
    assert not alignment.is_aligned
    assert "this may be another match" in alignment.lines()[0]
    written = write_alignment(evening / "out", alignment)
    assert [path.name for path in written] == ["alignment.json", "residuals.svg"]


def test_align_events_without_clock_and_spots_says_what_to_give(evening: Path) -> None:
    with pytest.raises(ConfigError, match="give --spots, --checkpoint, or --clock"):
        align_events(AlignRequest(evening / "feed.csv", (evening / "evening.mp4",)))


def test_align_events_outside_of_the_video_are_left_out(evening: Path) -> None:
    match = make_match(1)
    late = Action("Goal", 2, 900_000)
    write_table(evening / "feed.csv", (replace(match, actions=(*match.actions, late)),))
    request = AlignRequest(
        evening / "feed.csv", (evening / "evening.mp4",), spots=evening / "spots.json"
    )
    alignment = align_events(request)
    assert (alignment.outside, len(alignment.match)) == (1, len(match))


def test_align_events_spots_that_state_their_periods_lie_there(evening: Path) -> None:
    match = make_match(3)
    starts = tuple((period, round(1000 * start_s)) for period, start_s in STARTS_S.items())
    spots = evening / "spots.xml"
    write_sportscode(spots, (replace(match, period_starts_ms=starts),))
    request = AlignRequest(evening / "feed.csv", (evening / "evening.mp4",), spots)
    write_table(request.events, (match,))
    found = align_events(request)
    assert [fit.problem for fit in found.fits] == ["", ""]
    offsets = [fit.offset_s for fit in found.fits]
    assert offsets == pytest.approx(list(STARTS_S.values()), abs=0.3)

    # Without these times the second period would lie on the first.
    write_table(evening / "spots.csv", (match,))
    with pytest.raises(InputError, match="where period 1 begins in the video is not known"):
        align_events(replace(request, spots=evening / "spots.csv"))


def test_check_alignment_outputs_periods_and_spots_that_are_read_are_kept(tmp_path: Path) -> None:
    video, events = tmp_path / "final.mp4", tmp_path / "feed.csv"
    check_alignment_outputs(tmp_path, [events], videos=[video])
    write_periods(tmp_path, [PeriodSpan(1, 100.0, 700.0, video)])
    with pytest.raises(InputError, match=r"periods\.json would overwrite the input"):
        check_alignment_outputs(tmp_path, [events], videos=[video])

    spots = tmp_path / "spots"
    spots.mkdir()
    (spots / "results_spotting.json").write_text("{}")
    with pytest.raises(InputError, match=r"results_spotting\.json would overwrite the input"):
        check_alignment_outputs(spots, [events], videos=[video], spots=spots)


def test_check_alignment_outputs_labels_of_a_person_are_kept(evening: Path) -> None:
    video, events, out = evening / "evening.mp4", evening / "feed.csv", evening / "out"
    out.mkdir()
    labels = out / "Labels-v2.json"
    labels.write_text("{}")
    with pytest.raises(InputError, match=r"holds Labels-v2\.json that 'spotkick align' did not"):
        check_alignment_outputs(out, [events], videos=[video])
    check_alignment_outputs(out, [events], videos=[video], overwrite=True)

    # Its own files may be replaced, until one is corrected.
    write_alignment(out, align_events(AlignRequest(events, (video,), evening / "spots.json")))
    check_alignment_outputs(out, [events], videos=[video])
    labels.write_text(labels.read_text().replace("Goal", "Corner"))
    with pytest.raises(InputError, match="or that was changed since"):
        check_alignment_outputs(out, [events], videos=[video])
