"""What the paths on a command line mean: feature files, videos, match folders, splits. Without torch."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, cast

from spotkick.checkpoint import Checkpoint
from spotkick.datasets.match_folder import MatchFolder, find_matches
from spotkick.datasets.match_names import name_match_folder
from spotkick.datasets.splits import match_tracks, read_split_matches
from spotkick.errors import ConfigError, InputError
from spotkick.features.extract import ExtractionProgress, Extractor, extract_video, read_extractor
from spotkick.features.tracks import (
    FeatureSource,
    FeatureTrack,
    feature_name,
    find_source,
    read_track,
)

SPLIT_SUFFIXES: Final = (".txt", ".json")
VIDEO_SUFFIXES: Final = frozenset(
    (
        ".mp4",
        ".mkv",
        ".mov",
        ".ts",
        ".mts",
        ".m2ts",
        ".webm",
        ".avi",
        ".m4v",
        ".mpg",
        ".mpeg",
        ".flv",
        ".wmv",
    )
)
_PERIOD: Final = re.compile(r"^([1-9])_")


@dataclass(frozen=True, slots=True)
class SpottingJob:
    """One match to spot.

    Attributes:
        match: its name in the output.
        load: reads or makes its features, by period.
    """

    match: str
    load: Callable[[], dict[int, FeatureTrack]]


@dataclass(frozen=True, slots=True)
class InputOptions:
    """What the paths alone do not say.

    Attributes:
        data: root of the matches that a split names.
        split: split file, or its name below ``data``.
        period: of a file whose name does not say it.
        start_s: where the period begins in a video file.
        threads: CPU threads of the image backbone; 0 for as many as there are cores.
        progress: told while a video is read.
    """

    data: Path | None = None
    split: str | None = None
    period: int | None = None
    start_s: float = 0.0
    threads: int = 0
    progress: Callable[[ExtractionProgress], None] | None = None


def jobs_for(
    inputs: Sequence[Path], checkpoint: Checkpoint, options: InputOptions | None = None
) -> list[SpottingJob]:
    """Find out what the given paths mean.

    Args:
        inputs: feature files, videos, match folders with features or videos, folders of such
            folders, or split files.
        checkpoint: decides which features are read, and how they are made from video.
        options: what the paths do not say.

    Raises:
        InputError: if a path is none of these, a match comes twice, or there is nothing to spot.
        ConfigError: if the start is negative.
    """
    options = options or InputOptions()
    if options.start_s < 0:
        raise ConfigError(f"--start must not be negative, got {options.start_s:g}")
    finder = _Finder(checkpoint, options)
    splits = [str(path) for path in inputs if path.suffix in SPLIT_SUFFIXES and path.is_file()]
    jobs = finder.of_splits([*splits, *([options.split] if options.split is not None else [])])
    for path in inputs:
        if str(path) not in splits:
            jobs += finder.of_path(path)
    if not jobs:
        raise InputError(
            "there is nothing to spot: give a video, a feature file, a match folder, or --split with --data"
        )
    repeated = [name for name, count in Counter(job.match for job in jobs).items() if count > 1]
    if repeated:
        raise InputError(
            f"match '{repeated[0]}' is given twice, and its results would overwrite each other"
        )
    return jobs


class _Finder:
    """Turns paths into jobs for one checkpoint; the image backbone is opened once, when the first video needs it."""

    def __init__(self, checkpoint: Checkpoint, options: InputOptions) -> None:
        self._source, self._options = checkpoint.feature_source, options
        self._features_folder = checkpoint.features_folder
        self._extractor: Extractor | None = None

    def of_splits(self, names: Sequence[str]) -> list[SpottingJob]:
        jobs = []
        for name in names:
            root = self._options.data
            if root is None:
                raise InputError(f"split '{name}' names matches; say with --data where they are")
            jobs += [
                self._of_features(MatchFolder(root, match))
                for match in read_split_matches(root, name)
            ]
        return jobs

    def of_path(self, path: Path) -> list[SpottingJob]:
        if path.suffix.lower() == ".npy":
            return [self._of_file(path, self._read)]
        if path.is_dir():
            return self._of_folder(path)
        if not path.exists():
            raise InputError(f"{path} does not exist")
        if not path.is_file():
            raise InputError(f"{path} is not a file")
        self._check_video_source(path)
        return [self._of_file(path, self._watch)]

    def _of_file(self, path: Path, read: Callable[[Path], FeatureTrack]) -> SpottingJob:
        named = _PERIOD.match(path.name)
        period = self._options.period or (int(named.group(1)) if named else 1)
        return SpottingJob(path.stem, lambda: {period: read(path)})

    def _of_folder(self, path: Path) -> list[SpottingJob]:
        name = name_match_folder(path)
        direct = MatchFolder(path.absolute().parents[name.count("/")], name)
        videos = _videos_by_period(path)
        if direct.features(self._source.name):
            return [self._of_features(direct)]
        if videos:
            self._check_video_source(path)
            return [self._of_videos(direct.match, videos)]
        folders = [MatchFolder(path, match) for match in find_matches(path)]
        jobs = [
            self._of_features(folder) for folder in folders if folder.features(self._source.name)
        ]
        if not jobs and self._features_folder is not None:
            jobs = [
                self._of_videos(folder.match, folder.videos())
                for folder in folders
                if folder.videos()
            ]
        if not jobs:
            raise InputError(
                f"{path}: no features '{self._source.name}', which this checkpoint needs; 'spotkick features' makes them"
            )
        return jobs

    def _of_features(self, folder: MatchFolder) -> SpottingJob:
        rate = self._source.frame_rate
        return SpottingJob(
            folder.match, lambda: match_tracks(folder, self._source.name, frame_rate=rate)
        )

    def _of_videos(self, match: str, videos: Mapping[int, Path]) -> SpottingJob:
        return SpottingJob(
            match, lambda: {period: self._watch(path) for period, path in sorted(videos.items())}
        )

    def _read(self, path: Path) -> FeatureTrack:
        # A file of another name that nothing describes is taken for the checkpoint's own features:
        # its width is checked.
        unknown = feature_name(path) != self._source.name and find_source(path) is None
        expected: FeatureSource | None = self._source if unknown else None
        return read_track(path, source=expected, frame_rate=self._source.frame_rate)

    def _watch(self, path: Path) -> FeatureTrack:
        if self._extractor is None:
            self._check_video_source(path)
            self._extractor = read_extractor(
                cast("Path", self._features_folder), threads=self._options.threads
            )
        track = extract_video(path, self._extractor, progress=self._options.progress)
        first = round(self._options.start_s * track.source.frame_rate)
        if first >= len(track):
            raise InputError(
                f"{path}: lasts {track.duration_s:.1f} s, so that a period cannot start at {self._options.start_s:g} s"
            )
        return replace(track, values=track.values[first:])

    def _check_video_source(self, path: Path) -> None:
        if (
            self._features_folder is None
            or not (self._features_folder / "extraction.json").is_file()
        ):
            raise InputError(
                f"{path}: this checkpoint reads '{self._source.name}' features and does not know how to make them from video; "
                f"give it .npy files of that kind, or train on features of 'spotkick features --kind video'"
            )


def _videos_by_period(folder: Path) -> dict[int, Path]:
    """Videos ``1_*``, ``2_*`` that lie directly in a folder; the smallest file of each period."""
    found: dict[int, Path] = {}
    files = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file()
    ]
    for path in sorted(files, key=lambda path: path.stat().st_size):
        named = _PERIOD.match(path.name)
        if named:
            found.setdefault(int(named.group(1)), path)
    return dict(sorted(found.items()))
