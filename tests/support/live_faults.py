"""An hour of faults for a live run, and what it must find in spite of them."""

import os
import random
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from spotkick.errors import InputError
from spotkick.live.journal import Journal
from spotkick.live.sampling import LiveSampler
from spotkick.pipelines.live import standing_actions
from support.live_networks import RATE, describe, spot_whole
from support.live_runs import NETWORK, SETUP, grey_features, make_run
from support.streams import RATE as FRAME_RATE
from support.streams import draw_grey, write_stream

TICK_S = Fraction(1, 90_000)
STREAM_FILE = "stream.ts"

Found = list[tuple[str, int]]


@dataclass(frozen=True)
class Connection:
    """What arrives between two losses of the signal.

    Attributes:
        first: number of its first frame.
        frames: how many.
        clock_s: of its first frame, on the clock of the stream.
        waited_s: how long nothing arrived before it.
    """

    first: int
    frames: int
    clock_s: Fraction
    waited_s: int


def plan_connections(seconds: float, rng: random.Random) -> list[Connection]:
    """Connections that go on, repeat what was sent, or start with another clock."""
    number, clock_s = 0, Fraction(0)
    planned: list[Connection] = []
    while number < seconds * FRAME_RATE:
        frames = rng.randint(20, 90) * FRAME_RATE
        waited_s = rng.randint(1, 40) if planned else 0
        kind = rng.choice(["lost", "repeats", "leaps"]) if planned else "first"
        if kind == "lost":
            number += waited_s * FRAME_RATE
            clock_s += waited_s
        elif kind == "repeats":
            number -= 5 * FRAME_RATE
            clock_s -= 5
        elif kind == "leaps":
            clock_s = Fraction(rng.randint(0, 80_000))  # clocks of 33 bits end at 95,443 s
        planned.append(Connection(number, frames, clock_s, waited_s))
        number, clock_s = number + frames, clock_s + Fraction(frames, FRAME_RATE)
    return planned


def expected_actions(connections: Sequence[Connection]) -> Found:
    """What spotting everything that arrived gives, by a plain calculation of the times."""
    sampler: LiveSampler[int] = LiveSampler(RATE)
    samples: list[int] = []
    step_s = Fraction(1, FRAME_RATE)
    last_s, offset_s = -step_s, Fraction(0)
    for number, connection in enumerate(connections):
        begins_s = connection.clock_s + offset_s
        if number and not -60 <= begins_s - last_s <= 10 + connection.waited_s:
            begins_s = last_s + connection.waited_s + Fraction(1, 25)
            offset_s = begins_s - connection.clock_s
        for frame in range(connection.frames):
            shown_s = begins_s + frame * step_s
            if shown_s > last_s:
                last_s = shown_s
                samples += [n for _, n in sampler.add(connection.first + frame, shown_s, TICK_S)]
    samples += [n for _, n in sampler.finish(last_s + step_s)]
    return find_in(samples)


def find_in(numbers: Sequence[int]) -> Found:
    """Actions of samples that show frames of some numbers."""
    grey = np.array([float(draw_grey(number)[0, 0, 0]) for number in numbers])
    return [row[:2] for row in spot_whole(NETWORK, SETUP, grey_features(grey))]


class FaultPlayer:
    """Opens one connection after the other; its clock stands for the time that passes."""

    def __init__(self, folder: Path, connections: Sequence[Connection]) -> None:
        """Write the connections as files."""
        self.folder, self.waiting = folder, list(enumerate(connections))
        self.now_s = 0.0

    def __call__(self, *_: object, **__: object) -> Any:
        import av

        if not self.waiting:
            self.now_s += 1_000
            raise InputError("stream: cannot be opened (gone)")
        number, connection = self.waiting.pop(0)
        path = self.folder / f"{number}.ts"
        write_stream(
            path,
            connection.frames / FRAME_RATE,
            first=connection.first,
            start_s=float(connection.clock_s),
        )
        self.now_s += connection.waited_s
        return av.open(str(path))

    def wall(self) -> float:
        """Seconds that have passed in waiting."""
        return self.now_s


def standing_in(out: Path) -> Found:
    """Actions that stand in the journal of a run."""
    return [row[:2] for row in describe(standing_actions(Journal(out / "events.jsonl").events()))]


def run_faults(folder: Path, seconds: float, rng: random.Random) -> tuple[Found, Found]:
    """What a run through faults has found, and what it must find."""
    connections = plan_connections(seconds, rng)
    player = FaultPlayer(folder, connections)
    make_run(folder / "out", player, wall=player.wall, give_up_s=500.0).run()
    return standing_in(folder / "out"), expected_actions(connections)


def run_child(folder: Path, lifetime_s: float) -> None:
    """A run of a file that goes on with what its folder holds, until it is killed.

    Args:
        folder: of the file and of the run.
        lifetime_s: processor time after which the process kills itself, wherever it is.
    """
    import av

    def kill_in_time() -> None:
        while time.process_time() < lifetime_s:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=kill_in_time, daemon=True).start()
    path = folder / STREAM_FILE
    make_run(folder / "out", lambda *_, **__: av.open(str(path)), is_live=False).run()
    (folder / "done").touch()


def run_kills(
    folder: Path, seconds: float, rng: random.Random, child: Sequence[str]
) -> tuple[Found, Found, int, int]:
    """What runs that were killed have found, what a whole one finds, kills, and doubled ids."""
    write_stream(folder / STREAM_FILE, seconds)
    kills = 0
    while not (folder / "done").exists():
        # Each run reads the file from its start: later ones need longer to come further.
        lifetime_s = rng.uniform(1.5, 4.0) * (1 + kills / 4)
        kills += subprocess.run([*child, str(folder), str(lifetime_s)], check=False).returncode < 0
    events = list(Journal(folder / "out" / "events.jsonl").events())
    published = [event.id for event in events if event.kind == "publish"]
    numbers = range(0, round(seconds * FRAME_RATE), FRAME_RATE // int(RATE))
    doubled = len(published) - len(set(published))
    return standing_in(folder / "out"), find_in(list(numbers)), kills, doubled


def compare_faults(folder: Path, seconds: float, rng: random.Random, child: Sequence[str]) -> str:
    """Lines for people about both."""
    with (
        tempfile.TemporaryDirectory(dir=folder) as place,
        mock.patch("spotkick.live.reading.BACK_OFF_S", (0.0,)),
    ):
        found, expected = run_faults(Path(place), seconds, rng)
    lines = [describe_difference("lost signal, repeats, leaps", found, expected)]
    with tempfile.TemporaryDirectory(dir=folder) as place:
        found, expected, kills, doubled = run_kills(Path(place), seconds, rng, child)
    lines.append(describe_difference(f"{kills} kills", found, expected))
    lines.append(f"ids published twice: {doubled}")
    return "\n".join(lines)


def describe_difference(name: str, found: Found, expected: Found) -> str:
    """One line: how many actions, and which are lost or too many."""
    lost = [row for row in expected if row not in found]
    extra = [row for row in found if row not in expected]
    doubled = len(found) - len(set(found))
    return (
        f"{name}: {len(found)} actions, {len(expected)} expected, {len(lost)} lost, "
        f"{len(extra)} too many, {doubled} doubled"
    )
