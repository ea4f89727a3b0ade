"""What the paths on a command line mean: features, videos, match folders, splits. No torch."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from spotkick.checkpoint import Checkpoint
from spotkick.errors import InputError, SpotkickError
from spotkick.pipelines.job_finder import JobFinder
from spotkick.pipelines.spot_jobs import InputOptions, SpottingJob, load_silently
from spotkick.reporter import Reporter

__all__ = ["InputOptions", "SpottingJob", "jobs_for", "load_silently"]


def jobs_for(
    inputs: Sequence[Path], checkpoint: Checkpoint, options: InputOptions | None = None
) -> list[SpottingJob]:
    """Find out what the given paths mean.

    Of several paths, one that cannot be used becomes a job that fails, so that the others are
    spotted.

    Args:
        inputs: feature files, videos, match folders with features or videos, folders of such
            folders or of recordings, or split files; transcripts and sound files for checkpoints
            that read commentary.
        checkpoint: decides which features are read, and how they are made from video.
        options: what the paths do not say.

    Raises:
        InputError: if a match comes twice, there is nothing to spot, or the only path is none of
            these.
    """
    options = options or InputOptions()
    finder = JobFinder(checkpoint, options)

    # Splits first: their matches lie below --data.
    splits = [str(path) for path in inputs if finder.is_split(path)]
    names = [*splits, *([options.split] if options.split is not None else [])]
    paths = [path for path in inputs if str(path) not in splits]
    jobs = [job for name in names for job in finder.read_split(name)]
    for path in paths:
        try:
            jobs += finder.read_path(path)
        except SpotkickError as error:
            if len(names) + len(paths) == 1:
                raise
            jobs.append(_failing_job(path, error))
    if not jobs:
        raise InputError(
            "there is nothing to spot: give a video, a feature file, a match folder, "
            "or --split with --data"
        )
    return _name_apart(jobs)


def _failing_job(path: Path, error: SpotkickError) -> SpottingJob:
    reason = str(error)

    def fail(reporter: Reporter) -> NoReturn:
        del reporter
        raise InputError(reason)

    return SpottingJob(str(path), fail)


def _name_apart(jobs: Sequence[SpottingJob]) -> list[SpottingJob]:
    """Give files of one name in different folders the names of their folders too.

    Raises:
        InputError: if two jobs would write the same results.
    """
    counts = Counter(job.match for job in jobs)
    named = []
    for job in jobs:
        file = next((span.file for spans in job.files.values() for span in spans), None)
        alone = counts[job.match] > 1 and file is not None and file.stem == job.match
        parent = file.absolute().parent.name if alone and file is not None else ""
        named.append(replace(job, match=f"{parent}/{job.match}") if parent else job)
    repeated = [name for name, count in Counter(job.match for job in named).items() if count > 1]
    if repeated:
        raise InputError(
            f"match '{repeated[0]}' is given twice, and its results would overwrite each other"
        )
    return named
