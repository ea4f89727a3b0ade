"""Transcripts of many videos and sound files: matches one after another, or on several workers."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from spotkick.cluster.options import ClusterOptions, open_executor
from spotkick.cluster.running import run_work
from spotkick.cluster.work import Outcome, Run, Work, WorkItem
from spotkick.commentary.sound import read_sound
from spotkick.commentary.speech import Recogniser
from spotkick.datasets.period_files import PeriodFile
from spotkick.errors import ConfigError, InputError, SpotkickWarning
from spotkick.pipelines.match_items import group_by_match
from spotkick.pipelines.transcribe_inputs import (
    TranscriptionRequest,
    check_transcript_places,
    find_finished,
    find_recordings,
)
from spotkick.pipelines.transcribe_period import SoundReader, transcribe_period
from spotkick.reporter import Reporter, SilentReporter
from spotkick.storage import attach, fetched, upload, upload_results

TITLE: Final = "transcribe"
"""Of the work, and of its ledger."""


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
    check_transcript_places(outputs)
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


def _check_language(request: TranscriptionRequest, recogniser: Recogniser) -> None:
    wants_other = request.translate or request.language not in (None, "en")
    if wants_other and not recogniser.is_multilingual:
        option = "--translate" if request.translate else f"--language {request.language}"
        raise ConfigError(
            f"{option}: the model {recogniser.name} understands English only; choose one that "
            "knows other languages with --model, such as small"
        )


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
