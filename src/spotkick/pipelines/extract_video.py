"""Making feature sets from videos. Without torch."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import numpy as np

from spotkick.datasets.match_folder import open_folder
from spotkick.datasets.period_files import ExtractionSummary, PeriodFile, extract_period
from spotkick.datasets.periods import find_periods
from spotkick.errors import ConfigError, InputError, SpotkickWarning
from spotkick.features.backbone import BUNDLED_BACKBONE, open_backbone
from spotkick.features.extract import (
    EXTRACTION_FILE,
    ExtractionConfig,
    ExtractionProgress,
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
    ExtractionRequest,
    choose_files,
    find_source_folder,
    training_files,
)
from spotkick.reporter import Reporter, SilentReporter
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
    found = [video for path in request.inputs for video in _find_videos(path, request)]
    chosen = choose_files(found, request)
    if request.source is not None:
        extractor = _read_given_extractor(request.source, options)
        request.require_agreement(extractor.source)
        return _write_video_tracks(chosen, request.out, extractor, reporter), extractor.source

    # A new source: the whole vectors of the backbone
    whole = _open_extractor(request, options)
    if request.dim is None:
        return _write_video_tracks(chosen, request.out, whole, reporter), whole.source

    # The components are learned on all training videos, so that a failure stops here.
    training = training_files(found, request)
    needed = chosen + [video for video in training if video not in chosen]
    made = _write_video_tracks(needed, request.out, whole, reporter)
    if made.failed:
        raise InputError(
            f"{made.failed} videos failed; fix or leave them out, and run again: what is made stays"
        )

    reporter.line(f"learning {request.dim} components on {len(training)} videos")
    tracks = (
        np.asarray(read_track(video.track(request.out, whole.source.name)).values)
        for video in training
    )
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


def _write_video_tracks(
    videos: Sequence[PeriodFile], out: Path, extractor: Extractor, reporter: Reporter
) -> ExtractionSummary:
    """Make the tracks that are missing; a video that cannot be read is left out with a warning."""
    _claim_source(extractor, out)
    source = extractor.source
    written = frames = failed = kept = 0

    with reporter.task("features", len(videos), "videos") as task:
        for number, video in enumerate(videos):
            path = video.track(out, source.name)
            if path.is_file() and find_source(path) == source:
                kept += 1
                task.update(number + 1)
                continue

            # Part of a video counts as part of the work.
            def show(progress: ExtractionProgress, number: int = number) -> None:
                part = progress.done_s / progress.total_s if progress.total_s else 0.0
                task.update(number + min(1.0, part), note=f"{progress.speed:.1f} x real time")

            try:
                values = extract_period(video.parts(), extractor, progress=show).values
            except InputError as error:
                warnings.warn(f"left out: {error}", SpotkickWarning, stacklevel=2)
                failed += 1
                continue
            write_track(values.astype(np.float16), path)
            written, frames = written + 1, frames + len(values)
            task.update(number + 1)
    return ExtractionSummary(written, frames, failed=failed, kept=kept)


def _project_tracks(
    videos: Sequence[PeriodFile], out: Path, whole: Extractor, projected: Extractor
) -> ExtractionSummary:
    projection, source = projected.projection, projected.source
    if projection is None:
        raise ConfigError("there is no projection to apply")
    _claim_source(projected, out)
    written = frames = 0
    for video in videos:
        track = read_track(video.track(out, whole.source.name))
        write_track(
            projection.apply(track.values).astype(np.float16), video.track(out, source.name)
        )
        written, frames = written + 1, frames + len(track)
    return ExtractionSummary(written, frames)


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
