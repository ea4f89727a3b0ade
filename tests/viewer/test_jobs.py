"""Work in the background: progress, results, faults and cancelling."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spotkick.errors import InputError, StorageError
from spotkick.viewer.jobs import Job, JobRunner, Made


@pytest.fixture
def runner() -> Iterator[JobRunner]:
    runner = JobRunner()
    yield runner
    runner.close()


def finish(runner: JobRunner) -> None:
    assert runner._thread is not None
    runner._thread.join(20)


def test_jobs_results_are_kept_until_the_end(runner: JobRunner) -> None:
    def work(folder: Path, progress: Callable[[float], None]) -> Made:
        progress(0.5)
        (folder / "reel.mp4").write_bytes(b"12345")
        return Made([folder / "reel.mp4"], "a note")

    job = runner.start(work)
    finish(runner)
    assert job.document() == {
        "key": job.key,
        "kind": "reel",
        "state": "done",
        "progress": 1.0,
        "message": "a note",
        "files": [{"name": "reel.mp4", "size_bytes": 5}],
    }
    folder = job.folder
    runner.close()
    assert not folder.exists()


@pytest.mark.parametrize(
    ("fault", "message"),
    [(StorageError("no space"), "no space"), (RuntimeError("broken"), "RuntimeError: broken")],
)
def test_jobs_errors_reach_the_page(runner: JobRunner, fault: Exception, message: str) -> None:
    def work(folder: Path, progress: Callable[[float], None]) -> Made:
        del folder, progress
        raise fault

    job = runner.start(work)
    finish(runner)
    assert (job.state, job.message) == ("failed", message)


def test_jobs_run_one_at_a_time_and_can_be_cancelled(runner: JobRunner) -> None:
    begun = threading.Event()

    def work(folder: Path, progress: Callable[[float], None]) -> Made:
        del folder
        while True:
            progress(0.1)
            begun.set()

    job: Job = runner.start(work)
    begun.wait(20)
    with pytest.raises(InputError, match="being rendered"):
        runner.start(work, "shots")
    assert runner.of("") == [job]
    assert runner.of("another match") == []
    assert job.document()["state"] == "running"
    job.cancelled.set()
    finish(runner)
    assert job.state == "cancelled"
    assert runner.get(job.key) is job
    assert runner.get("other") is None


def test_jobs_only_latest_results_are_kept(runner: JobRunner) -> None:
    jobs = []
    for _ in range(7):
        jobs.append(runner.start(lambda _folder, _progress: Made()))
        finish(runner)
    assert [runner.get(job.key) is not None for job in jobs] == [
        False,
        False,
        True,
        True,
        True,
        True,
        True,
    ]
    assert not jobs[0].folder.exists()
