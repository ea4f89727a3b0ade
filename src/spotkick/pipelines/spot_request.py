"""One call of ``spotkick spot``: which matches are wanted, on which machines, into what."""

from dataclasses import dataclass, replace
from pathlib import Path

from spotkick.checkpoint import Checkpoint
from spotkick.cluster.options import ClusterOptions, open_executor
from spotkick.cluster.work import Work
from spotkick.errors import ConfigError
from spotkick.pipelines.spot import spot_all
from spotkick.pipelines.spot_inputs import SpottingJob, jobs_for
from spotkick.pipelines.spot_outputs import MatchOutput, is_folder
from spotkick.pipelines.spot_summary import SpottingSummary, speed_line
from spotkick.pipelines.spot_workers import (
    TITLE,
    OpenSpotter,
    SpottingRequest,
    claim_folder,
    open_spotter,
)
from spotkick.reporter import Reporter
from spotkick.storage import upload_results


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
    cluster: ClusterOptions | None = None,
    reporter: Reporter,
) -> SpottingResult:
    """Spot what a request asks for.

    Args:
        request: what to spot with, and where results go.
        checkpoint: the one that the request names.
        cluster: where matches are spotted, and which; all in this process unless given.
        reporter: shows what was decided about files, and how far the work is.

    Raises:
        InputError: if there is nothing to spot, or no match could be spotted.
        ConfigError: if the output cannot hold what is asked for.
        StorageError: if a result cannot be written.
        ClusterError: if machines are gone.
    """
    cluster = cluster or ClusterOptions()
    jobs = jobs_for(request.inputs, checkpoint, request.options)
    jobs, wanted = _choose_jobs(request, jobs, cluster)
    kept = len(jobs) - len(wanted)
    if not wanted:
        return SpottingResult(None, kept, request.out, tuple(job.match for job in jobs))

    # What a reader of the folders would not guess is said before hours of work.
    for note in (note for job in wanted for note in job.notes):
        reporter.line(note)
    ledger, cluster = cluster.open_ledger(request.out, TITLE), cluster.fit(len(wanted))
    threads = cluster.share_threads(request.options.threads)
    shared = replace(request, options=replace(request.options, threads=threads))
    work = Work(TITLE, OpenSpotter(shared))
    if not cluster.is_parallel:
        work = Work(TITLE, lambda _: open_spotter(request, checkpoint, wanted))

    # The stamp goes first: workers of other machines find the folder claimed.
    upload_results(request.out)
    with open_executor(cluster, reporter, threads=threads) as executor:
        summary = spot_all(
            executor,
            work,
            [job.match for job in wanted],
            request.out,
            reporter=reporter,
            ledger=ledger,
        )

    upload_results(request.out)
    results = request.out
    if len(jobs) == 1 and is_folder(request.out):
        results = MatchOutput.of_match(request.out, jobs[0].match).results
    done = tuple(job.match for job in jobs if job.match not in summary.failed)
    return SpottingResult(summary, kept, results, done)


def _choose_jobs(
    request: SpottingRequest, jobs: list[SpottingJob], cluster: ClusterOptions
) -> tuple[list[SpottingJob], list[SpottingJob]]:
    """The matches of this run, and those of them to be spotted; the output is claimed for them."""
    out = request.out
    if is_folder(out):
        part = cluster.choose(out, TITLE, [job.match for job in jobs])
        jobs = [job for job in jobs if job.match in part]
        names = set(claim_folder(request, jobs, resume=cluster.resume))
        return jobs, [job for job in jobs if job.match in names]
    if cluster.keeps_ledger:
        raise ConfigError(
            f"--workers, --cluster, --shard and --resume need a folder as --out, got '{out}'"
        )
    if out.suffix == ".json" and len(jobs) > 1:
        raise ConfigError(
            f"--out {out} is for one match, and here are {len(jobs)}; give a folder or a .zip"
        )
    return jobs, jobs
