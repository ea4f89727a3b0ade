"""A small season: two halves of numbered frames, labels, predictions and known scores."""

import math
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NoReturn

import av
import numpy as np
import pytest
import uvicorn
from fastapi.testclient import TestClient

from spotkick.actions import Action, MatchActions, Visibility
from spotkick.datasets.period_video import PeriodVideo
from spotkick.formats.label_tree import write_label_tree
from spotkick.formats.results import write_results
from spotkick.formats.scores import MatchScores, write_scores
from spotkick.viewer.app import create_app
from spotkick.viewer.jobs import Made
from spotkick.viewer.match_store import Library
from spotkick.viewer.reels import Reel, ReelClip, ReelMaker
from spotkick.viewer.security import AccessRules

PORT = 8765
ORIGIN = f"http://127.0.0.1:{PORT}"
FIRST = "league/2025-2026/2026-01-10 - 15-00 Northport 2 - 1 Eastvale"
SECOND = "league/2025-2026/2026-01-17 - 18-30 Westmoor 0 - 0 Southgate"
RATE = 10
SECONDS = 20
CLASSES = ("Goal", "Corner", "Foul")

LABELS = (
    Action("Goal", 1, 5000, team="home", visibility=Visibility.VISIBLE),
    Action("Corner", 1, 9000, team="away", visibility=Visibility.NOT_SHOWN),
    Action("Foul", 1, 14000, team="home", visibility=Visibility.VISIBLE),
    Action("Goal", 2, 6000, team="away", visibility=Visibility.VISIBLE),
)
PREDICTIONS = (
    Action("Goal", 1, 5400, 0.95),  # correct
    Action("Goal", 1, 6100, 0.70),  # duplicate of it
    Action("Foul", 1, 9200, 0.66),  # wrong class: a corner
    Action("Foul", 1, 17500, 0.80),  # late: the foul at 14 s, more than 2.5 s away
    Action("Corner", 2, 15000, 0.55),  # false
    Action("Goal", 2, 6100, 0.30),  # below a threshold of 0.5
)


def write_video(path: Path, *, seconds: int = SECONDS, level: int = 0) -> None:
    """Pictures whose brightness tells their number: (3 * frame + level) % 200 + 20."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx264", rate=RATE, options={"preset": "ultrafast", "g": "20"}
        )
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        for frame in range(seconds * RATE):
            picture = np.full((90, 160, 3), (3 * frame + level) % 200 + 20, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def scores_of(match: str) -> MatchScores:
    """A triangle of the height of the confidence around each prediction."""
    times = np.arange(2 * SECONDS) / 2
    periods = {}
    for period in (1, 2):
        values = np.zeros((len(times), len(CLASSES)), np.float32)
        for action in PREDICTIONS:
            if action.period == period:
                height = (action.confidence or 0) * np.clip(
                    1 - np.abs(times - action.position_s) / 3, 0, 1
                )
                column = CLASSES.index(action.label)
                values[:, column] = np.maximum(values[:, column], height)
        periods[period] = values
    return MatchScores(match, CLASSES, Fraction(2), periods)


@dataclass(frozen=True)
class Season:
    """Folders of a data set and of predictions for it."""

    labels: Path
    predictions: Path
    edits: Path
    first: str = FIRST
    actions: tuple[Action, ...] = LABELS

    @property
    def paths(self) -> list[Path]:
        return [self.labels, self.predictions]


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Copies and summaries of tests are kept in a folder of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def halves(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("halves")
    for period in (1, 2):
        write_video(folder / f"{period}_90p.mp4", level=60 * (period - 1))
    return folder / "1_90p.mp4", folder / "2_90p.mp4"


@pytest.fixture
def season(tmp_path: Path, halves: tuple[Path, Path]) -> Season:
    season = Season(tmp_path / "data", tmp_path / "out", tmp_path / "edits")
    write_label_tree(season.labels, [MatchActions(FIRST, LABELS), MatchActions(SECOND, LABELS[:2])])
    write_results(season.predictions, [MatchActions(FIRST, PREDICTIONS)])
    write_scores(season.predictions / FIRST / "scores.npz", scores_of(FIRST))
    for half in halves:
        (season.labels / FIRST / half.name).write_bytes(half.read_bytes())
    return season


@pytest.fixture
def library(season: Season) -> Library:
    return Library(season.paths, edits=season.edits)


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    with TestClient(
        create_app(library, AccessRules(PORT)), base_url=ORIGIN, headers={"origin": ORIGIN}
    ) as client:
        yield client


@pytest.fixture
def key(client: TestClient) -> str:
    return str(client.get("/api/matches").json()["matches"][0]["key"])


def _confidence_of(action: Action) -> float:
    """What a person has confirmed has none, and counts in full."""
    return 1.0 if action.confidence is None else action.confidence


class QuickReelMaker:
    """Proposes up to four seconds around each action, without overlap; writes small text files."""

    finds_shots = True

    def propose(
        self,
        actions: MatchActions,
        rejected: Sequence[Action],
        scores: MatchScores | None,
        videos: Mapping[int, PeriodVideo],
        duration_s: float,
    ) -> Sequence[ReelClip]:
        del rejected, scores, videos
        ranked = sorted(actions.actions, key=lambda action: -_confidence_of(action))
        clips: list[ReelClip] = []
        left = duration_s
        for action in ranked:
            others = [
                clip.end_s
                for clip in clips
                if clip.period == action.period and clip.start_s <= action.position_s
            ]
            start_s = max(
                0.0,
                action.position_s - 2,
                *(end_s for end_s in others if end_s > action.position_s - 2),
            )
            later = [
                clip.start_s
                for clip in clips
                if clip.period == action.period and clip.start_s > action.position_s
            ]
            length = min(action.position_s + 2, *later, math.inf) - start_s
            if length <= 0:  # the clip of a neighbour shows it
                continue
            chosen = length <= left
            left -= length if chosen else 0
            reason = f"confidence {_confidence_of(action):.2f}"
            clips.append(
                ReelClip(
                    action.period,
                    start_s,
                    start_s + length,
                    action.label,
                    reason,
                    _confidence_of(action),
                    chosen,
                )
            )
        return sorted(clips, key=lambda clip: (clip.period, clip.start_s))

    draws_captions = True

    def plan(self, reel: Reel, progress: Callable[[float], object]) -> Sequence[ReelClip]:
        progress(1.0)
        return reel.clips

    def render(self, reel: Reel, folder: Path, progress: Callable[[float], None]) -> Made:
        steps = 10 if len(reel.clips) < 5 else 1000  # long enough to be cancelled anywhere
        for step in range(steps):
            progress(step / steps)
            time.sleep(0.1)
        path = folder / "reel.mp4"
        path.write_bytes(b"a reel of " + str(len(reel.clips)).encode())
        return Made([path, *self.edit_lists(reel, folder, progress).files])

    def edit_lists(self, reel: Reel, folder: Path, progress: Callable[[float], None]) -> Made:
        del progress
        paths = [folder / "reel.edl", folder / "reel.otio"]
        lines = [
            f"{clip.period} {clip.start_s} {clip.end_s} {clip.name or clip.label}"
            for clip in reel.clips
        ]
        for path in paths:
            path.write_text("\n".join(lines))
        return Made(paths, "a note")

    def shot_changes(
        self, video: PeriodVideo, progress: Callable[[float], None]
    ) -> Sequence[float]:
        for step in range(5):
            progress(step / 5)
            time.sleep(0.1)
        return [video.duration_s / 4, video.duration_s / 2]


@contextmanager
def serving(library: Library, port: int = 0, maker: ReelMaker | None = None) -> Iterator[str]:
    """Serve until the block ends; gives the address."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    port = listener.getsockname()[1]
    app = create_app(library, AccessRules(port), maker or QuickReelMaker())
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="error", ws="none", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@pytest.fixture(scope="session")
def serve() -> Callable[..., AbstractContextManager[str]]:
    """``with serve(library) as address``: a running server with highlights."""
    return serving


@pytest.fixture(scope="session")
def missing() -> Callable[[str], NoReturn]:
    """Skip for the reason given; fail in continuous integration, where everything exists."""

    def report(reason: str) -> NoReturn:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)

    return report
