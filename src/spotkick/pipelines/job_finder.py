"""Turning one path, or a split, into matches to spot with one checkpoint."""

import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, cast

from spotkick.checkpoint import Checkpoint
from spotkick.commentary.sentence_encoder import EncoderOptions
from spotkick.commentary.transcript_files import TRANSCRIPT_SUFFIXES, is_json_transcript
from spotkick.datasets.match_folder import MatchFolder, open_folder
from spotkick.datasets.match_videos import MatchVideos
from spotkick.datasets.period_files import cut_track
from spotkick.datasets.periods import PeriodSpan, find_periods
from spotkick.datasets.splits import match_tracks, read_split_matches
from spotkick.devices import parse_device
from spotkick.errors import InputError, SpotkickWarning
from spotkick.features.extract import (
    EXTRACTION_FILE,
    Extractor,
    read_extractor,
)
from spotkick.features.tracks import (
    FeatureSource,
    FeatureTrack,
    feature_name,
    find_source,
    read_track,
)
from spotkick.onnx_runtime import has_cuda
from spotkick.pipelines.extraction_progress import extract_with_progress
from spotkick.pipelines.spot_commentary import CommentaryReader
from spotkick.pipelines.spot_jobs import InputOptions, SpottingJob
from spotkick.reporter import Reporter
from spotkick.video_names import parse_video_name

SPLIT_SUFFIXES: Final = (".txt", ".json")
_ADDRESS: Final = re.compile(r"(?:https?|rtmps?|rtsp|srt|udp|ftp):/", re.IGNORECASE)


class JobFinder:
    """Turns paths into jobs for one checkpoint.

    The image backbone is opened once, when the first video needs it.
    """

    def __init__(self, checkpoint: Checkpoint, options: InputOptions) -> None:
        """Find jobs for a checkpoint, with what paths alone do not say."""
        self._source, self._options = checkpoint.feature_source, options
        self._features_folder = checkpoint.features_folder
        self._extractor: Extractor | None = None
        self._commentary = CommentaryReader.of_checkpoint(
            checkpoint,
            options.transcripts,
            threads=options.threads,
            encoder=_choose_encoder(options),
        )

    def is_split(self, path: Path) -> bool:
        """Whether a path is a split file, and not a transcript for this checkpoint."""
        is_named_so = path.suffix in SPLIT_SUFFIXES and path.is_file()
        return is_named_so and not (self._commentary and is_json_transcript(path))

    def read_split(self, name: str) -> list[SpottingJob]:
        """The matches of a split below ``--data``."""
        root = self._options.data
        if root is None:
            raise InputError(f"split '{name}' names matches; say with --data where they are")
        return [
            job
            for match in read_split_matches(root, name)
            for job in self._match_jobs(MatchFolder(root, match))
        ]

    def _match_jobs(self, folder: MatchFolder) -> list[SpottingJob]:
        """A match by its features; by its transcripts where it has no features."""
        if self._commentary and not folder.features(self._source.name) and folder.path.is_dir():
            found = self._commentary.find_jobs(folder.path)
            if len(found) == 1:
                return [replace(found[0], match=folder.match)]
            if found:
                return found
        return [self._feature_job(folder)]

    def read_path(self, path: Path) -> list[SpottingJob]:
        """The matches of a file or a folder."""
        if path.suffix.lower() == ".npy":
            return [self._file_job(path, self._read_spans)]
        if path.is_dir():
            return self._read_folder(path)
        if _ADDRESS.match(str(path)):
            raise InputError(f"{path} is an address; download the video, and give the file")
        if not path.exists():
            raise InputError(f"{path} does not exist")
        if not path.is_file():
            raise InputError(f"{path} is not a file")
        if self._commentary and path.suffix.lower() in TRANSCRIPT_SUFFIXES:
            return self._commentary.find_jobs(path)
        if self._commentary:
            return [self._file_job(path, self._commentary.listen)]
        self._require_video_source(path)
        return [self._file_job(path, self._watch_spans)]

    def _file_job(
        self, path: Path, read: Callable[[str, Sequence[PeriodSpan], Reporter], FeatureTrack]
    ) -> SpottingJob:
        files = _by_period(self._spans_of_file(path))
        match = path.stem
        spans = [span for own in files.values() for span in own]
        several = len(spans) > 1 or any(span.end_s is not None for span in spans)
        notes = (f"{path.name}: {', '.join(map(PeriodSpan.describe, spans))}",) if several else ()
        return SpottingJob(
            match,
            lambda reporter: {
                period: read(match, spans, reporter) for period, spans in files.items()
            },
            files,
            notes,
        )

    def _spans_of_file(self, path: Path) -> list[PeriodSpan]:
        """Periods of one file: as options say, else ``periods.json``, else its name."""
        options = self._options
        if options.spans:
            return [replace(span, file=path) for span in options.spans]
        stated = find_periods(path) if not options.start_s else ()
        if options.period is not None and stated:
            stated = tuple(span for span in stated if span.period == options.period)
        if stated:
            return list(stated)
        period = options.period or parse_video_name(path).period or 1
        return [PeriodSpan(period, options.start_s, None, path)]

    def _read_folder(self, path: Path) -> list[SpottingJob]:
        folders = open_folder(path)
        jobs = [
            self._feature_job(folder) for folder in folders if folder.features(self._source.name)
        ]
        if jobs:
            return jobs
        if self._commentary:
            jobs = self._commentary.find_jobs(path)

        # Matches without features or transcripts: by their videos
        known = {job.match for job in jobs}
        seen = {folder: folder.videos() for folder in folders if folder.match not in known}
        filmed = [self._video_job(folder, videos) for folder, videos in seen.items() if videos]
        if filmed and not self._commentary:
            self._require_video_source(path)
        if jobs or filmed:
            return jobs + filmed
        raise InputError(
            f"{path}: no videos and no features '{self._source.name}', which this checkpoint "
            "needs; 'spotkick features' makes them from videos or commentary"
        )

    def _feature_job(self, folder: MatchFolder) -> SpottingJob:
        rate, name = self._source.frame_rate, self._source.name
        files = {
            period: (PeriodSpan(period, file=path),)
            for period, path in folder.features(name).items()
        }
        return SpottingJob(
            folder.match, lambda _: match_tracks(folder, name, frame_rate=rate), files
        )

    def _video_job(self, folder: MatchFolder, videos: MatchVideos) -> SpottingJob:
        read = self._commentary.listen if self._commentary else self._watch_spans
        files = self._stated_periods(folder, videos)
        notes = tuple(f"{folder.match}: {note}" for note in videos.describe())
        return SpottingJob(
            folder.match,
            lambda reporter: {
                period: read(folder.match, spans, reporter) for period, spans in files.items()
            },
            files,
            notes,
        )

    def _stated_periods(
        self, folder: MatchFolder, videos: MatchVideos
    ) -> dict[int, tuple[PeriodSpan, ...]]:
        """Periods of a folder's videos; those of ``--period`` where it holds one recording."""
        if not self._options.spans:
            return videos.periods
        if len(videos.files) != 1:
            raise InputError(
                f"{folder.path}: --period with times is for one recording of the whole match, "
                f"and here are {len(videos.files)}; state their periods in periods.json"
            )
        return _by_period(replace(span, file=videos.files[0]) for span in self._options.spans)

    def _read_spans(
        self, match: str, spans: Sequence[PeriodSpan], reporter: Reporter
    ) -> FeatureTrack:
        del match, reporter
        span = spans[0]
        path = cast("Path", span.file)

        # A file of another name that nothing describes is taken for the checkpoint's own features:
        # its width is checked.
        unknown = feature_name(path) != self._source.name and find_source(path) is None
        expected: FeatureSource | None = self._source if unknown else None
        track = read_track(path, source=expected, frame_rate=self._source.frame_rate)
        return cut_track(track, span)

    def _watch_spans(
        self, match: str, spans: Sequence[PeriodSpan], reporter: Reporter
    ) -> FeatureTrack:
        if self._extractor is None:
            self._require_video_source(cast("Path", spans[0].file))
            self._extractor = read_extractor(
                cast("Path", self._features_folder),
                device=_choose_device(self._options.device, "images go through the backbone"),
                threads=self._options.threads,
            )
        return extract_with_progress(match, spans, self._extractor, reporter)

    def _require_video_source(self, path: Path) -> None:
        folder = self._features_folder
        if folder is None or not (folder / EXTRACTION_FILE).is_file():
            raise InputError(
                f"{path}: this checkpoint reads '{self._source.name}' features and does not know "
                "how to make them from video; give it .npy files of that kind, or train on "
                "features of 'spotkick features --kind video'"
            )


def _by_period(spans: Iterable[PeriodSpan]) -> dict[int, tuple[PeriodSpan, ...]]:
    return MatchVideos(tuple(spans)).periods


def _choose_encoder(options: InputOptions) -> EncoderOptions | None:
    folder = options.sentence_model
    if folder is None:
        return None
    device = _choose_device(options.device, "sentences go through their model")
    return EncoderOptions(folder, device, options.threads)


def _choose_device(device: str, what: str) -> str:
    """The device of what makes features, which runs on ONNX Runtime alone."""
    if parse_device(device).kind == "cuda" and not has_cuda():
        message = f"device '{device}': {what} on the CPU; install onnxruntime-gpu for CUDA"
        warnings.warn(message, SpotkickWarning, stacklevel=2)
        return "cpu"
    return device
