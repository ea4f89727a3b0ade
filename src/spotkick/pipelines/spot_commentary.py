"""Commentary features for spotting: from transcripts, or from recordings."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from spotkick.checkpoint import Checkpoint
from spotkick.commentary.features import (
    SENTENCES_NAME,
    CommentaryModel,
    make_frames,
    read_commentary_source,
)
from spotkick.commentary.sentence_encoder import EncoderOptions
from spotkick.commentary.sound import require_sound
from spotkick.commentary.speech import Recogniser, open_recogniser, require_recognition
from spotkick.commentary.transcript_files import (
    find_transcripts,
    holds_transcripts,
    read_period,
)
from spotkick.commentary.transcripts import Transcript
from spotkick.datasets.period_files import PeriodFile
from spotkick.datasets.periods import PeriodSpan
from spotkick.features.tracks import FeatureSource, FeatureTrack
from spotkick.formats.match_tree import clean_match_name
from spotkick.pipelines.spot_jobs import SpottingJob
from spotkick.pipelines.transcribe_inputs import TranscriptionRequest, find_finished
from spotkick.pipelines.transcribe_period import transcribe_period
from spotkick.reporter import Reporter
from spotkick.video_names import is_video_name


class CommentaryReader:
    """Makes the commentary features that a checkpoint reads.

    The model of text is read when the first match needs it, that of speech when the first recording
    does.
    """

    def __init__(
        self,
        source_folder: Path,
        kept: Path | None = None,
        *,
        threads: int = 0,
        encoder: EncoderOptions | None = None,
        open_model: Callable[[], Recogniser] | None = None,
    ) -> None:
        """Remember where the model of the features lies.

        Args:
            source_folder: ``NAME.source`` in the checkpoint.
            kept: folder where transcripts of recordings are kept, and looked for; None keeps none.
            threads: CPU threads of speech recognition; 0 leaves the runtime's own choice.
            encoder: of sentences, where the features are made with one.
            open_model: opens the model of speech recognition when the first recording needs it.
        """
        self._folder, self._kept, self._encoder = source_folder, kept, encoder
        self._source: FeatureSource | None = None
        self._model: CommentaryModel | None = None
        self._open_model = open_model or (lambda: open_recogniser(threads=threads))
        self._recogniser: Recogniser | None = None

    @classmethod
    def of_checkpoint(
        cls,
        checkpoint: Checkpoint,
        kept: Path | None = None,
        *,
        threads: int = 0,
        encoder: EncoderOptions | None = None,
    ) -> "CommentaryReader | None":
        """The reader of a checkpoint; None where it reads no commentary, or has no model of it."""
        folder = checkpoint.features_folder
        if not checkpoint.feature_source.is_commentary or folder is None:
            return None
        reads_sentences = checkpoint.feature_source.kind == SENTENCES_NAME
        return cls(folder, kept, threads=threads, encoder=encoder if reads_sentences else None)

    def find_jobs(self, path: Path) -> list[SpottingJob]:
        """The matches of a transcript, or of all transcripts below a folder, if any."""
        if path.is_dir() and not holds_transcripts(path):
            return []
        found: dict[str, list[PeriodFile]] = {}
        for file in find_transcripts(path):
            found.setdefault(file.match, []).append(file)
        return [self._make_job(match, files) for match, files in found.items()]

    def _make_job(self, match: str, files: Sequence[PeriodFile]) -> SpottingJob:
        return SpottingJob(
            match,
            lambda _: {file.period: self.read(file) for file in files},
            {file.period: (PeriodSpan(file.period, file=file.path),) for file in files},
        )

    def read(self, file: PeriodFile) -> FeatureTrack:
        """The features of a transcript.

        Raises:
            InputError: if it cannot be read.
        """
        return self._make_track(file.match, read_period(file), str(file.path))

    def listen(self, match: str, spans: Sequence[PeriodSpan], reporter: Reporter) -> FeatureTrack:
        """The features of what is said in a recording.

        A transcript that an earlier call has kept is used again.

        Args:
            match: name of the match.
            spans: stretches of the period, in order; each names its file.
            reporter: receives progress.

        Raises:
            InputError: if the recording has no sound, or the transcript that is kept is of another
                recording.
            MissingExtraError: if speech recognition is not installed.
            StorageError: if the transcript cannot be kept.
        """
        file = PeriodFile(match, spans[0].period, cast("Path", spans[0].file), tuple(spans))
        request = TranscriptionRequest((file.path,), self._kept or Path())
        path = None if self._kept is None else request.output(file)
        if path is not None and find_finished(path, file):
            return self.read(PeriodFile(match, file.period, path))

        # Recognition takes minutes, so that a model of features that is missing is reported first,
        # and the result is kept before anything else may fail.
        self._open_features()
        if self._recogniser is None:
            self._recogniser = self._open_model()
        transcript = transcribe_period(file, request, self._recogniser, reporter, keep_as=path)
        return self._make_track(match, transcript, str(file.path))

    def _make_track(self, match: str, transcript: Transcript, where: str) -> FeatureTrack:
        """(frames, dim) as `spotkick features` writes them."""
        model, source = self._open_features()
        frames = make_frames(model, match, transcript, source.frame_rate)
        return FeatureTrack(frames, source, where)

    def _open_features(self) -> tuple[CommentaryModel, FeatureSource]:
        if self._model is None or self._source is None:
            self._model, self._source = read_commentary_source(self._folder, self._encoder)
        return self._model, self._source


def check_listening(checkpoint: Checkpoint, paths: Sequence[Path], kept: Path | None) -> None:
    """Check that recordings can be heard, before their images are looked at for minutes.

    Args:
        checkpoint: decides whether anything has to be heard.
        paths: what is to be spotted; folders may hold transcripts and are not looked into.
        kept: folder where transcripts of recordings may be.

    Raises:
        InputError: if the only recording has no sound, or there is no model of speech.
        MissingExtraError: if speech recognition is not installed.
    """
    videos = [path for path in paths if path.is_file() and is_video_name(path)]
    if not checkpoint.feature_source.is_commentary:
        return
    waiting = [
        video
        for video in videos
        if kept is None or not (kept / clean_match_name(video.stem, str(video))).is_dir()
    ]
    if waiting:
        require_recognition()
    if len(paths) == len(waiting) == 1:  # of several, one without sound is left out later
        require_sound(waiting[0])
