"""Matches on several processes and on Dask: overhead of each, equal bytes, and what a death costs.

    PYTHONPATH=src python benchmarks/scale.py overhead [--items 1000]
    PYTHONPATH=src python benchmarks/scale.py kills [--items 200]
    PYTHONPATH=src python benchmarks/scale.py compare [--matches 30]
    PYTHONPATH=src python benchmarks/scale.py simulate [--items 10000] [--workers 16]
    PYTHONPATH=src python benchmarks/scale.py model

`overhead` does items that take no time. `kills` kills a worker, the scheduler and the client in
turn, each time goes on with what the ledger and the results leave, and counts how often each item
was begun. `compare` spots the same matches in one process, with --workers and on Dask. `simulate`
has items sleep through a real scheduler,
on workers that share one program. `model` prints the table of docs/scale.md from the costs
that are written at the head of this file.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psutil

from spotkick.checkpoint import read_checkpoint
from spotkick.cluster import work as running
from spotkick.cluster.ledger import Ledger, read_ledgers
from spotkick.cluster.options import ClusterOptions, open_executor
from spotkick.cluster.running import run_work
from spotkick.cluster.work import Run, Work, WorkItem
from spotkick.demo.run import SHIPPED
from spotkick.errors import ClusterError
from spotkick.features.tracks import write_source, write_track
from spotkick.files import write_text
from spotkick.reporter import Reporter, SilentReporter


class Stage(NamedTuple):
    """Measured cost of a match of two halves of 45 minutes.

    Attributes:
        name: command.
        core_s: processor time, in seconds of one core.
        memory_gb: peak of a process.
        read_gb: what is read of a match: its video of 398x224, its sound, its features.
    """

    name: str
    core_s: float
    memory_gb: float
    read_gb: float


STAGES = (
    Stage("clock", 5400 / 100, 1.2, 0.34),
    Stage("transcribe", 5400 / 22, 1.6, 0.09),
    Stage("features", 5400 / 64, 0.37, 0.34),
    Stage("spot", 0.5, 0.15, 0.03),
)
"""Costs as docs/scale.md states them, with their sources."""

MATCHES = 10_000
CORES = 16
STORE_GB_PER_S = 1.25
SCHEDULER_S = 0.0053


@dataclass(frozen=True)
class OpenSleeper:
    """Items that write down that they were begun, sleep, and leave a result."""

    folder: Path
    seconds: float
    keeps_results: bool = True

    def __call__(self, reporter: Reporter) -> Run[str]:
        """Nothing is opened."""
        del reporter
        return self._sleep

    def _sleep(self, item: WorkItem, reporter: Reporter) -> str:
        del reporter
        if self.keeps_results:
            (self.folder / "begun" / f"{item.name} {os.getpid()} {time.monotonic_ns()}").touch()
        time.sleep(self.seconds)
        if self.keeps_results:
            write_text(self.folder / "results" / item.name, "done")
        return item.name


def processor_s(pids: list[int] | None = None) -> float:
    """Processor time of this program and its children, or of given processes."""
    own = psutil.Process()
    processes = [own, *own.children(recursive=True)]
    processes += [psutil.Process(pid) for pid in pids or []]
    times = [process.cpu_times() for process in processes]
    return sum(each.user + each.system for each in times)


def measure_overhead(count: int) -> None:
    """Items that take no time: what is left is the way to a worker and back."""
    print(f"{count} items that take no time; two workers")
    for name in ("one process", "--workers 2", "--cluster local"):
        options = {
            "one process": ClusterOptions(),
            "--workers 2": ClusterOptions(workers=2),
            "--cluster local": ClusterOptions(workers=2, cluster="local"),
        }[name]
        work = Work("try", OpenSleeper(Path(), 0.0, keeps_results=False))
        with open_executor(options, SilentReporter()) as executor:
            list(run_work(executor, work, [WorkItem("first")], SilentReporter()))
            items = [WorkItem(f"m{number}") for number in range(count)]
            started, processor = time.perf_counter(), processor_s()
            done = list(run_work(executor, work, items, SilentReporter()))
            wall_s, used_s = time.perf_counter() - started, processor_s() - processor
        assert len(done) == count
        print(
            f"  {name}: {1000 * wall_s / count:.1f} ms each, "
            f"processor {1000 * used_s / count:.1f} ms (load {os.getloadavg()[0]:.1f} "
            f"on {os.cpu_count()} cores)",
            flush=True,
        )


def run_client(folder: Path, address: str, count: int, seconds: float) -> int:
    """One run of the command line's kind: leaves out what is done, and adds to the ledger."""
    known = read_ledgers(folder, "try")
    names = [f"m{number}" for number in range(count)]
    left = [
        WorkItem(name)
        for name in names
        if not ((folder / "results" / name).is_file() and known.get(name, None) is None)
        and (name not in known or known[name].state != "done")
    ]
    try:
        with open_executor(ClusterOptions(cluster=address), SilentReporter()) as executor:
            outcomes = run_work(
                executor,
                Work("try", OpenSleeper(folder, seconds)),
                left,
                SilentReporter(),
                ledger=Ledger.of_run(folder, "try"),
            )
            for _ in outcomes:
                pass
    except ClusterError as error:
        print(f"    client: {error}", flush=True)
        return 1
    return 0


@contextmanager
def started_programs(port: int, workers: int) -> Iterator[dict[str, list[subprocess.Popen[Any]]]]:
    """A scheduler and workers as programs of their own."""
    programs: dict[str, list[subprocess.Popen[Any]]] = {"scheduler": [], "worker": []}
    try:
        programs["scheduler"].append(start_scheduler(port))
        for _ in range(workers):
            programs["worker"].append(start_worker(port))
        yield programs
    finally:
        for program in [one for each in programs.values() for one in each]:
            program.kill()
            program.wait()


def start_scheduler(port: int) -> "subprocess.Popen[Any]":
    """A scheduler on loopback."""
    return start("dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")


def start_worker(port: int) -> "subprocess.Popen[Any]":
    """A worker of one thread."""
    options = ("--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard")
    return start("dask_worker", f"tcp://127.0.0.1:{port}", *options)


def start(program: str, *arguments: str) -> "subprocess.Popen[Any]":
    """One of Dask's programs, which finds this module as it finds spotkick."""
    command = [sys.executable, "-m", f"distributed.cli.{program}", *arguments]
    folders = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(folders)},
    )


def start_client(folder: Path, port: int, count: int, seconds: float) -> "subprocess.Popen[Any]":
    """`run_client` as a program of its own."""
    command = [sys.executable, __file__, "client", "--out", str(folder)]
    command += ["--address", f"tcp://127.0.0.1:{port}", "--items", str(count)]
    return subprocess.Popen([*command, "--seconds", str(seconds)])


def wait_for_results(folder: Path, count: int, client: "subprocess.Popen[Any]") -> None:
    """Wait until there are so many results, or the client has ended."""
    while client.poll() is None and len(list((folder / "results").iterdir())) < count:
        time.sleep(0.02)


def measure_kills(
    count: int, seconds: float, workers: int = 2, port: int = 18786
) -> dict[str, Any]:
    """Kill a worker, the scheduler and the client in turn, and go on each time.

    Returns:
        items, how many have a result, how many times an item was begun again, and the most that
        were in flight.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "results").mkdir()
        (folder / "begun").mkdir()
        with started_programs(port, workers) as programs:
            # A worker dies; the run goes on with the others, and with one that takes its place.
            client = start_client(folder, port, count, seconds)
            wait_for_results(folder, count // 8, client)
            programs["worker"].pop().kill()
            programs["worker"].append(start_worker(port))
            wait_for_results(folder, count // 4, client)

            # The scheduler dies, and the workers with it; the client ends with one line.
            for program in [*programs["scheduler"], *programs["worker"]]:
                program.send_signal(signal.SIGKILL)
                program.wait()
            code = client.wait(timeout=120)
            assert code == 1, code
            programs["scheduler"], programs["worker"] = [start_scheduler(port)], []
            for _ in range(workers):
                programs["worker"].append(start_worker(port))

            # The client dies; a new one goes on.
            client = start_client(folder, port, count, seconds)
            wait_for_results(folder, count // 2, client)
            client.send_signal(signal.SIGKILL)
            client.wait()
            assert start_client(folder, port, count, seconds).wait(timeout=600) == 0
        begun = [path.name.partition(" ")[0] for path in (folder / "begun").iterdir()]
        # A worker that is killed while it writes leaves a temporary file beside the results.
        results = sum((folder / "results" / f"m{number}").is_file() for number in range(count))
        states = {line.state for line in read_ledgers(folder, "try").values()}
    return {
        "items": count,
        "results": results,
        "states": sorted(states),
        "begun again": len(begun) - len(set(begun)),
        "at most in flight": 3 * workers * 16,
    }


def compare_executors(matches: int) -> None:
    """The same matches in one process, with --workers and on Dask; the bytes must be equal."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        write_matches(root / "data", matches)
        options: dict[str, list[str]] = {
            "one process": [],
            "--workers 2": ["--workers", "2"],
            "--cluster local": ["--workers", "2", "--cluster", "local"],
        }
        held: list[dict[str, bytes]] = []
        for label, own in options.items():
            out = root / label
            command = [sys.executable, "-m", "spotkick", "spot", str(SHIPPED), str(root / "data")]
            command += ["--out", str(out), "--threads", "1", *own]
            before, started = os.times(), time.perf_counter()
            subprocess.run(
                command, check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
            after, wall_s = os.times(), time.perf_counter() - started
            used = sum(after[2:4]) - sum(before[2:4])
            files = {
                path.relative_to(out).as_posix(): path.read_bytes()
                for path in sorted(out.rglob("results_spotting.json"))
            }
            held.append(files)
            print(
                f"  {label}: {wall_s:.1f} s, processor {used:.1f} s, {len(files)} matches"
                f" (load {os.getloadavg()[0]:.1f})",
                flush=True,
            )
        assert held[0] == held[1] == held[2]
        print(f"  results of {matches} matches: the same bytes three times")


def write_matches(root: Path, matches: int) -> None:
    """Random features of two periods of 45 minutes each."""
    source = read_checkpoint(SHIPPED).feature_source
    write_source(source, root)
    random = np.random.default_rng(1)
    frames = int(2700 * source.frame_rate)
    for number in range(matches):
        for period in (1, 2):
            values = random.random((frames, source.dim), dtype=np.float32).astype(np.float16)
            write_track(values, root / f"match {number:02d}" / f"{period}_{source.name}.npy")


def simulate(count: int, workers: int, seconds: float) -> None:
    """Sleeping items through a real scheduler, to workers that share one program.

    Scheduler, workers and client are programs of their own, so that the processor time of each is
    known; a hundred workers as programs would need the memory of ten machines.
    """
    # By its name in a module, as the work of the command line is: only that travels to workers.
    from scale import OpenSleeper as NamedSleeper

    work = Work("sleep", NamedSleeper(Path(), seconds, keeps_results=False))
    items = [WorkItem(f"m{number}") for number in range(count)]
    port = free_port()
    programs = {"scheduler": start_scheduler(port), "workers": start_farm(port, workers)}
    try:
        options = ClusterOptions(cluster=f"tcp://127.0.0.1:{port}")
        with (
            tempfile.TemporaryDirectory() as name,
            open_executor(options, SilentReporter()) as executor,
        ):
            # All workers are there, and have opened the work.
            while wait_for_workers(executor) < workers:
                time.sleep(0.1)
            list(run_work(executor, work, items[: 4 * workers], SilentReporter()))

            ledger = Ledger.of_run(Path(name), "sleep")
            before, started = times_of(programs), time.perf_counter()
            done = sum(1 for _ in run_work(executor, work, items, SilentReporter(), ledger=ledger))
            wall_s, after = time.perf_counter() - started, times_of(programs)
            memory = psutil.Process(programs["scheduler"].pid).memory_info().rss
            in_ledger = sum(
                line.state == "done" for line in read_ledgers(Path(name), "sleep").values()
            )
    finally:
        for program in programs.values():
            program.kill()
            program.wait()
    used = {name: 1000 * (after[name] - before[name]) / count for name in after}
    row = {
        "workers": workers,
        "items": count,
        "done": done,
        "in ledger": in_ledger,
        "item_s": seconds,
        "wall_s": round(wall_s, 1),
        "without overhead_s": round(count * seconds / workers, 1),
        "processor ms an item": {name: round(value, 2) for name, value in used.items()},
        "scheduler_mb": round(memory / 1e6),
        "load": round(os.getloadavg()[0], 1),
    }
    print(json.dumps(row), flush=True)


def times_of(programs: "dict[str, subprocess.Popen[Any]]") -> dict[str, float]:
    """Processor seconds of programs, and of this one, the client."""
    pids = {name: program.pid for name, program in programs.items()} | {"client": os.getpid()}
    times = {name: psutil.Process(pid).cpu_times() for name, pid in pids.items()}
    return {name: own.user + own.system for name, own in times.items()}


def wait_for_workers(executor: Any) -> int:
    """How many workers the scheduler has at the moment."""
    return len(executor._client.nthreads())  # noqa: SLF001


def start_farm(port: int, workers: int) -> "subprocess.Popen[Any]":
    """`run_farm` as a program of its own."""
    command = [sys.executable, __file__, "farm", "--address", f"tcp://127.0.0.1:{port}"]
    return subprocess.Popen([*command, "--workers", str(workers)], stderr=subprocess.DEVNULL)


async def run_farm(address: str, workers: int) -> None:
    """So many workers in one program, each with a thread and a connection of its own."""
    from distributed import Worker

    # Work of one process runs one item at a time; these stand for processes.
    running._lock = contextlib.nullcontext()  # type: ignore[assignment]  # noqa: SLF001
    async with contextlib.AsyncExitStack() as stack:
        for number in range(workers):
            worker = Worker(
                address, nthreads=1, name=number, host="127.0.0.1", dashboard=False, memory_limit=0
            )
            await stack.enter_async_context(worker)
        await asyncio.Event().wait()


def free_port() -> int:
    """A port of loopback that nothing listens on."""
    with socket.socket() as own:
        own.bind(("127.0.0.1", 0))
        return int(own.getsockname()[1])


def print_model() -> None:
    """Hours of 10,000 matches on 1, 10 and 100 machines, and what bounds them."""
    print("| stage | core s a match | GB a match | 1 machine | 10 | 100 | bound at 100 |")
    print("|---|---|---|---|---|---|---|")
    for stage in STAGES:
        cells = []
        bound = ""
        for machines in (1, 10, 100):
            bounds_s = {
                "cores": MATCHES * stage.core_s / (machines * CORES),
                "store": MATCHES * stage.read_gb / STORE_GB_PER_S,
                "scheduler": MATCHES * SCHEDULER_S,
            }
            bound = max(bounds_s, key=lambda name: bounds_s[name])
            cells.append(f"{bounds_s[bound] / 3600:.2f} h")
        sizes = f"{stage.core_s:.1f} | {stage.read_gb:g}"
        print(f"| `{stage.name}` | {sizes} | {' | '.join(cells)} | {bound} |")


def read_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "part", choices=["overhead", "kills", "compare", "simulate", "model", "client", "farm"]
    )
    parser.add_argument("--items", type=int, default=0)
    parser.add_argument("--matches", type=int, default=30)
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=0.05)
    parser.add_argument("--address", default="")
    parser.add_argument("--out", type=Path, default=Path())
    return parser.parse_args()


def main() -> int:
    """Run one part."""
    own = read_arguments()
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if own.part == "overhead":
        measure_overhead(own.items or 1000)
    elif own.part == "kills":
        print(json.dumps(measure_kills(own.items or 200, own.seconds)))
    elif own.part == "compare":
        compare_executors(own.matches)
    elif own.part == "simulate":
        simulate(own.items or 10_000, own.workers, own.seconds)
    elif own.part == "model":
        print_model()
    elif own.part == "farm":
        asyncio.run(run_farm(own.address, own.workers))
    else:
        return run_client(own.out, own.address, own.items, own.seconds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
