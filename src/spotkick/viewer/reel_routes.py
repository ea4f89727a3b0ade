"""Routes of highlights: proposals, rendering in the background, results."""

from dataclasses import dataclass, replace
from typing import Final

from fastapi import APIRouter
from fastapi.responses import FileResponse, JSONResponse, Response

from spotkick.errors import InputError
from spotkick.viewer.jobs import Job, JobRunner
from spotkick.viewer.match_store import Library
from spotkick.viewer.reel_requests import (
    ProposalRequest,
    ReelRequest,
    SeveralReelRequest,
    checked_clips,
    checked_reel,
)
from spotkick.viewer.reels import Reel, ReelMaker, ReelSource
from spotkick.viewer.responses import NEVER_STORE, NotHereError, require_files
from spotkick.viewer.reviewed_labels import rejected_actions, spotted_actions

SEVERAL: Final = "several"
"""Stands for the key of a match in jobs about several matches; no match has this key."""


@dataclass(frozen=True)
class _ReelDesk:
    """Makes reels of what the browser asks for, and has them planned or written."""

    library: Library
    jobs: JobRunner
    maker: ReelMaker | None

    def require_maker(self) -> ReelMaker:
        if self.maker is None:
            raise InputError("this server was started without highlights")
        return self.maker

    def open_source(self, key: str) -> ReelSource:
        match = self.library.match(require_files(self.library, key))
        return ReelSource(match.name, match.videos)

    def make_reel(self, key: str, request: ReelRequest) -> Reel:
        """A reel of one match."""
        source = self.open_source(key)
        clips = checked_clips(request.clips, source, match=key, keep_order=request.keep_order)
        return Reel(source.name, clips, {key: source}, tuple(request.captions))

    def make_reel_of_several(self, request: SeveralReelRequest) -> Reel:
        """A reel of several matches."""
        sources = {key: self.open_source(key) for key in {clip.match for clip in request.clips}}
        reel = checked_reel(request.clips, sources)
        return replace(reel, captions=tuple(request.captions))

    def plan(self, reel: Reel) -> Response:
        """The clips as they would be cut."""
        planned = self.require_maker().plan(reel, float)
        return JSONResponse({"clips": [clip.document() for clip in planned]}, headers=NEVER_STORE)

    def start(self, reel: Reel, key: str, *, video: bool) -> Response:
        """Begin the job that writes the reel, or its lists alone."""
        tool = self.require_maker()
        write = tool.render if video else tool.edit_lists
        job = self.jobs.start(
            lambda folder, progress: write(reel, folder, progress),
            "reel" if video else "lists",
            key,
        )
        return JSONResponse(job.document(), 202, headers=NEVER_STORE)


def reel_routes(library: Library, jobs: JobRunner, maker: ReelMaker | None) -> APIRouter:
    """Routes that propose the clips of a match and start the rendering."""
    router = APIRouter(prefix="/api")
    desk = _ReelDesk(library, jobs, maker)

    @router.get("/abilities")
    def abilities() -> Response:
        return JSONResponse(
            {
                "reels": maker is not None,
                "shots": maker is not None and maker.finds_shots,
                "captions": maker is not None and maker.draws_captions,
                "session": library.identity,
                "matches": len(library.keys),
            }
        )

    @router.post("/matches/{key}/clips")
    def propose(key: str, request: ProposalRequest) -> Response:
        files = require_files(library, key)
        match = library.match(files)

        # Spots as reviewed: rejected ones are not proposed again.
        states = library.journal(files).states()
        actions = spotted_actions(match, states, request.undecided_from, request.thresholds)
        rejected = rejected_actions(match, states)

        clips = desk.require_maker().propose(
            actions, rejected, match.scores, match.videos, request.duration_s
        )
        return JSONResponse({"clips": [clip.document() for clip in clips]}, headers=NEVER_STORE)

    @router.post("/matches/{key}/plan")
    def plan(key: str, request: ReelRequest) -> Response:
        return desk.plan(desk.make_reel(key, request))

    @router.post("/matches/{key}/reel")
    def render(key: str, request: ReelRequest) -> Response:
        return desk.start(desk.make_reel(key, request), key, video=request.video)

    return router


def several_reel_routes(library: Library, jobs: JobRunner, maker: ReelMaker | None) -> APIRouter:
    """The same for clips of several matches."""
    router = APIRouter(prefix="/api/reel")
    desk = _ReelDesk(library, jobs, maker)

    @router.post("/plan")
    def plan(request: SeveralReelRequest) -> Response:
        return desk.plan(desk.make_reel_of_several(request))

    @router.post("")
    def render(request: SeveralReelRequest) -> Response:
        return desk.start(desk.make_reel_of_several(request), SEVERAL, video=request.video)

    @router.get("/jobs")
    def jobs_of_several() -> Response:
        found = [job.document() for job in jobs.of(SEVERAL)]
        return JSONResponse({"jobs": found}, headers=NEVER_STORE)

    return router


def job_routes(library: Library, jobs: JobRunner) -> APIRouter:
    """Routes that watch and cancel a job, and give out its results."""
    router = APIRouter(prefix="/api")

    @router.get("/matches/{key}/jobs")
    def jobs_of(key: str) -> Response:
        require_files(library, key)
        return JSONResponse({"jobs": [job.document() for job in jobs.of(key)]}, headers=NEVER_STORE)

    @router.get("/jobs/{key}")
    def progress(key: str) -> Response:
        job = _require_job(jobs, key)
        return JSONResponse(job.document(), headers=NEVER_STORE)

    @router.delete("/jobs/{key}")
    def cancel(key: str) -> Response:
        job = _require_job(jobs, key)
        job.cancelled.set()
        return JSONResponse(job.document(), headers=NEVER_STORE)

    @router.get("/jobs/{key}/files/{number}")
    def result(key: str, number: int) -> Response:
        job = _require_job(jobs, key)
        if not 0 <= number < len(job.files):
            raise NotHereError("there is no such file")
        path = job.files[number]
        return FileResponse(path, filename=path.name, headers=NEVER_STORE)

    return router


def _require_job(jobs: JobRunner, key: str) -> Job:
    job = jobs.get(key)
    if job is None:
        raise NotHereError("there is no such job")
    return job
