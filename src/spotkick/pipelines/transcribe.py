"""Making transcripts of videos and sound files: which files, which periods, and where they go."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt

from spotkick.cluster.options import ClusterOptions, open_executor
from spotkick.cluster.running import run_work
from spotkick.cluster.work import Outcome, Run, Work, WorkItem
from spotkick.commentary.loops import drop_loops
from spotkick.commentary.misheard import correct_mishearings
from spotkick.commentary.sound import SAMPLE_RATE_HZ, read_sound
from spotkick.commentary.speech import RecognisedSegment, Recogniser, to_raw_segment
from spotkick.commentary.transcript_files import SOUND_SUFFIXES
from spotkick.commentary.transcripts import Transcript, check_segments
from spotkick.commentary.whisper_json import make_transcript_document
from spotkick.datasets.match_folder import open_folder
from spotkick.datasets.match_names import name_match_folder
from spotkick.datasets.period_files import PeriodFile
from spotkick.datasets.periods import PeriodSpan, find_periods
from spotkick.errors import ConfigError, InputError, SpotkickWarning
from spotkick.files import check_outputs, read_json, walk_folders, write_json
from spotkick.formats.match_tree import clean_match_name
from spotkick.pipelines.match_items import group_by_match
from spotkick.reporter import Reporter, SilentReporter
from spotkick.storage import attach, fetched, upload, upload_results
from spotkick.video_names import parse_video_name

TITLE: Final = "transcribe"
"""Of the work, and of its ledger."""

_SILENT_PEAK: Final = 0.001
"""Sound whose largest sample is smaller (-60 dB) is silent."""

_DOUBTFUL_SHARE: Final = 0.5
"""Where more of the words are loops, the model does not understand what it hears."""

_DOUBTFUL_LOG_PROBABILITY: Final = -0.75
"""Speech that a model understands has a higher mean over its segments: English behind noise -0.3 to
-0.55, German heard by an English model -0.95."""

_RECORDING_KEY: Final = "recording"
"""In a transcript: what it was made from."""

SoundReader = Callable[[Path, float, float | None], npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class TranscriptionRequest:
    """What to transcribe.

    Attributes:
        inputs: videos, sound files, match folders, folders of matches or recordings.
        out: folder for ``<match>/<period>_asr.json``.
        period: of a single file whose name does not say it.
        spans: periods of a file that holds several; their ``file`` is None.
        language: code of what is spoken; None finds it out.
        translate: into English.
    """

    inputs: tuple[Path, ...]
    out: Path
    period: int | None = None
    spans: tuple[PeriodSpan, ...] = ()
    language: str | None = None
    translate: bool = False

    def output(self, file: PeriodFile) -> Path:
        """Where the transcript of a period belongs."""
        match = clean_match_name(file.match, str(file.path))
        return self.out / match / f"{file.period}_asr.json"


@dataclass(frozen=True, slots=True)
class TranscriptionSummary:
    """What was done.

    Attributes:
        written: transcripts.
        segments: in them.
        without_speech: transcripts without any.
        kept: transcripts that were there before.
        failed: files that could not be transcribed.
    """

    written: int = 0
    segments: int = 0
    without_speech: int = 0
    kept: int = 0
    failed: int = 0


def transcribe_files(
    request: TranscriptionRequest,
    open_model: Callable[[], Recogniser],
    reporter: Reporter | None = None,
    *,
    read: SoundReader = read_sound,
    cluster: ClusterOptions | None = None,
) -> TranscriptionSummary:
    """Write ``<out>/<match>/<period>_asr.json`` for each period.

    A transcript that is there already is kept, so that a stopped run goes on. Each is written in
    one step when its period is done. Of several files, one that fails is left out.

    Args:
        request: what to do.
        open_model: opens the model; called when the first file needs it.
        reporter: receives progress, and a line about each file.
        read: reads sound.
        cluster: where matches are transcribed, and which; all in this process unless given.

    Raises:
        InputError: if an input holds nothing to transcribe, or the only file fails.
        ConfigError: if options contradict each other or the model.
        StorageError: if a transcript cannot be written.
    """
    reporter, cluster = reporter or SilentReporter(), cluster or ClusterOptions()

    # The periods of this run's part, and those of them without a transcript
    found = list(find_recordings(request))
    part = cluster.choose(request.out, TITLE, {file.match for file in found})
    found = [file for file in found if file.match in part]
    outputs = {file: request.output(file) for file in found}
    _check_outputs(outputs)
    missing = [file for file in found if not find_finished(outputs[file], file)]
    summary = TranscriptionSummary(kept=len(found) - len(missing))
    if not missing:
        return summary

    # A model that other processes open is opened by none of them before its first match.
    items = group_by_match(missing)
    ledger, cluster = cluster.open_ledger(request.out, TITLE), cluster.fit(len(items))
    work = Work(
        TITLE,
        OpenTranscriber(request, open_model, read),
        find_problem=_describe_problem,
    )
    with open_executor(cluster, reporter) as executor:
        shown = reporter if cluster.is_parallel else SilentReporter()
        for outcome in run_work(executor, work, items, shown, ledger=ledger, inner=reporter):
            if outcome.result is None:
                _raise_or_warn(outcome, alone=len(found) == 1)
                summary = replace(summary, failed=summary.failed + 1)
                continue
            if outcome.result.problems and len(found) == 1:
                raise InputError(outcome.error)
            summary = _add_counts(summary, outcome.result)
            for line in outcome.result.lines if cluster.is_parallel else ():
                reporter.line(line)
    upload_results(request.out)
    return summary


@dataclass(frozen=True, slots=True)
class MatchTranscripts:
    """What came of one match.

    Attributes:
        segments: of each transcript that was written.
        problems: why others were not.
        lines: for the user.
    """

    segments: tuple[int, ...]
    problems: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenTranscriber:
    """Opens a model of speech recognition.

    Attributes:
        request: what to do.
        open_model: opens the model.
        read: reads sound.
    """

    request: TranscriptionRequest
    open_model: Callable[[], Recogniser]
    read: SoundReader = read_sound

    def __call__(self, reporter: Reporter) -> Run[MatchTranscripts]:
        """Open the model; what comes back transcribes a match, the payload of its item."""
        attach([*self.request.inputs, self.request.out])
        recogniser = self.open_model()
        scope = "" if recogniser.is_multilingual else ", which understands English only"
        reporter.line(f"model {recogniser.name}{scope}")
        _check_language(self.request, recogniser)

        def transcribe(item: WorkItem, reporter: Reporter) -> MatchTranscripts:
            return _transcribe_match(
                item.payload, self.request, recogniser, reporter, read=self.read
            )

        return transcribe


def _transcribe_match(
    files: Sequence[PeriodFile],
    request: TranscriptionRequest,
    recogniser: Recogniser,
    reporter: Reporter,
    *,
    read: SoundReader,
) -> MatchTranscripts:
    """Each period that can be transcribed; one that cannot does not lose the others."""
    segments: list[int] = []
    problems: list[str] = []
    lines: list[str] = []
    for file in files:
        path = request.output(file)
        try:
            with fetched(part.file for part in file.parts()):
                transcript = transcribe_period(
                    file, request, recogniser, reporter, keep_as=path, read=read
                )
        except InputError as error:
            problems.append(str(error))
            continue

        # Sent as soon as it is there; the next period may take minutes.
        upload([path])
        segments.append(len(transcript.segments))
        lines.append(f"{file.match}, period {file.period}: {segments[-1]} segments")
    return MatchTranscripts(tuple(segments), tuple(problems), tuple(lines))


def _describe_problem(made: MatchTranscripts) -> str:
    return "; ".join(made.problems)


def _raise_or_warn(outcome: Outcome[MatchTranscripts], *, alone: bool) -> None:
    """A match that failed as a whole is left out, unless all others would fail, too."""
    if alone or outcome.kind not in ("", InputError.__name__):
        raise outcome.make_error()
    warnings.warn(f"{outcome.item} was left out: {outcome.error}", SpotkickWarning, stacklevel=3)


def _add_counts(summary: TranscriptionSummary, made: MatchTranscripts) -> TranscriptionSummary:
    for problem in made.problems:
        warnings.warn(f"left out: {problem}", SpotkickWarning, stacklevel=3)
    return replace(
        summary,
        written=summary.written + len(made.segments),
        segments=summary.segments + sum(made.segments),
        without_speech=summary.without_speech + made.segments.count(0),
        failed=summary.failed + len(made.problems),
    )


def find_recordings(request: TranscriptionRequest) -> Iterator[PeriodFile]:
    """The periods of all inputs, each once.

    Raises:
        InputError: if an input is missing or holds nothing to transcribe.
    """
    for path in request.inputs:
        if path.is_dir():
            yield from _find_in_folder(path, request)
        elif path.is_file():
            yield from _find_in_file(path, request)
        else:
            raise InputError(f"{path}: no such file or folder")


def _find_in_file(path: Path, request: TranscriptionRequest) -> list[PeriodFile]:
    """Periods of one file: as options say, else ``periods.json``, else its name."""
    spans = tuple(replace(span, file=path) for span in request.spans) or find_periods(path)
    name = parse_video_name(path)
    match = name_match_folder(path.parent) if name.is_prefix else path.stem
    if spans and request.period is None:
        return [PeriodFile(match, span.period, path, (span,)) for span in spans]
    return [PeriodFile(match, request.period or name.period or 1, path)]


def _find_in_folder(path: Path, request: TranscriptionRequest) -> list[PeriodFile]:
    """Periods of match folders by their videos; without any, by their sound files."""
    if request.period is not None or request.spans:
        raise ConfigError(
            f"--period is for single files, and {path} is a folder; state periods in periods.json"
        )
    found = [
        PeriodFile(folder.match, period, cast("Path", spans[0].file), spans)
        for folder in open_folder(path)
        for period, spans in folder.videos().periods.items()
    ]
    if not found:
        sounds = (
            file
            for folder in walk_folders(path)
            for file in sorted(folder.iterdir())
            if file.suffix.lower() in SOUND_SUFFIXES and file.is_file()
        )
        found = [period for file in sounds for period in _find_in_file(file, request)]
    if not found:
        raise InputError(
            f"{path}: no videos and no sound files below it; <match>/1_224p.mkv, <match>/1.wav, "
            "... or single files are needed"
        )
    return found


def _check_outputs(outputs: dict[PeriodFile, Path]) -> None:
    """Check before any work that each period has a place of its own that can be written."""
    named: dict[Path, PeriodFile] = {}
    for file, path in outputs.items():
        other = named.setdefault(path, file)
        if other is not file:
            raise InputError(
                f"{other.path} and {file.path} are both period {file.period} of {file.match!r}; "
                "give one of them, or say with --period which period a file is"
            )
        check_outputs({"--out": path}, [span.file or file.path for span in file.parts()])
    folders = [folder for path in outputs.values() for folder in path.parents if folder.exists()]
    blocked = next((folder for folder in folders if not folder.is_dir()), None)
    if blocked is not None:
        raise InputError(f"--out {blocked}: a folder is needed, this is a file")


def _check_language(request: TranscriptionRequest, recogniser: Recogniser) -> None:
    wants_other = request.translate or request.language not in (None, "en")
    if wants_other and not recogniser.is_multilingual:
        option = "--translate" if request.translate else f"--language {request.language}"
        raise ConfigError(
            f"{option}: the model {recogniser.name} understands English only; choose one that "
            "knows other languages with --model, such as small"
        )


def find_finished(path: Path, file: PeriodFile) -> bool:
    """Whether the transcript of a period is there already.

    Raises:
        InputError: if it is that of another recording, or of another stretch of it.
    """
    if not path.is_file():
        return False
    document = read_json(path)
    recorded = document.get(_RECORDING_KEY) if isinstance(document, dict) else None
    if recorded is not None and recorded != _describe_recording(file):
        raise InputError(
            f"{path}: a transcript of another recording, or of another stretch of it; "
            "remove it, or choose another --out"
        )
    return True


def _describe_recording(file: PeriodFile) -> list[dict[str, Any]]:
    """Which stretches of which files a period is."""
    return [
        {
            "file": (span.file or file.path).name,
            "size_bytes": (span.file or file.path).stat().st_size,
            "start_s": span.start_s,
            "end_s": span.end_s,
        }
        for span in file.parts()
    ]


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
            _RECORDING_KEY: _describe_recording(file),
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
