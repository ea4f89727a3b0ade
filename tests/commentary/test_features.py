import json
import math
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from spotkick.commentary.features import (
    commentary_source,
    find_commentary,
    fit_commentary,
    read_commentary_source,
    write_commentary_source,
    write_commentary_tracks,
)
from spotkick.commentary.terms import TermReader
from spotkick.commentary.tfidf import TextModel
from spotkick.datasets.period_files import ExtractionSummary, PeriodFile
from spotkick.errors import ConfigError, InputError, SpotkickWarning
from spotkick.features.tracks import find_source, read_track


def _write(path: Path, segments: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"segments": segments}), encoding="utf-8")
    return path


@pytest.fixture
def model() -> TextModel:
    reader = TermReader(frozenset({"card", "goal"}))
    return TextModel(
        reader,
        ("card", "goal"),
        np.ones(2, dtype=np.float32),
        np.array([[1, 0], [0, 2]], dtype=np.float16),
        1.0,
    )


def test_commentary_is_found_by_match_and_period(tmp_path: Path) -> None:
    paths = [
        _write(tmp_path / "league" / "season" / "a - b" / f"{period}_asr.json", {})
        for period in (1, 2)
    ]
    _write(tmp_path / "league" / "season" / "a - b" / "old_asr.json", {})
    expected = tuple(
        PeriodFile("league/season/a - b", period, path)
        for period, path in enumerate(paths, start=1)
    )
    assert find_commentary(tmp_path) == expected
    assert {half.match for half in find_commentary(paths[0].parent)} == {"a - b"}
    with pytest.raises(InputError, match="no commentary below it"):
        find_commentary(tmp_path / "nothing")


def test_tracks_and_their_source_are_written(tmp_path: Path, model: TextModel) -> None:
    _write(
        tmp_path / "in" / "m" / "1_asr.json",
        {"0": [0.0, 1.0, "Goal!"], "1": [1.0, 1.5, "Card, goal."]},
    )
    source = commentary_source(model)
    write_commentary_source(model, source, tmp_path / "out")
    summary = write_commentary_tracks(
        find_commentary(tmp_path / "in"), tmp_path / "out", model, source
    )
    assert summary == ExtractionSummary(written=1, frames=5400)
    track = read_track(tmp_path / "out" / "m" / "1_commentary.npy")
    assert track.source == source
    assert track.values.dtype == np.float16
    root_half = 1 / math.sqrt(2)
    np.testing.assert_allclose(
        track.values[:3], [[0, 2, 1], [0, 2, 1], [root_half, 2 * root_half, 1]], atol=1e-3
    )
    assert not track.values[3:].any()


def test_silent_halves_are_zeros_and_counted_once(tmp_path: Path, model: TextModel) -> None:
    for period in (1, 2):
        _write(tmp_path / "in" / "m" / f"{period}_asr.json", {})
    with pytest.warns(
        SpotkickWarning, match="2 of 2 halves have no commentary, their features are zeros"
    ) as caught:
        summary = write_commentary_tracks(
            find_commentary(tmp_path / "in"), tmp_path, model, commentary_source(model)
        )
    assert (len(caught), summary.silent) == (1, 2)
    assert read_track(tmp_path / "m" / "2_commentary.npy").values.shape == (5400, 3)
    assert not read_track(tmp_path / "m" / "2_commentary.npy").values.any()


def test_unreadable_half_does_not_stop_the_others(tmp_path: Path, model: TextModel) -> None:
    _write(tmp_path / "in" / "m" / "1_asr.json", {}).write_text("{", encoding="utf-8")
    _write(tmp_path / "in" / "m" / "2_asr.json", {"0": [0, 1, "goal"]})
    with pytest.warns(SpotkickWarning, match=r"left out: .*1_asr\.json: not valid JSON"):
        summary = write_commentary_tracks(
            find_commentary(tmp_path / "in"), tmp_path, model, commentary_source(model)
        )
    assert summary == ExtractionSummary(written=1, frames=5400, failed=1)
    assert [path.name for path in tmp_path.rglob("*.npy")] == ["2_commentary.npy"]


def test_source_is_read_from_a_feature_set_or_a_checkpoint(
    tmp_path: Path, model: TextModel
) -> None:
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
    with pytest.raises(
        InputError,
        match=r"already holds 'commentary' features of another source \(3 values, 2 a second\)",
    ):
        write_commentary_source(model, commentary_source(model, frame_rate=Fraction(4)), tmp_path)


def test_wrong_source_folders_are_refused(tmp_path: Path, model: TextModel) -> None:
    with pytest.raises(
        InputError, match=r"must be, or hold, one folder NAME\.source of features; 0 found"
    ):
        read_commentary_source(tmp_path)
    write_commentary_source(model, commentary_source(model), tmp_path)
    path = tmp_path / "commentary.source" / "source.json"
    described = json.loads(path.read_text(encoding="utf-8"))
    for change, message in (
        ({"kind": "backbone"}, "of kind 'backbone', not commentary"),
        ({"dim": 4}, "do not belong together"),
    ):
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
        fitted = fit_commentary(
            [*halves, *find_commentary(tmp_path / "loop")], dim=4, min_matches=2
        )
    assert fitted.dim == 3
    assert {"goal", "yellow card", "kick"} <= set(fitted.terms)
    assert not {"koke", "isco"} & set(fitted.terms)
    assert commentary_source(fitted).dim == 4
    with pytest.raises(ConfigError, match="fit on more matches"):
        fit_commentary(find_commentary(tmp_path / "test"), dim=100)
