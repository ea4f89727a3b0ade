"""Lanes of a live run: a checkpoint each, with what an earlier run has left of its features."""

from pathlib import Path
from typing import Final

from spotkick.checkpoint import Checkpoint
from spotkick.commentary.features import SENTENCES_NAME, read_commentary_source
from spotkick.commentary.sentence_encoder import EncoderOptions
from spotkick.errors import CheckpointError
from spotkick.live.decoding import least_confidences, plain_cut
from spotkick.live.feature_file import FeatureFile
from spotkick.live.growing_transcript import GrowingTranscript
from spotkick.live.running import Lane
from spotkick.live.speech_stages import SpeechLane
from spotkick.live.spotter import LiveSpotter, SpotterOptions
from spotkick.pipelines.live_request import LiveRequest
from spotkick.pipelines.spot import network_for
from spotkick.prediction import SpottingSetup
from spotkick.video_names import parse_video_name

FEATURES_FOLDER: Final = "features"

_SPARE_ROWS: Final = 512
"""Rows on disk beyond those that a spotter needs."""


def find_period(source: str) -> int:
    """The period that the name of a file says; 1 where it says none."""
    return parse_video_name(Path(source)).period or 1 if "://" not in source else 1


def make_lane(request: LiveRequest, name: str, checkpoint: Checkpoint, period: int) -> Lane:
    """What spots with one checkpoint.

    Args:
        request: what is asked for.
        name: of the checkpoint.
        checkpoint: that is used.
        period: of the match.

    Raises:
        ConfigError: if the latency is shorter than a peak needs.
        StorageError: if its features cannot be kept.
    """
    setup = plain_cut(SpottingSetup.from_checkpoint(checkpoint))
    task, thresholds = checkpoint.task, checkpoint.config.thresholds
    least = least_confidences(setup, thresholds, request.min_confidence, task)
    network = network_for(checkpoint, threads=request.threads, device=request.device)
    spotter = LiveSpotter(
        network,
        setup,
        SpotterOptions(name, period, request.latency_s, least, task=task),
        dim=checkpoint.feature_source.dim,
        blank_ends=bool(checkpoint.feature_source.num_ids),
    )
    if checkpoint.feature_source.is_commentary:
        return Lane(spotter, None)

    # Features of frames are kept, since frames that went by cannot be read again.
    file = FeatureFile(
        request.out / FEATURES_FOLDER,
        name,
        checkpoint.feature_source.dim,
        kept=spotter.scores.reach_frames + _SPARE_ROWS,
    )
    spotter.resume(file.first, file.read())
    return Lane(spotter, file)


def make_speech_lane(request: LiveRequest, name: str, checkpoint: Checkpoint) -> SpeechLane:
    """What turns speech into the features of a checkpoint.

    Args:
        request: what is asked for.
        name: of the checkpoint.
        checkpoint: that is used.

    Raises:
        CheckpointError: if the checkpoint does not say how its features are made.
        InputError: if it needs a sentence model that is not given.
    """
    encoder = None
    if request.sentence_model is not None and checkpoint.feature_source.kind == SENTENCES_NAME:
        encoder = EncoderOptions(request.sentence_model, threads=request.threads)
    folder = find_features_folder(checkpoint)
    model, source = read_commentary_source(folder, encoder)
    return SpeechLane(name, GrowingTranscript(model, source.frame_rate))


def find_features_folder(checkpoint: Checkpoint) -> Path:
    """Where a checkpoint says how its features are made.

    Raises:
        CheckpointError: if it does not.
    """
    if checkpoint.features_folder is None:
        raise CheckpointError(
            f"{checkpoint.folder}: does not say how its features are made, so that it cannot "
            "read a stream; train on features that 'spotkick features' has made"
        )
    return checkpoint.features_folder
