import json
import math
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from spotkick.commentary.features import (
    commentary_source,
    fit_commentary,
    read_commentary_source,
    write_commentary_source,
    write_commentary_tracks,
)
from spotkick.commentary.tfidf import TfidfModel
from spotkick.commentary.tokenizer import Tokenizer
from spotkick.commentary.transcript_files import find_transcripts
from spotkick.commentary.transcripts import TranscriptSegment
from spotkick.datasets.period_files import ExtractionSummary, PeriodFile
from spotkick.errors import ConfigError, InputError, SpotkickWarning
from spotkick.features.tracks import find_source, read_track


def _write(path: Path, segments: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"segments": segments}), encoding="utf-8")
    return path


@pytest.fixture
def model() -> TfidfModel:
    tokenizer = Tokenizer(frozenset({"card", "goal"}))
    return TfidfModel(
        tokenizer,
        ("card", "goal"),
        np.ones(2, dtype=np.float32),
        np.array([[1, 0], [0, 2]], dtype=np.float16),
        1.0,
    )


def test_write_commentary_tracks_writes_values_and_source(
    tmp_path: Path, model: TfidfModel
) -> None:
    _write(
        tmp_path / "in" / "m" / "1_asr.json",
        {"0": [0.0, 1.0, "Goal!"], "1": [1.0, 1.5, "Card, goal."]},
    )
    source = commentary_source(model)
    write_commentary_source(model, source, tmp_path / "out")
    summary = write_commentary_tracks(
        find_transcripts(tmp_path / "in"), tmp_path / "out", model, source
    )
    assert summary == ExtractionSummary(written=1, frames=5400)
    track = read_track(tmp_path / "out" / "m" / "1_commentary.npy")
    assert track.source == source
    assert track.values.dtype == np.float16
    root_half = 1 / math.sqrt(2)
    np.testing.assert_allclose(
        track.values[:3],
        [[0.0, 2.0, 1.0], [0.0, 2.0, 1.0], [root_half, 2 * root_half, 1.0]],
        atol=1e-3,
    )
    assert not track.values[3:].any()


def test_write_commentary_tracks_silent_periods_are_zeros_with_one_warning(
    tmp_path: Path, model: TfidfModel
) -> None:
    for period in (1, 2):
        _write(tmp_path / "in" / "m" / f"{period}_asr.json", {})
    with pytest.warns(
        SpotkickWarning, match="2 of 2 periods have no commentary, their features are zeros"
    ) as caught:
        summary = write_commentary_tracks(
            find_transcripts(tmp_path / "in"), tmp_path, model, commentary_source(model)
        )
    assert (len(caught), summary.silent) == (1, 2)
    assert read_track(tmp_path / "m" / "2_commentary.npy").values.shape == (5400, 3)
    assert not read_track(tmp_path / "m" / "2_commentary.npy").values.any()


def test_write_commentary_tracks_unreadable_file_is_left_out(
    tmp_path: Path, model: TfidfModel
) -> None:
    _write(tmp_path / "in" / "m" / "1_asr.json", {}).write_text("{", encoding="utf-8")
    _write(tmp_path / "in" / "m" / "2_asr.json", {"0": [0, 1, "goal"]})
    with pytest.warns(SpotkickWarning, match=r"left out: .*1_asr\.json: not valid JSON"):
        summary = write_commentary_tracks(
            find_transcripts(tmp_path / "in"), tmp_path, model, commentary_source(model)
        )
    assert summary == ExtractionSummary(written=1, frames=5400, failed=1)
    assert [path.name for path in tmp_path.rglob("*.npy")] == ["2_commentary.npy"]


def test_read_commentary_source_finds_it_in_feature_set_and_checkpoint(
    tmp_path: Path, model: TfidfModel
) -> None:
    source = commentary_source(model, frame_rate=Fraction(4))
    for root in (tmp_path / "set", tmp_path / "checkpoint" / "features"):
        write_commentary_source(model, source, root)
    for folder in ("set", "set/commentary.source", "checkpoint"):
        back, described = read_commentary_source(tmp_path / folder)
        assert (back.fingerprint, described) == (model.fingerprint, source)
    assert find_source(tmp_path / "set" / "a" / "1_commentary.npy") == source


def test_write_commentary_source_other_source_is_input_error(
    tmp_path: Path, model: TfidfModel
) -> None:
    write_commentary_source(model, commentary_source(model), tmp_path)
    write_commentary_source(model, commentary_source(model), tmp_path)
    with pytest.raises(
        InputError,
        match=r"already holds 'commentary' features of another source \(3 values, 2 a second\)",
    ):
        write_commentary_source(model, commentary_source(model, frame_rate=Fraction(4)), tmp_path)


def test_read_commentary_source_wrong_folder_is_input_error(
    tmp_path: Path, model: TfidfModel
) -> None:
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


def _write_training_set(root: Path) -> tuple[PeriodFile, ...]:
    for number in range(1, 7):
        path = root / f"match {number}" / "1_asr.json"
        _write(path, {str(i): [20 * i, 20 * i + 1, text] for i, text in enumerate(WORDS)})
    return find_transcripts(root)


def test_fit_commentary_uses_given_files_and_counts_loops_once(tmp_path: Path) -> None:
    files = _write_training_set(tmp_path / "train")
    _write(tmp_path / "loop" / "1_asr.json", {str(i): [i, i + 1, "koke koke"] for i in range(50)})
    _write(tmp_path / "test" / "1_asr.json", {str(i): [i, i + 1, f"isco {i}"] for i in range(50)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = fit_commentary(
            [*files, *find_transcripts(tmp_path / "loop")], dim=4, min_matches=2
        )
    assert fitted.dim == 3
    assert {"goal", "yellow card", "kick"} <= set(fitted.vocabulary)
    assert not {"koke", "isco"} & set(fitted.vocabulary)
    assert commentary_source(fitted).dim == 4
    with pytest.raises(ConfigError, match="fit on more matches"):
        fit_commentary(find_transcripts(tmp_path / "test"), dim=100)


OLD_SOURCES = Path(__file__).parent / "data"
OLD_SEGMENTS = (
    TranscriptSegment(0, 1500, "What a goal by Harry Kane!"),
    TranscriptSegment(4000, 5000, "a card, goal"),
)


@pytest.mark.parametrize("name", ["labels", "tfidf"])
def test_read_commentary_source_of_first_version_gives_same_frames(name: str) -> None:
    expected = json.loads((OLD_SOURCES / "expected.json").read_text(encoding="utf-8"))[name]
    model, source = read_commentary_source(OLD_SOURCES / name)
    assert source.fingerprint == expected.pop("fingerprint")
    for match, frames in expected.items():
        np.testing.assert_allclose(
            model.frames(match, OLD_SEGMENTS, 12, Fraction(2)), frames, atol=1e-5
        )
