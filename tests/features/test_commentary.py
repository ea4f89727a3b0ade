import json
import math
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.actions import Action
from spotkick.errors import ConfigError, InputError, SpotkickWarning
from spotkick.features.commentary import (
    Segment,
    commentary_source,
    count_frames,
    find_commentary,
    fit_commentary,
    frame_vectors,
    read_commentary_source,
    read_segments,
    write_commentary_source,
    write_commentary_tracks,
)
from spotkick.features.periods import ExtractionSummary, PeriodFile
from spotkick.features.terms import TermReader
from spotkick.features.text import TextModel
from spotkick.features.text_fit import FittedText
from spotkick.features.tracks import find_source, read_track

RATES = (Fraction(1), Fraction(2), Fraction(25, 4), Fraction(30000, 1001))


def _write(path: Path, segments: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"segments": segments}), encoding="utf-8")
    return path


@pytest.fixture
def model() -> TextModel:
    reader = TermReader(frozenset({"card", "goal"}))
    return TextModel(reader, ("card", "goal"), np.ones(2, dtype=np.float32), np.array([[1, 0], [0, 2]], dtype=np.float16), 1.0)


# --- reading ---


def test_segments_are_read_in_order_of_time(tmp_path: Path) -> None:
    path = _write(tmp_path / "1_asr.json", {"0": [5, 7.5, " a goal "], "1": [0.0, 2.0, "kick-off"]})
    assert read_segments(path) == (Segment(0, 2000, "kick-off"), Segment(5000, 7500, "a goal"))


def test_empty_half_and_empty_text_are_no_fault(tmp_path: Path) -> None:
    assert read_segments(_write(tmp_path / "1_asr.json", {})) == ()
    assert read_segments(_write(tmp_path / "2_asr.json", {"0": [0, 1, "  "]})) == ()


def test_malformed_segments_are_counted_in_one_warning(tmp_path: Path) -> None:
    bad = [[1, 2], [1, "2", "x"], [math.inf, 3, "x"], [True, 3, "x"], "text", None, [1, 2, 3], [-9, -5, "x"], [0, 1e9, "x"]]
    fine = [[0, 1, "a"], [8, 6, "reversed"], [-1, 2, "negative"]]
    path = tmp_path / "1_asr.json"
    path.write_text(json.dumps({"segments": {str(number): item for number, item in enumerate(bad + fine)}}), encoding="utf-8")
    with pytest.warns(SpotkickWarning) as caught:
        segments = read_segments(path)
    assert segments == (Segment(0, 1000, "a"), Segment(0, 2000, "negative"), Segment(6000, 8000, "reversed"))
    assert len(caught) == 1
    assert "of 12 segments, 9 are malformed and left out, 2 have negative or reversed times" in str(caught[0].message)


@pytest.mark.parametrize("content", ["[]", "{}", '{"segments": "none"}', '{"segments": null}', "", "{"])
def test_other_files_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "1_asr.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"1_asr\.json"):
        read_segments(path)


# --- frames ---


def test_number_of_frames() -> None:
    assert count_frames([]) == 5400
    assert count_frames([Segment(0, 2699900, "")]) == 5400
    assert count_frames([Segment(0, 2700100, "")]) == 5401
    assert count_frames([Segment(0, 2800000, ""), Segment(2700000, 2701000, "")]) == 5600
    assert count_frames([], Fraction(25)) == 67_500
    assert count_frames([Segment(0, 2_700_010, "")], Fraction(30000, 1001)) == 80_920  # ceil(80919.4)


def test_frame_carries_the_segments_that_overlap_it() -> None:
    segments = [Segment(500, 1500, ""), Segment(1200, 1500, ""), Segment(3000, 3000, ""), Segment(4600, 4700, "")]
    vectors = np.array([[1, 0], [3, 2], [5, 5], [7, 7]], dtype=np.float32)
    expected = np.zeros((10, 3))
    expected[1] = 1, 0, 1  # 0.5 to 1 s
    expected[2] = 2, 1, 1  # the mean of two
    expected[6] = 5, 5, 1  # a segment without duration belongs to the frame that it starts in
    expected[9] = 7, 7, 1
    np.testing.assert_array_equal(frame_vectors(segments, vectors, 10), expected)


def test_segments_behind_the_end_are_left_out() -> None:
    frames = frame_vectors([Segment(1000, 90000, ""), Segment(50000, 60000, "")], np.ones((2, 1), dtype=np.float32), 4)
    np.testing.assert_array_equal(frames[:, 0], [0, 0, 1, 1])


_times = st.integers(0, 400).map(lambda value: 10 * value)
_segments = st.lists(st.tuples(_times, _times).map(lambda times: Segment(min(times), max(times), "")), max_size=8)


@settings(deadline=None, max_examples=50)
@given(segments=_segments, rate=st.sampled_from(RATES), seed=st.integers(0, 9))
def test_frames_equal_a_slow_reference(segments: list[Segment], rate: Fraction, seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(len(segments), 3)).astype(np.float32)  # no two are alike
    frames = frame_vectors(segments, vectors, int(5 * rate), rate)
    for frame, values in enumerate(frames):
        start, end = 1000 * frame / rate, 1000 * (frame + 1) / rate
        seen = [
            vector
            for segment, vector in zip(segments, vectors, strict=True)
            if (segment.start_ms < end and segment.end_ms > start) or start <= segment.start_ms == segment.end_ms < end
        ]
        expected = np.append(np.mean(seen, axis=0), 1) if seen else np.zeros(4)
        np.testing.assert_allclose(values, expected, atol=1e-5)


@settings(deadline=None, max_examples=50)
@given(segments=_segments, rate=st.sampled_from(RATES), frame=st.integers(0, 20), later=_segments)
def test_no_frame_looks_ahead(segments: list[Segment], rate: Fraction, frame: int, later: list[Segment]) -> None:
    """What starts after a frame can be changed, added or removed; the frame stays as it is, and so do all before it."""
    end_ms = 1000 * (frame + 1) / rate
    past = [segment for segment in segments if segment.start_ms < end_ms]
    future = [segment for segment in segments if segment.start_ms >= end_ms]
    moved = [Segment(math.ceil(end_ms) + segment.start_ms, math.ceil(end_ms) + segment.end_ms, "") for segment in later]

    def seen(listed: list[Segment], value: float) -> np.ndarray:
        rest = len(listed) - len(past)
        vectors = np.concatenate([np.arange(1.0, len(past) + 1)[:, None], np.full((rest, 1), value)]).astype(np.float32)
        return frame_vectors(listed, vectors, int(5 * rate), rate)[: frame + 1]

    np.testing.assert_array_equal(seen(past + future, 50), seen(past, 0))
    np.testing.assert_array_equal(seen(past + moved, -70), seen(past, 0))


# --- data sets ---


def test_commentary_is_found_by_match_and_period(tmp_path: Path) -> None:
    paths = [_write(tmp_path / "league" / "season" / "a - b" / f"{period}_asr.json", {}) for period in (1, 2)]
    _write(tmp_path / "league" / "season" / "a - b" / "old_asr.json", {})
    expected = tuple(PeriodFile("league/season/a - b", period, path) for period, path in enumerate(paths, start=1))
    assert find_commentary(tmp_path) == expected
    assert {half.match for half in find_commentary(paths[0].parent)} == {"a - b"}
    with pytest.raises(InputError, match="no commentary below it"):
        find_commentary(tmp_path / "nothing")


def test_tracks_and_their_source_are_written(tmp_path: Path, model: TextModel) -> None:
    _write(tmp_path / "in" / "m" / "1_asr.json", {"0": [0.0, 1.0, "Goal!"], "1": [1.0, 1.5, "Card, goal."]})
    source = commentary_source(model)
    write_commentary_source(model, source, tmp_path / "out")
    summary = write_commentary_tracks(find_commentary(tmp_path / "in"), tmp_path / "out", FittedText(model, {}), source)
    assert summary == ExtractionSummary(written=1, frames=5400)
    track = read_track(tmp_path / "out" / "m" / "1_commentary.npy")
    assert track.source == source
    assert track.values.dtype == np.float16
    root_half = 1 / math.sqrt(2)
    np.testing.assert_allclose(track.values[:3], [[0, 2, 1], [0, 2, 1], [root_half, 2 * root_half, 1]], atol=1e-3)
    assert not track.values[3:].any()


def test_silent_halves_are_zeros_and_counted_once(tmp_path: Path, model: TextModel) -> None:
    for period in (1, 2):
        _write(tmp_path / "in" / "m" / f"{period}_asr.json", {})
    with pytest.warns(SpotkickWarning, match="2 of 2 halves have no commentary, their features are zeros") as caught:
        summary = write_commentary_tracks(
            find_commentary(tmp_path / "in"), tmp_path, FittedText(model, {}), commentary_source(model)
        )
    assert (len(caught), summary.silent) == (1, 2)
    assert read_track(tmp_path / "m" / "2_commentary.npy").values.shape == (5400, 3)
    assert not read_track(tmp_path / "m" / "2_commentary.npy").values.any()


def test_unreadable_half_does_not_stop_the_others(tmp_path: Path, model: TextModel) -> None:
    _write(tmp_path / "in" / "m" / "1_asr.json", {}).write_text("{", encoding="utf-8")
    _write(tmp_path / "in" / "m" / "2_asr.json", {"0": [0, 1, "goal"]})
    with pytest.warns(SpotkickWarning, match=r"left out: .*1_asr\.json: not valid JSON"):
        summary = write_commentary_tracks(
            find_commentary(tmp_path / "in"), tmp_path, FittedText(model, {}), commentary_source(model)
        )
    assert summary == ExtractionSummary(written=1, frames=5400, failed=1)
    assert [path.name for path in tmp_path.rglob("*.npy")] == ["2_commentary.npy"]


def test_source_is_read_from_a_feature_set_or_a_checkpoint(tmp_path: Path, model: TextModel) -> None:
    source = commentary_source(model, frame_rate=Fraction(4))
    for root in (tmp_path / "set", tmp_path / "checkpoint" / "features"):
        write_commentary_source(model, source, root)
    for folder in ("set", "set/commentary.source", "checkpoint"):
        back, described = read_commentary_source(tmp_path / folder)
        assert (back.fingerprint, described) == (model.fingerprint, source)
    assert find_source(tmp_path / "set" / "a" / "1_commentary.npy") == source


def test_sources_are_never_mixed(tmp_path: Path, model: TextModel) -> None:
    write_commentary_source(model, commentary_source(model), tmp_path)
    write_commentary_source(model, commentary_source(model), tmp_path)
    with pytest.raises(InputError, match=r"already holds 'commentary' features of another source \(3 values, 2 a second\)"):
        write_commentary_source(model, commentary_source(model, frame_rate=Fraction(4)), tmp_path)


def test_wrong_source_folders_are_refused(tmp_path: Path, model: TextModel) -> None:
    with pytest.raises(InputError, match=r"must be, or hold, one folder NAME\.source of features; 0 found"):
        read_commentary_source(tmp_path)
    write_commentary_source(model, commentary_source(model), tmp_path)
    path = tmp_path / "commentary.source" / "source.json"
    described = json.loads(path.read_text(encoding="utf-8"))
    for change, message in (({"kind": "backbone"}, "of kind 'backbone', not commentary"), ({"dim": 4}, "do not belong together")):
        path.write_text(json.dumps(described | change), encoding="utf-8")
        with pytest.raises(InputError, match=message):
            read_commentary_source(tmp_path)


WORDS = ["goal kick", "yellow card", "corner kick", "free header", "goal line"]


def _training_halves(root: Path) -> tuple[PeriodFile, ...]:
    for number in range(1, 7):
        path = root / f"match {number}" / "1_asr.json"
        _write(path, {str(i): [20 * i, 20 * i + 1, text] for i, text in enumerate(WORDS)})
    return find_commentary(root)


def test_only_the_given_halves_are_fitted_and_loops_count_once(tmp_path: Path) -> None:
    halves = _training_halves(tmp_path / "train")
    _write(tmp_path / "loop" / "1_asr.json", {str(i): [i, i + 1, "koke koke"] for i in range(50)})
    _write(tmp_path / "test" / "1_asr.json", {str(i): [i, i + 1, f"isco {i}"] for i in range(50)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = fit_commentary([*halves, *find_commentary(tmp_path / "loop")], dim=4, min_matches=2).model
    assert fitted.dim == 3
    assert {"goal", "yellow card", "kick"} <= set(fitted.terms)
    assert not {"koke", "isco"} & set(fitted.terms)
    assert commentary_source(fitted).dim == 4
    assert not fitted.label_matches
    with pytest.raises(ConfigError, match="fit on more matches"):
        fit_commentary(find_commentary(tmp_path / "test"), dim=100)


def test_labels_teach_which_words_tell_of_which_action(tmp_path: Path) -> None:
    halves = _training_halves(tmp_path / "train")
    labels = {half.match: [Action("Yellow card", 1, 20_000), Action("Yellow card", 2, 60_000)] for half in halves}
    fitted = fit_commentary(halves, dim=10, min_matches=2, labels=labels)  # 7 lags of 1 class, 2 of the SVD, the sign of speech
    now = fitted.model.transform(WORDS)[:, 2 + 3]  # the action is at most 5 s away
    assert np.argmax(now) == WORDS.index("yellow card")
    before = fitted.model.transform(WORDS)[:, 2 + 5]  # it comes in 15 to 30 s
    assert np.argmax(before) == WORDS.index("goal kick")
    del labels["match 3"]
    with pytest.raises(InputError, match="match 'match 3' of the training split has no labels"):
        fit_commentary(halves, dim=10, min_matches=2, labels=labels)


def test_training_matches_are_never_transformed_by_their_own_labels(tmp_path: Path) -> None:
    halves = _training_halves(tmp_path / "train")
    labels = {half.match: [Action("Yellow card", 1, 20_000)] for half in halves}
    fitted = fit_commentary(halves, dim=10, min_matches=2, labels=labels)
    source, out = commentary_source(fitted.model), tmp_path / "out"
    write_commentary_source(fitted.model, source, out)
    assert write_commentary_tracks(halves[1:], out, fitted, source).written == 5
    later = FittedText(read_commentary_source(out)[0], {})  # the folds are gone
    with pytest.warns(SpotkickWarning, match="has learned from the labels of this match") as caught:
        summary = write_commentary_tracks(halves, out, later, source)
    assert len(caught) == 1
    assert (summary.written, summary.kept, summary.failed) == (0, 5, 1)
