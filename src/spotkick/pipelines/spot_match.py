"""Spotting one match: features through networks to spots, goals confirmed, results written."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from spotkick.actions import MatchActions
from spotkick.checkpoint import Checkpoint
from spotkick.peaks import is_likely
from spotkick.pipelines.scoreboard_spots import SPOKEN_SPREAD_MS, confirm_goals, shift_to_positions
from spotkick.pipelines.spot_inputs import SpottingJob
from spotkick.pipelines.spot_members import FurtherCheckpoint
from spotkick.pipelines.spot_outputs import MatchOutput, is_folder
from spotkick.prediction import ChunkNetwork, Member, SpottingSetup, spot_match_together
from spotkick.reporter import Reporter
from spotkick.storage import fetched, upload
from spotkick.tasks import merge_side_names, merge_side_values, merge_sides


@dataclass(frozen=True, slots=True)
class SpottedMatch:
    """What came of one match.

    Attributes:
        actions: spots.
        footage_s: length of what was spotted.
        kept: periods of an earlier run that stay in its results.
        likely: spots at or above the checkpoint's threshold for their class.
    """

    actions: MatchActions
    footage_s: float
    kept: tuple[int, ...] = ()
    likely: int = 0


@dataclass(frozen=True, slots=True)
class MatchSpotter:
    """Spots matches with one network, and writes their results.

    Attributes:
        network: runs chunks.
        checkpoint: what the network was trained for.
        setup: how outputs become actions.
        out: see `spotkick.pipelines.spot.run_spotting`.
        keep_scores: write the scores of every frame too.
        further: checkpoints whose scores are averaged with those of the first one.
    """

    network: ChunkNetwork
    checkpoint: Checkpoint
    setup: SpottingSetup
    out: Path
    keep_scores: bool
    further: tuple[FurtherCheckpoint, ...] = ()

    def spot(self, job: SpottingJob, reporter: Reporter) -> SpottedMatch:
        """Spot one match; results are written in one step, unless they go into an archive.

        Raises:
            SpotkickError: if it cannot be spotted.
        """
        output = MatchOutput.of_match(self.out, job.match)
        files = [span.file for spans in job.files.values() for span in spans]
        with fetched([*files, output.scores]):
            return self._spot_here(job, output, reporter)

    def _spot_here(self, job: SpottingJob, output: MatchOutput, reporter: Reporter) -> SpottedMatch:
        tracks = job.load(reporter)
        for track in tracks.values():
            self.checkpoint.feature_source.require_compatible(track.source, track.where)
        members = [Member(self.network, tracks, self.setup)]
        members += [other.join(job.match, tracks, reporter) for other in self.further]
        predicted, scores = spot_match_together(members, job.match)
        task = replace(self.checkpoint.task, classes=self.setup.wanted)
        predicted = merge_sides(predicted, task)
        predicted, scores = shift_to_positions(predicted, scores, job.files)
        spoken = self.checkpoint.feature_source.is_commentary
        predicted = confirm_goals(
            predicted,
            job.files,
            merge_side_names(scores.classes, scores.sides),
            spot_spread_ms=SPOKEN_SPREAD_MS if spoken else 0,
        )

        # An archive is written once, at the end.
        kept: tuple[int, ...] = ()
        if self.out.suffix != ".zip":
            kept = output.write(predicted, scores, job.files, keep_scores=self.keep_scores)
        if is_folder(self.out):
            upload([output.results.parent])
        thresholds = merge_side_values(self.checkpoint.config.thresholds, task)
        return SpottedMatch(
            predicted,
            sum(track.duration_s for track in tracks.values()),
            kept,
            likely=count_likely(predicted, thresholds),
        )


def count_likely(spots: MatchActions, thresholds: Mapping[str, float]) -> int:
    """Spots at or above the threshold of their class, those that the viewer shows at first."""
    return sum(is_likely(spot, thresholds) for spot in spots.actions)
