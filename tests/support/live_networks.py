"""Networks of numpy for live tests: fast, and sensitive to what stitching may get wrong."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from spotkick.actions import Action, ActionClasses
from spotkick.checkpoint import DecodingConfig
from spotkick.features.tracks import FeatureSource, FeatureTrack
from spotkick.live.publishing import Change
from spotkick.live.spotter import LiveSpotter, SpotterOptions
from spotkick.prediction import ChunkOutput, SpottingSetup, spot_period

CLASSES = ActionClasses(("a", "b"))
RATE = Fraction(2)
DIM = 3


class PlaceNetwork:
    """Scores of a frame depend on its neighbours in the chunk, and a little on its place there."""

    def __init__(
        self, frames: int, reach: int, *, gives_spots: bool = False, displaces: bool = False
    ) -> None:
        self.frames, self.reach = frames, reach
        self.gives_spots, self.displaces = gives_spots, displaces

    def __call__(self, features: npt.NDArray[np.float32]) -> ChunkOutput:
        assert features.shape[1] == self.frames
        place = np.sin(np.arange(self.frames) * 0.7)[None, :, None]
        logits = 2.5 * average(features, self.reach)[..., :2] + 0.05 * place
        scores = 1 / (1 + np.exp(-4 * logits))
        spots = np.zeros((len(features), 0, 4), dtype=np.float32)
        if self.gives_spots:
            best = scores.max(axis=2).argsort(axis=1)[:, ::-1][:, :3]
            spots = np.zeros((len(features), 3, 4), dtype=np.float32)
            for chunk, frames in enumerate(best):
                spots[chunk, :, 0] = scores[chunk, frames].max(axis=1)
                spots[chunk, :, 1] = frames / self.frames
                spots[chunk, :, 2:] = scores[chunk, frames]
        moves = np.tanh(logits).astype(np.float32) if self.displaces else None
        return ChunkOutput(scores.astype(np.float32), spots, moves)


class FreeNetwork(PlaceNetwork):
    """The same for chunks of any length, without regard to the place."""

    input_shape = ("chunks", "frames", DIM)

    def __call__(self, features: npt.NDArray[np.float32]) -> ChunkOutput:
        logits = 2.5 * average(features, self.reach)[..., :2]
        scores = 1 / (1 + np.exp(-4 * logits))
        return ChunkOutput(
            scores.astype(np.float32), np.zeros((len(features), 0, 4), dtype=np.float32)
        )


def average(features: npt.NDArray[np.float32], reach: int) -> npt.NDArray[np.float64]:
    """Weighted sums over neighbours, zeros beyond the ends of a chunk."""
    kernel = np.cos(np.arange(-reach, reach + 1) / (reach + 1))
    padded = np.pad(features.astype(np.float64), ((0, 0), (reach, reach), (0, 0)))
    frames = features.shape[1]
    parts = [weight * padded[:, shift : shift + frames] for shift, weight in enumerate(kernel)]
    averaged: npt.NDArray[np.float64] = np.sum(parts, axis=0) / len(kernel)
    return averaged


def make_setup(
    frames: int, border: int, *, pads: bool = False, decoding: DecodingConfig | None = None
) -> SpottingSetup:
    chosen = decoding or DecodingConfig(source="scores", nms_window_s=6.0)
    return SpottingSetup(
        CLASSES, RATE, frames, border_frames=border, pad_period=pads, decoding=chosen
    )


def make_features(seed: int, frames: int) -> npt.NDArray[np.float32]:
    """Smooth random features with high stretches now and then."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(frames, DIM)).astype(np.float32)
    smooth = np.stack([np.convolve(column, np.ones(3) / 3, "same") for column in values.T], 1)
    return (1.5 * smooth).astype(np.float32)


def make_spotter(
    network: PlaceNetwork, setup: SpottingSetup, *, latency_s: float = 4.0, least: float = 0.6
) -> LiveSpotter:
    options = SpotterOptions("net", 1, latency_s, dict.fromkeys(CLASSES, least))
    return LiveSpotter(network, setup, options, dim=DIM)


def spot_whole(
    network: PlaceNetwork,
    setup: SpottingSetup,
    features: npt.NDArray[np.float32],
    least: float = 0.6,
) -> list[tuple[str, int, float]]:
    """What spotting the whole period gives."""
    track = FeatureTrack(features, FeatureSource("x", DIM, RATE), "x")
    found = spot_period(network, track, setup).actions
    return describe([action for action in found if (action.confidence or 0) >= least])


def describe(actions: Sequence[Action]) -> list[tuple[str, int, float]]:
    return sorted((a.label, a.position_ms, round(a.confidence or 0.0, 5)) for a in actions)


def standing(changes: Sequence[Change]) -> list[tuple[str, int, float]]:
    """Actions that stand after all changes."""
    last = {change.id: change for change in changes}
    return describe([change.action for change in last.values() if change.kind != "withdraw"])
