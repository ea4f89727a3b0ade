"""Spots of a video, made for an alignment where the user has none."""

from collections.abc import Sequence
from pathlib import Path

from spotkick.checkpoint import read_checkpoint
from spotkick.pipelines.spot_inputs import InputOptions
from spotkick.pipelines.spot_request import run_request
from spotkick.pipelines.spot_workers import SpottingRequest
from spotkick.reporter import Reporter
from spotkick.stored_checkpoint import resolve_checkpoint


def spot_for_alignment(
    checkpoint: Path, videos: Sequence[Path], out: Path, reporter: Reporter
) -> Path:
    """Spot the videos of one match.

    Args:
        checkpoint: folder, or name of a shipped one.
        videos: of the match.
        out: folder of the results.
        reporter: shows progress.

    Returns:
        the file of the predictions.

    Raises:
        InputError: if the videos cannot be spotted.
        CheckpointError: if the checkpoint cannot be read.
    """
    folder = resolve_checkpoint(checkpoint)
    trained = read_checkpoint(folder)

    # One match, in this process, decoded as the checkpoint says
    request = SpottingRequest(
        folder, tuple(videos), InputOptions(), out, decoding=trained.config.decoding
    )
    result = run_request(request, trained, reporter=reporter)
    reporter.line(result.describe())
    return result.results
