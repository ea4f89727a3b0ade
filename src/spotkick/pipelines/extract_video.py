"""Making feature sets from videos. Without torch."""

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np

from spotkick.datasets.match_folder import open_folder
from spotkick.datasets.period_files import ExtractionSummary, PeriodFile, extract_period
from spotkick.datasets.periods import find_periods
from spotkick.datasets.video_names import VIDEO_SUFFIXES, parse_video_name
from spotkick.errors import ConfigError, InputError, SpotkickWarning
from spotkick.features.backbone import BUNDLED_BACKBONE, Device, open_backbone
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
    Note,
    Show,
    choose_files,
    print_nothing,
    source_folder,
    training_files,
)


@dataclass(frozen=True, slots=True)
class PictureOptions:
    """How a new source looks at pictures; a given source brings its own.

    Attributes:
        backbone: ONNX file.
        config: fit and masks; the frame rate of the request takes precedence.
        device: ``cpu`` or ``cuda``.
        threads: processor threads, 0 for as many as there are cores.
    """

    backbone: Path = BUNDLED_BACKBONE
    config: ExtractionConfig = field(default_factory=ExtractionConfig)
    device: Device = "cpu"
    threads: int = 0


def extract_videos(
    request: ExtractionRequest,
    options: PictureOptions | None = None,
    *,
    show: Show = iter,
    progress: Callable[[ExtractionProgress], None] | None = None,
    note: Note = print_nothing,
) -> tuple[ExtractionSummary, FeatureSource]:
    """Make features of videos. Tracks that ``out`` has of the same source are kept, so that a stopped run goes on.

    With ``request.dim`` and no given source, the whole vectors are made first (and stay in ``out``
    under the backbone's name); then the principal components of the training split are learned
    once, and applied to all.

    Args:
        request: what to do.
        options: how a new source looks at pictures.
        show: shows how far the work is.
        progress: called while a video is read.
        note: receives lines about the fit.

    Raises:
        InputError: if files, splits or sources are missing, or ``out`` holds features of another
            source.
        ConfigError: if there are too few frames for ``dim``, or options contradict the source.
    """
    options = options or PictureOptions()
    found = [video for path in request.inputs for video in _videos(path)]
    chosen = choose_files(found, request)
    if request.source is not None:
        extractor = _given_extractor(request.source, options)
        request.require_agreement(extractor.source)
        return _write_video_tracks(show(chosen), request.out, extractor, progress), extractor.source
    config = (
        options.config.replace(frame_rate=str(request.frame_rate))
        if request.frame_rate
        else options.config
    )
    backbone = open_backbone(
        options.backbone,
        normalisation=config.normalisation,
        device=options.device,
        threads=options.threads,
    )
    whole = Extractor(backbone, config)
    if request.dim is None:
        return _write_video_tracks(show(chosen), request.out, whole, progress), whole.source
    training = training_files(found, request)
    needed = chosen + [video for video in training if video not in chosen]
    made = _write_video_tracks(show(needed), request.out, whole, progress)
    if made.failed:
        raise InputError(
            f"{made.failed} videos failed; mend or leave them out, and run again: what is made stays"
        )
    note(f"learning {request.dim} components on {len(training)} videos")
    tracks = (
        np.asarray(read_track(video.track(request.out, whole.source.name)).values)
        for video in training
    )
    projected = whole.with_projection(fit_projection(tracks, request.dim))
    return _project_tracks(chosen, request.out, whole, projected), projected.source


def _write_video_tracks(
    videos: Iterable[PeriodFile],
    out: Path,
    extractor: Extractor,
    progress: Callable[[ExtractionProgress], None] | None,
) -> ExtractionSummary:
    _claim(extractor, out)
    source = extractor.source
    written = frames = failed = kept = 0
    for video in videos:
        path = video.track(out, source.name)
        if path.is_file() and find_source(path) == source:
            kept += 1
            continue
        try:
            track = extract_period(video.parts(), extractor, progress=progress)
        except InputError as error:
            warnings.warn(f"left out: {error}", SpotkickWarning, stacklevel=2)
            failed += 1
            continue
        write_track(track.values.astype(np.float16), path)
        written, frames = written + 1, frames + len(track)
    return ExtractionSummary(written, frames, failed=failed, kept=kept)


def _project_tracks(
    videos: Iterable[PeriodFile], out: Path, whole: Extractor, projected: Extractor
) -> ExtractionSummary:
    projection, source = projected.projection, projected.source
    if projection is None:
        raise ConfigError("there is no projection to apply")
    _claim(projected, out)
    written = frames = 0
    for video in videos:
        track = read_track(video.track(out, whole.source.name))
        write_track(
            projection.apply(track.values).astype(np.float16), video.track(out, source.name)
        )
        written, frames = written + 1, frames + len(track)
    return ExtractionSummary(written, frames)


def _claim(extractor: Extractor, out: Path) -> None:
    """Describe the source in ``out``, unless features of the same name and another source are there."""
    described = out / f"{extractor.source.name}{SOURCE_SUFFIX}"
    if (described / "source.json").is_file():
        present = read_extractor(described).source
        if present != extractor.source:
            raise InputError(
                f"{out}: holds '{present.name}' features made in another way; choose another folder"
            )
        return
    write_extractor(extractor, out)


def _given_extractor(folder: Path, options: PictureOptions) -> Extractor:
    described = source_folder(folder, EXTRACTION_FILE)
    if described is None:
        raise InputError(
            f"{folder}: must be, or hold, one folder NAME{SOURCE_SUFFIX} of video features"
        )
    return read_extractor(described, device=options.device, threads=options.threads)


def _videos(path: Path) -> list[PeriodFile]:
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

    # One file: periods.json beside it, or its name, says which period it is.
    stated = find_periods(path)
    if stated:
        return [PeriodFile(path.stem, span.period, path, (span,)) for span in stated]
    return [PeriodFile(path.stem, parse_video_name(path).period or 1, path)]
