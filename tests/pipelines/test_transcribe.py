import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spotkick.commentary.sound import SAMPLE_RATE_HZ
from spotkick.commentary.speech import RecognisedSegment
from spotkick.commentary.transcript_files import read_transcript
from spotkick.commentary.transcripts import TimedWord, TranscriptSegment
from spotkick.datasets.periods import PeriodSpan, write_periods
from spotkick.errors import ConfigError, InputError, SpotkickWarning
from spotkick.pipelines.transcribe import TranscriptionSummary, transcribe_files
from spotkick.pipelines.transcribe_inputs import TranscriptionRequest

HEARD = [
    RecognisedSegment(1.0, 2.0, "What a goal!", ((1.0, 1.5, "What a"), (1.5, 2.0, "goal!"))),
    RecognisedSegment(2.0, 3.0, "What a goal!"),
    RecognisedSegment(3.0, 4.0, "One nil."),
]

PHRASES = random.Random(0).choices(("he scores and", "he shoots and"), k=60)
LOOP = RecognisedSegment(0.0, 9.0, " ".join(PHRASES))
"""So repetitive that nothing of it is taken for speech."""


class Listener:
    """A recogniser that hears the same in any sound, or what it is given."""

    name = "listener"
    is_multilingual = True

    def __init__(self, heard: list[RecognisedSegment] = HEARD) -> None:
        self.heard = heard
        self.asked: list[tuple[int, str | None, bool]] = []

    def recognise(
        self, samples: np.ndarray, *, language: str | None, translate: bool
    ) -> tuple[Iterator[RecognisedSegment], str]:
        self.asked.append((len(samples), language, translate))
        return iter(self.heard), language or "es"


class Sounds:
    """Ten seconds of noise in every file; remembers what was read."""

    def __init__(self) -> None:
        self.read: list[tuple[str, float, float | None]] = []

    def __call__(self, path: Path, start_s: float, end_s: float | None) -> np.ndarray:
        self.read.append((path.name, start_s, end_s))
        if "damaged" in path.name:
            raise InputError(f"{path}: damaged")
        length_s = 10.0 if end_s is None else end_s - start_s
        level = 0.0 if "silent" in path.name else 0.5
        return np.full(round(length_s * SAMPLE_RATE_HZ), level, dtype=np.float32)


def _touch(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


def _written(out: Path) -> list[str]:
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())


def test_transcribe_files_writes_echoes_with_word_times(tmp_path: Path) -> None:
    folder = _touch(tmp_path / "m", "1.wav")
    request = TranscriptionRequest((folder / "1.wav",), tmp_path / "out")
    summary = transcribe_files(request, Listener, read=Sounds())
    assert summary == TranscriptionSummary(written=1, segments=2)
    path = tmp_path / "out" / "m" / "1_asr.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["segments"] == {"0": [1.0, 2.0, "What a goal!"], "1": [3.0, 4.0, "One nil."]}
    assert (document["duration_s"], document["language"], document["model"]) == (
        10.0,
        "es",
        "listener",
    )
    transcript = read_transcript(path)
    words = (TimedWord(1000, 1500, "What a"), TimedWord(1500, 2000, "goal!"))
    assert transcript.segments[0] == TranscriptSegment(1000, 2000, "What a goal!", words)
    assert transcript.duration_ms == 10_000


@pytest.mark.parametrize(
    ("names", "given", "expected"),
    [
        (["cup/final.mp3"], ["cup/final.mp3"], ["final/1_asr.json"]),
        (["m/1_720p.mkv", "m/2_720p.mkv"], ["m"], ["m/1_asr.json", "m/2_asr.json"]),
        (["m/1.wav", "m/2.ogg", "m/notes.txt"], ["m"], ["m/1_asr.json", "m/2_asr.json"]),
        (["l/s/a/1.wav", "l/s/b/1.wav"], ["."], ["a/1_asr.json", "b/1_asr.json"]),
    ],
)
def test_transcribe_files_names_match_and_period_as_other_commands_do(
    tmp_path: Path, names: list[str], given: list[str], expected: list[str]
) -> None:
    data = tmp_path / "data"
    for name in names:
        _touch((data / name).parent, Path(name).name)
    inputs = tuple(data / name for name in given)
    transcribe_files(TranscriptionRequest(inputs, tmp_path / "out"), Listener, read=Sounds())
    assert _written(tmp_path / "out") == expected


def test_transcribe_files_transcript_of_other_stretch_is_input_error(
    tmp_path: Path,
) -> None:
    path = _touch(tmp_path, "match.mp4") / "match.mp4"
    request = TranscriptionRequest((path,), tmp_path / "out", spans=(PeriodSpan(1, 10, 20),))
    transcribe_files(request, Listener, read=Sounds())
    before = (tmp_path / "out/match/1_asr.json").read_bytes()
    moved = replace(request, spans=(PeriodSpan(1, 12, 20),))
    with pytest.raises(InputError, match="a transcript of another recording, or of another"):
        transcribe_files(moved, Listener, read=Sounds())
    assert (tmp_path / "out/match/1_asr.json").read_bytes() == before


def test_transcribe_files_spans_and_period_choose_the_stretch(tmp_path: Path) -> None:
    path = _touch(tmp_path, "match.mp4") / "match.mp4"
    sounds = Sounds()
    spans = (PeriodSpan(1, 10, 20), PeriodSpan(2, 30, 45))
    request = TranscriptionRequest((path,), tmp_path / "out", spans=spans)
    transcribe_files(request, Listener, read=sounds)
    assert sounds.read == [("match.mp4", 10, 20), ("match.mp4", 30, 45)]
    assert read_transcript(tmp_path / "out/match/2_asr.json").duration_ms == 15_000
    transcribe_files(replace(request, spans=(), period=3), Listener, read=sounds)
    assert (tmp_path / "out/match/3_asr.json").is_file()

    # Without options periods.json decides.
    write_periods(tmp_path, [PeriodSpan(4, 100, 105, path)])
    transcribe_files(replace(request, spans=()), Listener, read=sounds)
    assert sounds.read[-1] == ("match.mp4", 100, 105)


def test_transcribe_files_finished_ones_are_kept_and_model_is_not_opened(tmp_path: Path) -> None:
    folder = _touch(tmp_path / "m", "1.wav", "2.wav")
    out = tmp_path / "out"
    request = TranscriptionRequest((folder,), out)

    class Interrupted(Listener):
        def recognise(
            self, samples: np.ndarray, *, language: str | None, translate: bool
        ) -> tuple[Iterator[RecognisedSegment], str]:
            segments, found = super().recognise(samples, language=language, translate=translate)
            if len(self.asked) == 2:
                raise KeyboardInterrupt
            return segments, found

    with pytest.raises(KeyboardInterrupt):
        transcribe_files(request, Interrupted, read=Sounds())
    assert _written(out) == ["m/1_asr.json"]
    before = (out / "m/1_asr.json").stat().st_mtime_ns
    assert transcribe_files(request, Listener, read=Sounds()) == TranscriptionSummary(
        written=1, segments=2, kept=1
    )
    assert (out / "m/1_asr.json").stat().st_mtime_ns == before

    def no_model() -> Listener:
        raise AssertionError("everything is done")

    assert transcribe_files(request, no_model) == TranscriptionSummary(kept=2)


@pytest.mark.parametrize(
    ("name", "heard", "message"),
    [
        ("silent.wav", HEARD, "its sound is silent; the transcript of period 1 is empty"),
        ("music.wav", [], "no speech was found in its sound"),
        ("foreign.wav", [LOOP], "hears repetitions only"),
    ],
)
def test_transcribe_files_without_speech_warns_and_writes_empty_transcript(
    tmp_path: Path, name: str, heard: list[RecognisedSegment], message: str
) -> None:
    path = _touch(tmp_path, name) / name
    request = TranscriptionRequest((path,), tmp_path / "out")
    with pytest.warns(SpotkickWarning, match=message) as caught:
        summary = transcribe_files(request, lambda: Listener(heard), read=Sounds())
    assert len(caught) == 1
    assert (summary.written, summary.without_speech) == (1, 1)
    (made,) = (tmp_path / "out").rglob("*.json")
    assert read_transcript(made).segments == ()


def test_transcribe_files_mostly_loops_warns(tmp_path: Path) -> None:
    path = _touch(tmp_path, "a.wav") / "a.wav"
    request = TranscriptionRequest((path,), tmp_path / "out")
    heard = [HEARD[0], *[HEARD[1]] * 5]
    with pytest.warns(SpotkickWarning, match="15 of 18 words were repetitions"):
        transcribe_files(request, lambda: Listener(heard), read=Sounds())


@pytest.mark.parametrize(
    ("heard", "message"),
    [
        ([RecognisedSegment(0, 8, "the welcome", mean_log_probability=-0.95)], "mostly guesses"),
        ([HEARD[0], *[HEARD[1]] * 5], "hardly understands this sound, for another language"),
        ([LOOP], "hears repetitions only"),
        ([], "no speech was found in its sound by the model listener, which understands English"),
    ],
    ids=["guessed", "loops", "loops only", "nothing"],
)
def test_transcribe_files_other_language_with_an_english_model_says_so(
    tmp_path: Path, heard: list[RecognisedSegment], message: str
) -> None:
    english = Listener(heard)
    english.is_multilingual = False
    request = TranscriptionRequest((_touch(tmp_path, "a.wav") / "a.wav",), tmp_path / "out")
    with pytest.warns(SpotkickWarning, match=message) as caught:
        transcribe_files(request, lambda: english, read=Sounds())
    assert len(caught) == 1
    assert "understands English only" in str(caught[0].message)


def test_transcribe_files_speech_that_is_understood_does_not_warn(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    path = _touch(tmp_path, "a.wav") / "a.wav"
    heard = [RecognisedSegment(0, 8, "a cross", mean_log_probability=-0.54)]
    transcribe_files(
        TranscriptionRequest((path,), tmp_path / "out"), lambda: Listener(heard), read=Sounds()
    )
    assert not recwarn.list


@pytest.mark.parametrize(
    ("language", "translate", "text"),
    [("en", False, "Offside."), (None, False, "Off-site."), ("es", True, "Offside.")],
)
def test_transcribe_files_english_words_of_football_are_put_right(
    tmp_path: Path, language: str | None, translate: bool, text: str
) -> None:
    request = TranscriptionRequest(
        (_touch(tmp_path, "a.wav") / "a.wav",),
        tmp_path / "out",
        language=language,
        translate=translate,
    )
    transcribe_files(
        request, lambda: Listener([RecognisedSegment(1, 2, "Off-site.")]), read=Sounds()
    )
    (made,) = (tmp_path / "out").rglob("*.json")
    assert [segment.text for segment in read_transcript(made).segments] == [text]


def test_transcribe_files_failing_file_is_left_out_of_several(tmp_path: Path) -> None:
    folder = _touch(tmp_path, "damaged.wav", "fine.wav")
    both = TranscriptionRequest((folder / "damaged.wav", folder / "fine.wav"), tmp_path / "out")
    with pytest.warns(SpotkickWarning, match=r"left out: .*damaged\.wav"):
        summary = transcribe_files(both, Listener, read=Sounds())
    assert (summary.written, summary.failed) == (1, 1)
    assert _written(tmp_path / "out") == ["fine/1_asr.json"]
    alone = TranscriptionRequest((folder / "damaged.wav",), tmp_path / "out")
    with pytest.raises(InputError, match="damaged"):
        transcribe_files(alone, Listener, read=Sounds())


def test_transcribe_files_language_that_model_lacks_is_config_error(tmp_path: Path) -> None:
    path = _touch(tmp_path, "a.wav") / "a.wav"
    english = Listener()
    english.is_multilingual = False
    request = TranscriptionRequest((path,), tmp_path / "out", language="es")
    for changed, message in (
        (request, "--language es: the model listener understands English only"),
        (replace(request, translate=True), "--translate: the model"),
    ):
        with pytest.raises(ConfigError, match=message):
            transcribe_files(changed, lambda: english, read=Sounds())
    assert not (tmp_path / "out").exists()
    transcribe_files(replace(request, language="en"), lambda: english, read=Sounds())


def test_transcribe_files_translation_is_english(tmp_path: Path) -> None:
    path = _touch(tmp_path, "a.wav") / "a.wav"
    listener = Listener()
    request = TranscriptionRequest((path,), tmp_path / "out", translate=True)
    transcribe_files(request, lambda: listener, read=Sounds())
    assert listener.asked[0][1:] == (None, True)
    assert json.loads((tmp_path / "out/a/1_asr.json").read_text())["language"] == "en"


def test_transcribe_files_bad_inputs_are_input_errors(tmp_path: Path) -> None:
    folder = _touch(tmp_path / "empty")
    _touch(tmp_path / "a", "x.wav")
    _touch(tmp_path / "b", "x.wav")
    out = tmp_path / "out"
    for inputs, message in (
        ((tmp_path / "nothing.wav",), "no such file or folder"),
        ((folder,), "no videos and no sound files below it"),
        ((tmp_path / "a/x.wav", tmp_path / "b/x.wav"), "are both period 1 of 'x'"),
    ):
        with pytest.raises(InputError, match=message):
            transcribe_files(TranscriptionRequest(inputs, out), Listener, read=Sounds())
    with pytest.raises(ConfigError, match="--period is for single files"):
        transcribe_files(
            TranscriptionRequest((tmp_path / "a",), out, period=2), Listener, read=Sounds()
        )
    with pytest.raises(InputError, match="a folder is needed, this is a file"):
        transcribe_files(
            TranscriptionRequest((tmp_path / "a/x.wav",), tmp_path / "b/x.wav"),
            Listener,
            read=Sounds(),
        )
