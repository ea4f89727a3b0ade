"""Spotting a period or a match, with one network or with several whose outputs are averaged.

Stitching and decoding are exact: see `spotkick.chunks`, `spotkick.prediction.period_output` and
`spotkick.prediction.decoding`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from spotkick.actions import Action, MatchActions
from spotkick.errors import ConfigError
from spotkick.features.tracks import FeatureTrack
from spotkick.formats.scores import MatchScores
from spotkick.prediction.decoding import find_peaks, smooth_scores, suppress_candidates
from spotkick.prediction.network import ChunkNetwork
from spotkick.prediction.period_output import (
    PeriodOutput,
    SpottingSetup,
    average_outputs,
    join_classes,
    run_period,
    scores_at_rate,
)


@dataclass(frozen=True, slots=True)
class PeriodPrediction:
    """Prediction of one period.

    Attributes:
        scores: (frames, classes) segmentation scores.
        actions: spots in order of time.
    """

    scores: npt.NDArray[np.float32]
    actions: tuple[Action, ...]


class Member(NamedTuple):
    """One of several networks, with the features that it reads.

    Attributes:
        network: see `ChunkNetwork`.
        tracks: period -> features.
        setup: geometry and classes; the decoding of the first member counts.
    """

    network: ChunkNetwork
    tracks: Mapping[int, FeatureTrack]
    setup: SpottingSetup


def spot_match(
    network: ChunkNetwork, tracks: Mapping[int, FeatureTrack], setup: SpottingSetup, match: str
) -> tuple[MatchActions, MatchScores]:
    """Spot all periods of a match.

    Args:
        network: see `ChunkNetwork`.
        tracks: period -> features.
        setup: geometry, classes, decoding.
        match: name of the match.

    Raises:
        InputError: if features hold NaN or infinity.
    """
    return spot_match_together([Member(network, tracks, setup)], match)


def spot_match_together(members: Sequence[Member], match: str) -> tuple[MatchActions, MatchScores]:
    """Spot all periods of a match with the mean of several networks.

    Spots are peaks of the mean scores wherever there are several networks: spots of spotting
    modules have no mean.

    Args:
        members: of the same classes; their features and frame rates may differ.
        match: name of the match.

    Returns:
        Actions, and mean scores at the highest of the frame rates.

    Raises:
        InputError: if features hold NaN or infinity.
        ConfigError: if the classes differ.
    """
    first = members[0].setup
    _check_classes(members)
    rate = max(member.setup.frame_rate for member in members)

    # Each period with the networks that have features of it.
    found: list[Action] = []
    scores: dict[int, npt.NDArray[np.float32]] = {}
    for period in sorted({number for member in members for number in member.tracks}):
        outputs = [
            run_period(member.network, member.tracks[period], member.setup)
            for member in members
            if period in member.tracks
        ]
        mean = average_outputs(outputs)
        predicted = decode_period(mean, first, period)
        found += predicted.actions
        # A network of a lower rate may be the only one of this period.
        scores[period] = scores_at_rate(predicted.scores, mean.frame_rate, rate)

    return MatchActions(match, tuple(found)), MatchScores(
        match, first.wanted.names, rate, scores, first.sides
    )


def spot_period(
    network: ChunkNetwork, track: FeatureTrack, setup: SpottingSetup, period: int = 1
) -> PeriodPrediction:
    """Spot one period of any length, also shorter than a chunk.

    Raises:
        InputError: if the features hold NaN or infinity.
    """
    return decode_period(run_period(network, track, setup), setup, period)


def decode_period(output: PeriodOutput, setup: SpottingSetup, period: int) -> PeriodPrediction:
    """From the outputs for a period to its spots, for the classes that are asked for."""
    output, decoding = join_classes(output, setup.groups), setup.decoding
    if decoding.source == "spots" and output.spots is not None:
        candidates = output.spots
    else:
        moves = output.displacements if decoding.displace else None
        scores = smooth_scores(output.scores, setup.wanted, decoding, output.frame_rate)
        candidates = find_peaks(scores, moves, decoding, output.frame_rate)
    actions = suppress_candidates(
        candidates,
        setup.wanted,
        decoding,
        frame_rate=output.frame_rate,
        period=period,
    )
    return PeriodPrediction(output.scores, actions)


def _check_classes(members: Sequence[Member]) -> None:
    expected = members[0].setup.classes.names
    for member in members[1:]:
        own = member.setup.classes.names
        if own != expected:
            raise ConfigError(
                "checkpoints that are averaged must spot the same classes in the same order, got "
                f"{', '.join(expected)} and {', '.join(own)}"
            )
