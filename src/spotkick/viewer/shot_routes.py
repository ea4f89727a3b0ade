"""Routes of shot changes: finding them in the background, and reading what was found."""

from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from spotkick.datasets.period_video import PeriodVideo
from spotkick.errors import InputError
from spotkick.viewer.jobs import JobRunner, Made, Work
from spotkick.viewer.match_files import MatchFiles
from spotkick.viewer.match_store import Library
from spotkick.viewer.reels import ReelMaker
from spotkick.viewer.responses import NEVER_STORE, require_files


def shot_routes(library: Library, jobs: JobRunner, maker: ReelMaker | None) -> APIRouter:
    """Routes that find and give out shot changes."""
    router = APIRouter(prefix="/api")

    @router.post("/matches/{key}/shots")
    def find(key: str) -> Response:
        files = require_files(library, key)
        if maker is None or not maker.finds_shots:
            raise InputError(
                "finding shot changes needs the package 'scenedetect': pip install "
                "'spotkick[highlights]'"
            )
        if not library.match(files).videos:
            raise InputError("this match has no video to find shot changes in")
        return JSONResponse(
            jobs.start(_make_search(library, files, maker), "shots", key).document(),
            202,
            headers=NEVER_STORE,
        )

    @router.get("/matches/{key}/shots")
    def found(key: str) -> Response:
        shots = library.shots(require_files(library, key))
        return JSONResponse(
            {"shots": {str(period): list(times) for period, times in shots.items()}},
            headers=NEVER_STORE,
        )

    return router


def _make_search(library: Library, files: MatchFiles, maker: ReelMaker) -> Work:
    def work(_: Path, progress: Callable[[float], None]) -> Made:
        videos = library.match(files).videos
        lengths_s = {period: _measure_video(video) for period, video in videos.items()}
        length_s = sum(lengths_s.values()) or 1.0
        before_s, found = 0.0, {}
        for period, video in videos.items():
            found[period] = maker.shot_changes(
                video, _report_part(progress, before_s / length_s, lengths_s[period] / length_s)
            )
            before_s += lengths_s[period]
        library.keep_shots(files, found)
        return Made()

    return work


def _measure_video(video: PeriodVideo) -> float:
    """Seconds that are searched: a file may begin after the kick-off."""
    return video.duration_s - video.begin_s


def _report_part(
    progress: Callable[[float], None], before: float, share: float
) -> Callable[[float], None]:
    """Progress of one video as progress of all."""
    return lambda done: progress(before + share * done)
