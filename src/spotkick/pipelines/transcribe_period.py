"""The transcript of one period: from sound to text, corrected, with warnings, to a file."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.commentary.loops import drop_loops
from spotkick.commentary.misheard import correct_mishearings
from spotkick.commentary.sound import SAMPLE_RATE_HZ, read_sound
from spotkick.commentary.speech import RecognisedSegment, Recogniser, to_raw_segment
from spotkick.commentary.transcripts import Transcript, check_segments
from spotkick.commentary.whisper_json import make_transcript_document
from spotkick.datasets.period_files import PeriodFile
from spotkick.errors import SpotkickWarning
from spotkick.files import write_json
from spotkick.pipelines.transcribe_inputs import (
    RECORDING_KEY,
    TranscriptionRequest,
    describe_recording,
)
from spotkick.reporter import Reporter

_SILENT_PEAK: Final = 0.001
"""Sound whose largest sample is smaller (-60 dB) is silent."""

_DOUBTFUL_SHARE: Final = 0.5
"""Where more of the words are loops, the model does not understand what it hears."""

_DOUBTFUL_LOG_PROBABILITY: Final = -0.75
"""Speech that a model understands has a higher mean over its segments: English behind noise -0.3 to
-0.55, German heard by an English model -0.95."""

SoundReader = Callable[[Path, float, float | None], npt.NDArray[np.float32]]


def transcribe_period(
    file: PeriodFile,
    request: TranscriptionRequest,
    recogniser: Recogniser,
    reporter: Reporter,
    *,
    keep_as: Path | None,
    read: SoundReader = read_sound,
) -> Transcript:
    """Transcribe one period, and write its transcript in one step.

    Args:
        file: the period.
        request: language and translation.
        recogniser: of speech.
        reporter: receives progress, and a line with the result.
        keep_as: file to write; None writes none.
        read: reads sound.

    Raises:
        InputError: if there is no sound.
        StorageError: if the transcript cannot be written.

    Warns:
        SpotkickWarning: if there is no speech, or the model hardly understands it.
    """
    # (samples,) of all stretches of the period
    parts = [read(span.file or file.path, span.start_s, span.end_s) for span in file.parts()]
    samples = np.concatenate(parts) if len(parts) > 1 else parts[0]

    heard, language = _recognise(samples, file, request, recogniser, reporter=reporter)
    kept = list(drop_loops(heard))
    _warn_about_speech(file, samples, heard, kept, recogniser)
    if request.translate or language == "en":
        kept = [correct_mishearings(segment) for segment in kept]
    segments = check_segments([to_raw_segment(segment) for segment in kept], str(file.path))
    transcript = Transcript(segments, round(1000 * len(samples) / SAMPLE_RATE_HZ))

    if keep_as is not None:
        details = {
            "language": "en" if request.translate else language,
            "model": recogniser.name,
            RECORDING_KEY: describe_recording(file),
        }
        write_json(keep_as, make_transcript_document(transcript, **details))
    reporter.line(
        f"{file.match}, period {file.period}: {len(segments)} segments"
        + (f", {language}" if language else "")
    )
    return transcript


def _recognise(
    samples: npt.NDArray[np.float32],
    file: PeriodFile,
    request: TranscriptionRequest,
    recogniser: Recogniser,
    *,
    reporter: Reporter,
) -> tuple[list[RecognisedSegment], str]:
    """Segments and language; a silent recording gives none."""
    if _is_silent(samples):
        return [], request.language or ""

    # Segments come while the sound is read, which shows how far the work is.
    heard: list[RecognisedSegment] = []
    duration_s = len(samples) / SAMPLE_RATE_HZ
    segments, language = recogniser.recognise(
        samples, language=request.language, translate=request.translate
    )
    with reporter.task(f"{file.match}, period {file.period}", duration_s, "s of sound") as task:
        for segment in segments:
            heard.append(segment)
            task.update(min(segment.end_s, duration_s))
        task.update(duration_s)
    return heard, language


def _is_silent(samples: npt.NDArray[np.float32]) -> bool:
    # both ends, as absolute values would be another copy of a whole period
    loudest = max(float(samples.max(initial=0)), -float(samples.min(initial=0)))
    return loudest < _SILENT_PEAK


def _warn_about_speech(
    file: PeriodFile,
    samples: npt.NDArray[np.float32],
    heard: Sequence[RecognisedSegment],
    kept: Sequence[RecognisedSegment],
    recogniser: Recogniser,
) -> None:
    """Warn where there is no speech, or where the model hardly understands it."""
    scope = "" if recogniser.is_multilingual else ", which understands English only,"
    model = f"the model {recogniser.name}{scope}"
    advice = (
        "a larger one or another --language may"
        if recogniser.is_multilingual
        else "for another language choose one with --model that knows it, such as small"
    )
    num_heard, num_kept = _count_words(heard), _count_words(kept)
    if kept and num_kept < _DOUBTFUL_SHARE * num_heard:
        text = (
            f"{num_heard - num_kept} of {num_heard} words were repetitions and are left out; "
            f"{model} hardly understands this sound, {advice}"
        )
    elif kept and _measure_certainty(kept) < _DOUBTFUL_LOG_PROBABILITY:
        text = f"{model} mostly guesses at this sound; {advice}"
    elif kept:
        return
    else:
        reason = (
            "its sound is silent"
            if _is_silent(samples)
            else f"{model} hears repetitions only; another may understand it"
            if heard
            else f"no speech was found in its sound by {model}"
        )
        text = f"{reason.rstrip(',')}; the transcript of period {file.period} is empty"
    warnings.warn(f"{file.path}: {text}", SpotkickWarning, stacklevel=4)


def _count_words(segments: Sequence[RecognisedSegment]) -> int:
    return sum(len(segment.text.split()) for segment in segments)


def _measure_certainty(segments: Sequence[RecognisedSegment]) -> float:
    """Mean log-probability of the words, each segment by its length."""
    lengths_s = [max(segment.end_s - segment.start_s, 0.1) for segment in segments]
    values = [segment.mean_log_probability for segment in segments]
    return float(np.average(values, weights=lengths_s))
