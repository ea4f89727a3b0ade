"""One call of ``spotkick spot``: which matches are wanted, in how many processes, into what."""

from dataclasses import dataclass
from pathlib import Path

from spotkick.checkpoint import Checkpoint
from spotkick.errors import ConfigError
from spotkick.pipelines.spot import SpottingSummary, run_spotting, speed_line
from spotkick.pipelines.spot_inputs import SpottingJob, jobs_for
from spotkick.pipelines.spot_outputs import MatchOutput, is_folder
from spotkick.pipelines.spot_workers import (
    SpottingRequest,
    claim_folder,
    open_networks,
    spot_in_processes,
)
from spotkick.reporter import Reporter


@dataclass(frozen=True, slots=True)
class SpottingResult:
    """What a request came to.

    Attributes:
        summary: of what was spotted; None when nothing was left to spot.
        already_there: matches that were left out, as their results were there.
        results: the file of a single match, or where all results are.
        matches: those that have results now.
    """

    summary: SpottingSummary | None
    already_there: int
    results: Path
    matches: tuple[str, ...]

    def describe(self) -> str:
        """One line for people."""
        kept = f", {self.already_there} already there" if self.already_there else ""
        if self.summary is None:
            return f"nothing left to spot{kept}: {self.results}"
        return f"{speed_line(self.summary)}{kept}; results: {self.results}"


def run_request(
    request: SpottingRequest,
    checkpoint: Checkpoint,
    *,
    workers: int,
    resume: bool,
    reporter: Reporter,
) -> SpottingResult:
    """Spot what a request asks for.

    Args:
        request: what to spot with, and where results go.
        checkpoint: the one that the request names.
        workers: processes.
        resume: leave out matches whose results are there.
        reporter: shows what was decided about files, and how far the work is.

    Raises:
        InputError: if there is nothing to spot, or no match could be spotted.
        ConfigError: if the output cannot hold what is asked for.
        StorageError: if a result cannot be written.
    """
    jobs = jobs_for(request.inputs, checkpoint, request.options)
    wanted = _choose_jobs(request, jobs, workers=workers, resume=resume)
    kept = len(jobs) - len(wanted)
    if not wanted:
        return SpottingResult(None, kept, request.out, tuple(job.match for job in jobs))

    # What a reader of the folders would not guess is said before hours of work.
    for note in (note for job in wanted for note in job.notes):
        reporter.line(note)
    if workers > 1:
        names = [job.match for job in wanted]
        summary = spot_in_processes(
            request, names, workers=min(workers, len(names)), reporter=reporter
        )
    else:
        network, further = open_networks(request, checkpoint)
        summary = run_spotting(
            wanted,
            network,
            checkpoint,
            request.out,
            decoding=request.decoding,
            keep_scores=request.keep_scores,
            reporter=reporter,
            further=further,
            classes=request.classes,
        )
    results = request.out
    if len(jobs) == 1 and is_folder(request.out):
        results = MatchOutput.of_match(request.out, jobs[0].match).results
    done = tuple(job.match for job in jobs if job.match not in summary.failed)
    return SpottingResult(summary, kept, results, done)


def _choose_jobs(
    request: SpottingRequest, jobs: list[SpottingJob], *, workers: int, resume: bool
) -> list[SpottingJob]:
    """The matches that are to be spotted; the output is claimed for them."""
    out = request.out
    if is_folder(out):
        names = set(claim_folder(request, jobs, resume=resume))
        return [job for job in jobs if job.match in names]
    if workers > 1 or resume:
        raise ConfigError(f"--workers and --resume need a folder as --out, got '{out}'")
    if out.suffix == ".json" and len(jobs) > 1:
        raise ConfigError(
            f"--out {out} is for one match, and here are {len(jobs)}; give a folder or a .zip"
        )
    return jobs
