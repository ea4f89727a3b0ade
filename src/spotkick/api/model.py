"""Load a model, and spot matches with it: from files, or from features in memory."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TypedDict, Unpack

import numpy as np
import numpy.typing as npt

from spotkick.actions import ActionClasses, MatchActions
from spotkick.checkpoint import Checkpoint, DecodingConfig, read_checkpoint
from spotkick.datasets.periods import PeriodSpan, close_spans
from spotkick.errors import InputError
from spotkick.features.tracks import FeatureTrack
from spotkick.formats.classes import find_classes
from spotkick.formats.scores import MatchScores
from spotkick.pipelines.spot import network_for
from spotkick.pipelines.spot_inputs import InputOptions, jobs_for
from spotkick.prediction import ChunkNetwork, SpottingSetup, spot_match, spot_period
from spotkick.reporter import Reporter, SilentReporter, make_reporter
from spotkick.tasks import Task, merge_sides

PathLike = str | os.PathLike[str]
"""A path as text or as an object."""

Features = npt.ArrayLike | Mapping[int, npt.ArrayLike]
"""Features in memory: (frames, dim) of one period, or such arrays by period."""


class SpotOptions(TypedDict, total=False):
    """Keywords of `spot` and `spot_with_scores`.

    Attributes:
        name: of the match in the result. Without it a match folder in a tree of matches is called
            ``league/season/match``, as its labels are (see
            `spotkick.datasets.match_names.name_match_folder`), a file by its name without suffix,
            and an array ``match``.
        decoding: replaces the checkpoint's own.
        classes: that are asked for, each a class of the model or a union of some: a class list, its
            name such as ``soccernet-v1``, or a class file.
        period: of a single file or array, 1 unless the name of the file says another.
        start_s: where the period begins in a video file, in seconds.
        periods: period -> its start and end in seconds, in a video file that holds several; an end
            of None is the start of the next period or the end of the file.
        sentence_model: folder of the encoder of a checkpoint that reads vectors of sentences.
        progress: show it on standard error, or the reporter that receives it.
    """

    name: str | None
    decoding: DecodingConfig | None
    classes: ActionClasses | PathLike | None
    period: int | None
    start_s: float
    periods: Mapping[int, tuple[float, float | None]]
    sentence_model: PathLike | None
    progress: bool | Reporter


@dataclass(frozen=True, slots=True, repr=False)
class Model:
    """A trained network, ready to spot; made by `load_model`.

    Attributes:
        checkpoint: what it was loaded from.
        network: runs chunks of features.
    """

    checkpoint: Checkpoint
    network: ChunkNetwork

    @property
    def classes(self) -> ActionClasses:
        """The classes that it spots, in the order of the score columns."""
        return self.checkpoint.classes

    @property
    def task(self) -> Task:
        """Its classes, and how actions of these classes are scored."""
        return self.checkpoint.task

    @property
    def frame_rate(self) -> Fraction:
        """Feature frames per second."""
        return self.checkpoint.frame_rate

    def __repr__(self) -> str:
        """One line: folder, classes, features."""
        source, names = self.checkpoint.feature_source, self.classes.names
        listed = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
        return (
            f"Model({str(self.checkpoint.folder)!r}: {len(names)} classes ({listed}), "
            f"features {source.name!r} of {source.dim} values at {source.frame_rate} per second)"
        )

    def __call__(self, features: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Scores of every frame of a period.

        Args:
            features: (frames, dim).

        Returns:
            (frames, classes) between 0 and 1, high where an action is.

        Raises:
            InputError: if the features have another shape, or hold NaN or infinity.
            CheckpointError: if the network reads vectors of another length.
        """
        track = _track_of(self, features, "features")
        setup = SpottingSetup.from_checkpoint(self.checkpoint, None)
        return spot_period(self.network, track, setup).scores

    def spot(self, match: PathLike | Features, **options: Unpack[SpotOptions]) -> MatchActions:
        """Spot one match; options as of `spot_with_scores`."""
        return spot(self, match, **options)


def load_model(path: PathLike, *, runtime: str = "onnx", threads: int = 0) -> Model:
    """Load a checkpoint, the best one of a run directory, or one that ships.

    Args:
        path: folder, or the name of a shipped checkpoint (see `spotkick.list_models`).
        runtime: ``onnx``, or ``torch``, which runs on CUDA where there is one.
        threads: CPU threads; 0 for as many as there are cores.

    Raises:
        CheckpointError: if it is not a checkpoint, or is damaged.
        MissingExtraError: if torch is asked for and not installed.

    Example:
        >>> load_model("demo").frame_rate
        Fraction(2, 1)
    """
    checkpoint = read_checkpoint(Path(path))
    return Model(checkpoint, network_for(checkpoint, runtime, threads=threads))


def spot_with_scores(
    model: Model, match: PathLike | Features, **options: Unpack[SpotOptions]
) -> tuple[MatchActions, MatchScores]:
    """Spot one match, and keep the scores of every frame.

    Args:
        model: of `load_model`.
        match: video, feature file, match folder, array (frames, dim), or arrays by period.
        options: keywords of `SpotOptions`: ``name``, ``decoding``, ``classes``, ``period``,
            ``start_s``, ``periods``, ``sentence_model``, ``progress``.

    Raises:
        InputError: if the input is not one match, or cannot be read.
        CheckpointError: if its features come from another source than the model's.
        ConfigError: if options contradict each other.
    """
    wanted = options.get("classes")
    if isinstance(wanted, str | os.PathLike):
        wanted = find_classes(os.fspath(wanted))
    setup = SpottingSetup.from_checkpoint(model.checkpoint, options.get("decoding"), wanted)
    if isinstance(match, str | os.PathLike):
        default, tracks = _load_tracks(model, Path(match), options)
    else:
        default, tracks = "match", _tracks_of(model, match, options.get("period") or 1)

    # The features must be those that the network was trained on.
    for track in tracks.values():
        model.checkpoint.feature_source.require_compatible(track.source, track.where)
    actions, scores = spot_match(model.network, tracks, setup, options.get("name") or default)
    task = replace(model.checkpoint.task, classes=setup.wanted)
    return merge_sides(actions, task), scores.merge_sides()


def spot(model: Model, match: PathLike | Features, **options: Unpack[SpotOptions]) -> MatchActions:
    """Spot one match; arguments as of `spot_with_scores`."""
    return spot_with_scores(model, match, **options)[0]


def _load_tracks(
    model: Model, path: Path, options: SpotOptions
) -> tuple[str, dict[int, FeatureTrack]]:
    """Name and features of the one match that a path holds."""
    # Periods of one recording; an open end is the start of the next period.
    spans = tuple(
        PeriodSpan(period, start_s, end_s)
        for period, (start_s, end_s) in (options.get("periods") or {}).items()
    )
    encoder = options.get("sentence_model")
    given = InputOptions(
        period=options.get("period"),
        start_s=options.get("start_s", 0.0),
        spans=close_spans(spans),
        sentence_model=None if encoder is None else Path(encoder),
    )
    jobs = jobs_for([path], model.checkpoint, given)
    if len(jobs) != 1:
        raise InputError(
            f"{path} holds {len(jobs)} matches; give one, or use 'spotkick spot' for many"
        )

    progress = options.get("progress", False)
    if isinstance(progress, bool):
        progress = make_reporter() if progress else SilentReporter()
    return jobs[0].match, jobs[0].load(progress)


def _tracks_of(model: Model, features: Features, period: int) -> dict[int, FeatureTrack]:
    """Arrays in memory by period."""
    arrays = features if isinstance(features, Mapping) else {period: features}
    if not arrays:
        raise InputError("a match needs the features of at least one period, got none")
    return {
        number: _track_of(model, values, f"features of period {number}")
        for number, values in arrays.items()
    }


def _track_of(model: Model, values: npt.ArrayLike, where: str) -> FeatureTrack:
    """An array in memory as features of the model's own source."""
    array = np.asarray(values)
    if array.ndim != 2 or 0 in array.shape or array.dtype.kind not in "fiu":
        raise InputError(
            f"{where} must be numbers of shape (frames, dim) with at least one frame, "
            f"got {array.dtype} of shape {array.shape}"
        )

    # float16 stays as it is, as in files; all else becomes float32.
    source = model.checkpoint.feature_source
    if array.dtype not in (np.float16, np.float32):
        array = array.astype(np.float32)
    if array.shape[1] != source.dim:
        raise InputError(
            f"{where} have {array.shape[1]} values per frame, the model needs {source.dim} "
            f"('{source.name}')"
        )
    return FeatureTrack(array, source, where)
