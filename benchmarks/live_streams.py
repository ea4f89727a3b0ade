"""Measures of ``spotkick live`` in a process of its own: delays and memory; see `live.py`."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import numpy as np

from live_senders import UDP_OPTIONS, free_port, relay_with_loss, send_pipe, send_udp, serve_hls

MEMORY_EVERY_S = 10.0


def percentile(values: Sequence[float], share: float) -> float:
    """A percentile; NaN without values."""
    return float(np.percentile(values, share)) if values else float("nan")


def stream(arguments: argparse.Namespace) -> None:
    """Send a video in real time, and measure when its actions are published."""
    seconds, stop = 60 * arguments.minutes, threading.Event()
    if arguments.hls:
        address = serve_hls(arguments.video, seconds)
        time.sleep(8)
    else:
        ports = (free_port(), free_port())
        address = f"udp://127.0.0.1:{ports[1]}?{UDP_OPTIONS}"
        threading.Thread(
            target=relay_with_loss, args=(*ports, arguments.loss, stop), daemon=True
        ).start()
    out = Path(tempfile.mkdtemp(prefix="live-")) / "run"
    command = [
        sys.executable, "-m", "spotkick", "live", address, "--checkpoint", "demo",
        "--latency", str(arguments.latency), "--out", str(out), "--give-up", "8", "--stats",
    ]  # fmt: skip
    receiver = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    memory: list[float] = []
    threading.Thread(target=watch_memory, args=(receiver.pid, memory, stop), daemon=True).start()
    if not arguments.hls:
        time.sleep(8)
        threading.Thread(
            target=send_udp, args=(arguments.video, ports[0], seconds), daemon=True
        ).start()

    # When each action was published, against when its frame was sent. The receiver counts from the
    # first key frame that it got, whose time of sending is that of the event that came soonest.
    # What is published once the stream is over has waited for its end.
    delays: list[float] = []
    offsets: list[float] = []
    states: list[str] = []
    late = 0
    for line in receiver.stdout or ():
        event = json.loads(line)
        if event["event"] == "publish" and states[-1:] != ["signal-lost"]:
            late += event["late"]
            published_s = datetime.fromisoformat(event["at"]).timestamp()
            offsets.append(published_s - event["stream_s"])
            if not event["late"]:
                delays.append(published_s - event["position_ms"] / 1000)
        elif event["event"] == "status":
            states.append(event["state"])
    stop.set()
    delays = [value - min(offsets) for value in delays]
    names = ", ".join(f"{state} {states.count(state)}" for state in dict.fromkeys(states))
    print(f"{len(delays)} actions in time, {late} late; notes: {names or 'none'}")
    print(
        f"published after (s): median {percentile(delays, 50):.2f}, 95 % "
        f"{percentile(delays, 95):.2f}, worst {max(delays, default=float('nan')):.2f}"
    )
    print(describe_memory(memory))


def memory(arguments: argparse.Namespace) -> None:
    """Send hours of a stream as fast as they are read, and print the memory of each."""
    out = Path(tempfile.mkdtemp(prefix="live-")) / "run"
    command = [
        sys.executable, "-m", "spotkick", "live", "-", "--checkpoint", "demo", "--out", str(out),
        "--latency", str(arguments.latency),
    ]  # fmt: skip
    if arguments.clips:
        command += ["--clips", str(out / "clips"), "--clip-class", "Goal", "--ring-mb", "20"]
    receiver = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    seconds = 3600 * arguments.hours
    threading.Thread(
        target=send_pipe, args=(arguments.video, receiver.stdin, seconds), daemon=True
    ).start()

    # Actions come every minute of the stream.
    due_s, began_s = 0.0, time.monotonic()
    for line in receiver.stdout or ():
        stream_s = json.loads(line)["stream_s"]
        if stream_s >= due_s:
            due_s = (stream_s // arguments.every + 1) * arguments.every
            print(
                f"{stream_s / 3600:.2f} h: {read_memory(receiver.pid):.1f} MB, "
                f"{time.monotonic() - began_s:.0f} s, load {os.getloadavg()[0]:.1f}",
                flush=True,
            )


def describe_memory(found: Sequence[float]) -> str:
    """One line about the memory over a run."""
    third = max(1, len(found) // 3)
    return (
        f"memory (MB): {np.mean(found[third : 2 * third]):.0f} in the second third, "
        f"{np.mean(found[-third:]):.0f} in the last, at most {max(found, default=0):.0f}; "
        f"load {os.getloadavg()[0]:.1f}"
    )


def watch_memory(pid: int, found: list[float], stop: threading.Event) -> None:
    """Resident memory of a process in MB, now and then."""
    while not stop.wait(MEMORY_EVERY_S):
        try:
            found.append(read_memory(pid))
        except OSError:
            return


def read_memory(pid: int) -> float:
    """Resident memory of a process in MB.

    Raises:
        OSError: if there is no such process.
    """
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    row = next((line for line in lines if line.startswith("VmRSS")), "VmRSS: 0 kB")
    return int(row.split()[1]) / 1000
