"""Routes of highlights: proposals, rendering in the background, results."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import FileResponse, JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from spotkick.errors import InputError
from spotkick.viewer.edits import LONGEST_LABEL
from spotkick.viewer.jobs import Job, JobRunner
from spotkick.viewer.match_store import Library
from spotkick.viewer.reels import ClipRequest, ReelMaker, checked_clips
from spotkick.viewer.responses import NEVER_STORE, NotHereError, require_files
from spotkick.viewer.reviewed_labels import rejected_actions, spotted_actions


class ProposalRequest(BaseModel):
    """Longest duration of the reel, and least confidence of undecided spots."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    duration_s: Annotated[float, Field(gt=0, le=36_000, allow_inf_nan=False)]
    undecided_from: Annotated[float, Field(ge=0, le=1)] = 0.5
    thresholds: Annotated[
        dict[Annotated[str, Field(max_length=LONGEST_LABEL)], Annotated[float, Field(ge=0, le=1)]],
        Field(max_length=2000),
    ] = Field(default_factory=dict)


class ReelRequest(BaseModel):
    """Clips to render, or to list only; in order of time unless the order is to be kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keep_order: bool = False

    clips: Annotated[list[ClipRequest], Field(max_length=2000)]
    video: bool = True


def reel_routes(library: Library, jobs: JobRunner, maker: ReelMaker | None) -> APIRouter:
    """Routes that propose clips and start the rendering."""
    router = APIRouter(prefix="/api")

    def require_maker() -> ReelMaker:
        if maker is None:
            raise InputError("this server was started without highlights")
        return maker

    @router.get("/abilities")
    def abilities() -> Response:
        return JSONResponse(
            {"reels": maker is not None, "shots": maker is not None and maker.finds_shots}
        )

    @router.post("/matches/{key}/clips")
    def propose(key: str, request: ProposalRequest) -> Response:
        files = require_files(library, key)
        match = library.match(files)

        # Spots as reviewed: rejected ones are not proposed again.
        states = library.journal(files).states()
        actions = spotted_actions(match, states, request.undecided_from, request.thresholds)
        rejected = rejected_actions(match, states)

        clips = require_maker().propose(
            actions, rejected, match.scores, match.videos, request.duration_s
        )
        return JSONResponse({"clips": [clip.document() for clip in clips]}, headers=NEVER_STORE)

    @router.post("/matches/{key}/plan")
    def plan(key: str, request: ReelRequest) -> Response:
        match = library.match(require_files(library, key))
        clips = checked_clips(request.clips, match.videos, keep_order=request.keep_order)
        planned = require_maker().plan(clips, match.videos, float)
        return JSONResponse({"clips": [clip.document() for clip in planned]}, headers=NEVER_STORE)

    @router.post("/matches/{key}/reel")
    def render(key: str, request: ReelRequest) -> Response:
        match = library.match(require_files(library, key))
        clips = checked_clips(request.clips, match.videos, keep_order=request.keep_order)
        tool = require_maker()

        if request.video:
            job = jobs.start(
                lambda folder, progress: tool.render(
                    match.name, clips, match.videos, folder, progress
                ),
                "reel",
                key,
            )
        else:
            job = jobs.start(
                lambda folder, progress: tool.edit_lists(
                    match.name, clips, match.videos, folder, progress
                ),
                "lists",
                key,
            )
        return JSONResponse(job.document(), 202, headers=NEVER_STORE)

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
