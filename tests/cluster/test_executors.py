"""Items in this process and in several: outcomes, failures, and processes that die."""

from pathlib import Path

import pytest

from spotkick.cluster.executors import Executor, ProcessExecutor, SerialExecutor
from spotkick.cluster.running import DIED, run_work
from spotkick.cluster.work import Outcome, Work, WorkItem, run_in_worker
from spotkick.errors import InputError
from spotkick.reporter import SilentReporter
from spotkick.version import VERSION
from support.cluster_items import OpenDiary, count_begun


def do(executor: Executor, work: Work[str], items: list[WorkItem]) -> dict[str, Outcome[str]]:
    outcomes = list(run_work(executor, work, items, SilentReporter()))
    assert len({outcome.item for outcome in outcomes}) == len(outcomes)
    return {outcome.item: outcome for outcome in outcomes}


def test_executors_of_one_and_more_processes_agree(tmp_path: Path) -> None:
    items = [WorkItem("a"), WorkItem("b", "fail"), WorkItem("c")]
    found = []
    for executor in (SerialExecutor(), ProcessExecutor(2)):
        done = do(executor, Work("try", OpenDiary(tmp_path)), items)
        found.append({name: (one.state, one.result, one.error) for name, one in done.items()})
    expected = {
        "a": ("done", "A", ""),
        "b": ("failed", None, "b is damaged"),
        "c": ("done", "C", ""),
    }
    assert found == [expected, expected]
    assert count_begun(tmp_path) == {"a": 2, "b": 2, "c": 2}


@pytest.mark.parametrize("deadly", [{1}, {0, 3}])
def test_process_executor_task_that_kills_its_process_is_named(
    tmp_path: Path, deadly: set[int]
) -> None:
    items = [WorkItem(name, "die" if i in deadly else None) for i, name in enumerate("abcd")]
    done = do(ProcessExecutor(2), Work("try", OpenDiary(tmp_path)), items)
    for index, name in enumerate("abcd"):
        assert done[name].state == ("failed" if index in deadly else "done")
        assert done[name].error == (DIED if index in deadly else "")
    begun = count_begun(tmp_path)
    assert all(begun["abcd"[index]] <= 3 for index in deadly)


@pytest.mark.parametrize("executor", [SerialExecutor(), ProcessExecutor(2)])
def test_run_work_what_cannot_be_opened_is_raised(executor: Executor, tmp_path: Path) -> None:
    work = Work("try", OpenDiary(tmp_path, fails=True))
    with pytest.raises(InputError, match="nothing to open"):
        do(executor, work, [WorkItem("a"), WorkItem("b")])


def test_run_work_result_with_a_problem_counts_as_failed(tmp_path: Path) -> None:
    work = Work("try", OpenDiary(tmp_path), find_problem=lambda result: f"{result}?")
    outcome = do(SerialExecutor(), work, [WorkItem("a")])["a"]
    assert (outcome.state, outcome.result, outcome.error) == ("failed", "A", "A?")


def test_run_in_worker_other_version_is_refused(tmp_path: Path) -> None:
    work = Work("try", OpenDiary(tmp_path))
    outcome = run_in_worker(work, WorkItem("a"), "0.0.0")
    assert (outcome.state, outcome.opening) == ("failed", True)
    assert "a worker runs spotkick" in outcome.error
    assert run_in_worker(work, WorkItem("a"), VERSION).state == "done"
