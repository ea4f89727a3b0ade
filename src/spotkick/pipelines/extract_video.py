"""Making feature sets from videos. Without torch."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from spotkick.cluster.options import ClusterOptions, open_executor
from spotkick.cluster.running import run_work
from spotkick.cluster.work import Run, Work, WorkItem
from spotkick.datasets.match_folder import open_folder
from spotkick.datasets.period_files import ExtractionSummary, PeriodFile
from spotkick.datasets.periods import find_periods
from spotkick.errors import ConfigError, InputError, SpotkickWarning
from spotkick.features.backbone import BUNDLED_BACKBONE, open_backbone
from spotkick.features.extract import (
    EXTRACTION_FILE,
    ExtractionConfig,
    Extractor,
    read_extractor,
    write_extractor,
)
from spotkick.features.pca import fit_projection
from spotkick.features.tracks import (
    SOURCE_SUFFIX,
    FeatureSource,
    find_source,
    read_track,
    write_track,
)
from spotkick.pipelines.extract import (
    TITLE,
    ExtractionRequest,
    choose_files,
    find_source_folder,
    training_files,
)
from spotkick.pipelines.extraction_progress import extract_with_progress
from spotkick.pipelines.made_tracks import MadeTracks, add_made
from spotkick.pipelines.match_items import group_by_match
from spotkick.reporter import Reporter, SilentReporter
from spotkick.storage import attach, fetched, upload, upload_results
from spotkick.video_names import VIDEO_SUFFIXES, parse_video_name


@dataclass(frozen=True, slots=True)
class ImageOptions:
    """How a new source reads images; a given source brings its own options.

    Attributes:
        backbone: ONNX file.
        config: fit and masks; the frame rate of the request takes precedence.
        device: a name of `spotkick.devices.parse_device`.
        threads: processor threads, 0 for as many as there are cores.
    """

    backbone: Path = BUNDLED_BACKBONE
    config: ExtractionConfig = field(default_factory=ExtractionConfig)
    device: str = "cpu"
    threads: int = 0


def extract_videos(
    request: ExtractionRequest,
    options: ImageOptions | None = None,
    reporter: Reporter | None = None,
) -> tuple[ExtractionSummary, FeatureSource]:
    """Make features of videos; tracks of the same source that ``out`` has already are kept.

    With ``request.dim`` and no given source, the whole vectors are made first (and stay in ``out``
    under the backbone's name); then the principal components of the training split are learned
    once, and applied to all.

    Args:
        request: what to do.
        options: how a new source reads images.
        reporter: receives progress, and lines about the fit.

    Raises:
        InputError: if files, splits or sources are missing, or ``out`` holds features of another
            source.
        ConfigError: if there are too few frames for ``dim``, or options contradict the source.
    """
    options, reporter = options or ImageOptions(), reporter or SilentReporter()
    cluster = request.cluster
    make = partial(
        _write_video_tracks,
        out=request.out,
        reporter=reporter,
        inputs=request.inputs,
        options=options,
    )
    found = [video for path in request.inputs for video in _find_videos(path, request)]
    chosen = request.choose_part(choose_files(found, request))
    if request.source is not None:
        extractor = _read_given_extractor(request.source, options)
        request.require_agreement(extractor.source)
        return make(chosen, extractor=extractor, cluster=cluster), extractor.source

    # A new source: the whole vectors of the backbone
    whole = _open_extractor(request, options)
    if request.dim is None:
        return make(chosen, extractor=whole, cluster=cluster), whole.source
    if cluster.shard is not None:
        raise ConfigError(
            "--dim learns from the tracks of all matches, which no shard has; make whole vectors "
            "with --shard, then run once with --dim and without --shard"
        )

    # The components are learned on all training videos, so that a failure stops here.
    training = training_files(found, request)
    needed = chosen + [video for video in training if video not in chosen]
    made = make(needed, extractor=whole, cluster=cluster)
    if made.failed:
        raise InputError(
            f"{made.failed} videos failed; fix or leave them out, and run again: what is made stays"
        )

    reporter.line(f"learning {request.dim} components on {len(training)} videos")
    tracks = (_read_values(video.track(request.out, whole.source.name)) for video in training)
    projected = whole.with_projection(fit_projection(tracks, request.dim))
    return _project_tracks(chosen, request.out, whole, projected), projected.source


def _open_extractor(request: ExtractionRequest, options: ImageOptions) -> Extractor:
    config = options.config
    if request.frame_rate:
        config = config.replace(frame_rate=str(request.frame_rate))
    backbone = open_backbone(
        options.backbone,
        normalisation=config.normalisation,
        device=options.device,
        threads=options.threads,
    )
    return Extractor(backbone, config)


@dataclass(frozen=True, slots=True)
class OpenTrackWriter:
    """Opens what makes tracks, in a process of its own.

    Attributes:
        source: folder ``NAME.source`` of the features.
        out: folder of the feature set.
        inputs: where the videos are.
        device: a name of `spotkick.devices.parse_device`.
        threads: CPU threads.
    """

    source: Path
    out: Path
    inputs: tuple[Path, ...]
    device: str
    threads: int

    def __call__(self, reporter: Reporter) -> Run[MadeTracks]:
        """Read the extractor."""
        del reporter
        attach([*self.inputs, self.out])
        extractor = read_extractor(self.source, device=self.device, threads=self.threads)
        return TrackWriter(extractor, self.out)


@dataclass(frozen=True, slots=True)
class TrackWriter:
    """Makes the tracks of a match; the payload of an item is its videos."""

    extractor: Extractor
    out: Path

    def __call__(self, item: WorkItem, reporter: Reporter) -> MadeTracks:
        """Write a track for each period; a video that cannot be read is left out with a warning."""
        written = frames = 0
        problems: list[str] = []
        for video in cast("tuple[PeriodFile, ...]", item.payload):
            path = video.track(self.out, self.extractor.source.name)
            parts = video.parts()
            try:
                with fetched(part.file for part in parts):
                    made = extract_with_progress(item.name, parts, self.extractor, reporter)
            except InputError as error:
                warnings.warn(f"left out: {error}", SpotkickWarning, stacklevel=2)
                problems.append(str(error))
                continue

            write_track(made.values.astype(np.float16), path)
            upload([path])
            written, frames = written + 1, frames + len(made)
        return MadeTracks(ExtractionSummary(written, frames, failed=len(problems)), tuple(problems))


def _write_video_tracks(
    videos: Sequence[PeriodFile],
    out: Path,
    extractor: Extractor,
    reporter: Reporter,
    *,
    inputs: tuple[Path, ...],
    options: ImageOptions,
    cluster: ClusterOptions,
) -> ExtractionSummary:
    """Make the tracks that are missing; a video that cannot be read is left out with a warning."""
    _claim_source(extractor, out)
    source = extractor.source
    missing = [
        video
        for video in videos
        if not video.track(out, source.name).is_file()
        or find_source(video.track(out, source.name)) != source
    ]
    kept = len(videos) - len(missing)
    if not missing:
        return ExtractionSummary(0, 0, kept=kept)

    # Where tracks are made by other processes, these read the source that was described above.
    items = group_by_match(missing)
    ledger, cluster = cluster.open_ledger(out, TITLE), cluster.fit(len(items))
    threads = cluster.share_threads(options.threads)
    described = out / f"{source.name}{SOURCE_SUFFIX}"
    opener = OpenTrackWriter(described, out, inputs, device=options.device, threads=threads)
    work: Work[MadeTracks] = Work(
        TITLE,
        opener if cluster.is_parallel else lambda _: TrackWriter(extractor, out),
        find_problem=MadeTracks.describe_problem,
    )

    # Other machines read the description from where results go.
    upload([described])
    with open_executor(cluster, reporter, threads=threads) as executor:
        made = add_made(run_work(executor, work, items, reporter, ledger=ledger))
    upload_results(out)
    return replace(made, kept=kept)


def _project_tracks(
    videos: Sequence[PeriodFile], out: Path, whole: Extractor, projected: Extractor
) -> ExtractionSummary:
    projection, source = projected.projection, projected.source
    if projection is None:
        raise ConfigError("there is no projection to apply")
    _claim_source(projected, out)
    written = frames = 0
    for video in videos:
        values = _read_values(video.track(out, whole.source.name))
        path = video.track(out, source.name)
        write_track(projection.apply(values).astype(np.float16), path)
        upload([path])
        written, frames = written + 1, frames + len(values)
    upload([out / f"{source.name}{SOURCE_SUFFIX}"])
    return ExtractionSummary(written, frames)


def _read_values(path: Path) -> npt.NDArray[np.floating[Any]]:
    """(frames, dim) of a track, wherever it lies."""
    with fetched([path]):
        return np.asarray(read_track(path).values)


def _claim_source(extractor: Extractor, out: Path) -> None:
    """Describe the source in ``out``, unless it holds features of the same name from another."""
    described = out / f"{extractor.source.name}{SOURCE_SUFFIX}"
    if (described / "source.json").is_file():
        present = read_extractor(described).source
        if present != extractor.source:
            raise InputError(
                f"{out}: holds '{present.name}' features made in another way; choose another folder"
            )
        return
    write_extractor(extractor, out)


def _read_given_extractor(folder: Path, options: ImageOptions) -> Extractor:
    described = find_source_folder(folder, EXTRACTION_FILE)
    if described is None:
        raise InputError(
            f"{folder}: must be, or hold, one folder NAME{SOURCE_SUFFIX} of video features"
        )
    return read_extractor(described, device=options.device, threads=options.threads)


def _find_videos(path: Path, request: ExtractionRequest) -> list[PeriodFile]:
    """A video file by its own name, or the videos of match folders and of folders of recordings."""
    if path.is_dir():
        found = [
            PeriodFile(folder.match, period, cast("Path", spans[0].file), spans)
            for folder in open_folder(path)
            for period, spans in folder.videos().periods.items()
        ]
        if not found:
            raise InputError(
                f"{path}: no videos below it; <match>/1_224p.mkv, 1_720p.mp4, ... or single files "
                "are needed"
            )
        return found
    if not path.is_file():
        raise InputError(f"{path}: no such video")
    if path.suffix.lower() not in VIDEO_SUFFIXES:
        raise InputError(
            f"{path}: '{path.suffix}' is no video; known are {', '.join(sorted(VIDEO_SUFFIXES))}"
        )

    # One file: the options, periods.json beside it, or its name, say which period it is.
    stated = tuple(replace(span, file=path) for span in request.spans) or find_periods(path)
    if request.period is not None and stated:
        stated = tuple(span for span in stated if span.period == request.period)
    if stated:
        return [PeriodFile(path.stem, span.period, path, (span,)) for span in stated]
    return [PeriodFile(path.stem, request.period or parse_video_name(path).period or 1, path)]
