"""Spotting thousands of matches: what a process needs, and going on after an interruption.

Each process reads the checkpoint for itself and spots whole matches, so that they share nothing but
the folder of results. A match counts as done when its results are there, which are written last; a
stamp in the folder says which checkpoint and settings made them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from spotkick.actions import ActionClasses
from spotkick.checkpoint import Checkpoint, DecodingConfig, read_checkpoint
from spotkick.cluster.ledger import read_ledgers
from spotkick.cluster.work import Run, WorkItem
from spotkick.errors import InputError
from spotkick.files import read_bytes, read_json, write_json
from spotkick.pipelines.spot import network_for
from spotkick.pipelines.spot_inputs import InputOptions, SpottingJob, jobs_for
from spotkick.pipelines.spot_match import MatchSpotter, SpottedMatch
from spotkick.pipelines.spot_members import FurtherCheckpoint, open_further
from spotkick.pipelines.spot_outputs import MatchOutput
from spotkick.prediction import ChunkNetwork, SpottingSetup
from spotkick.reporter import Reporter
from spotkick.storage import attach
from spotkick.stored_checkpoint import CONFIG_FILE, resolve_checkpoint
from spotkick.tasks import plain_classes

STAMP_FILE: Final = "spotting.json"

TITLE: Final = "spot"
"""Of the work, and of its ledger."""


@dataclass(frozen=True, slots=True)
class SpottingRequest:
    """All that a process needs to spot matches on its own.

    Attributes:
        checkpoint: folder.
        inputs: as on the command line; see `spotkick.pipelines.spot_inputs.jobs_for`.
        options: what the paths do not say.
        out: folder of the results.
        decoding: how outputs become actions.
        runtime: ``onnx`` or ``torch``.
        keep_scores: write the scores of every frame too.
        further: folders of checkpoints whose scores are averaged with those of the first one.
        classes: that are asked for; the checkpoint's own when None.
        device: that networks run on; see `spotkick.devices.parse_device`.
    """

    checkpoint: Path
    inputs: tuple[Path, ...]
    options: InputOptions
    out: Path
    decoding: DecodingConfig
    runtime: str = "onnx"
    keep_scores: bool = True
    further: tuple[Path, ...] = ()
    classes: ActionClasses | None = None
    device: str = "auto"


def open_networks(
    request: SpottingRequest, checkpoint: Checkpoint
) -> tuple[ChunkNetwork, tuple[FurtherCheckpoint, ...]]:
    """The networks of a request.

    Raises:
        ConfigError: if the checkpoints cannot be averaged.
        CheckpointError: if one is damaged.
    """

    def open_network(own: Checkpoint) -> ChunkNetwork:
        return network_for(
            own, request.runtime, threads=request.options.threads, device=request.device
        )

    further = open_further(
        request.further,
        checkpoint,
        request.inputs,
        request.options,
        decoding=request.decoding,
        open_network=open_network,
    )
    return open_network(checkpoint), further


def claim_folder(
    request: SpottingRequest, jobs: Sequence[SpottingJob], *, resume: bool
) -> list[str]:
    """Write into the folder of results what makes them.

    Args:
        request: what to spot with, and where results go.
        jobs: the request's matches.
        resume: leave out matches whose results are there, of the very files that are there now.

    Returns:
        The matches that are to be spotted.

    Raises:
        InputError: with ``resume``, if the folder holds results of another checkpoint or other
            settings.
        StorageError: if the folder cannot be written.
    """
    config, *others = (
        read_bytes(resolve_checkpoint(folder) / CONFIG_FILE)
        for folder in (request.checkpoint, *request.further)
    )
    matches = [job.match for job in jobs]
    stamp: dict[str, Any] = {
        "checkpoint": hashlib.sha256(config).hexdigest(),
        "decoding": request.decoding.model_dump(mode="json"),
    }
    if others:
        stamp["further"] = [hashlib.sha256(own).hexdigest() for own in others]
    if request.classes is not None:
        stamp["wanted"] = list(request.classes.names)
    path = request.out / STAMP_FILE
    present = [job for job in jobs if resume and _output_of(request, job).results.is_file()]
    if present and not _holds_stamp(path, stamp):
        raise InputError(
            f"{request.out} holds results of another checkpoint or other settings; leave out "
            "--resume to replace them, or choose another --out"
        )

    # Results of files that were replaced since are made again, and what failed the last time.
    known = read_ledgers(request.out, TITLE) if resume else {}
    done = {
        job.match
        for job in present
        if (job.match not in known or known[job.match].state == "done")
        and _output_of(request, job).is_current(job.files)
    }
    classes = request.classes or plain_classes(read_checkpoint(request.checkpoint).task)
    write_json(path, {**stamp, "classes": _state_classes(classes)})
    return [match for match in matches if match not in done]


def _holds_stamp(path: Path, stamp: Mapping[str, Any]) -> bool:
    """Whether a folder's stamp says the same; what else it states is for readers."""
    held = read_json(path) if path.is_file() else None
    if not isinstance(held, dict):
        return False
    if any(held.get(key) != stamp.get(key) for key in ("further", "wanted")):
        return False
    return {key: held.get(key) for key in stamp} == dict(stamp)


def _state_classes(classes: ActionClasses) -> dict[str, Any]:
    """The class list of the results, from which ``evaluate`` knows the task."""
    return {
        "names": list(classes.names),
        "aliases": dict(classes.aliases),
        "name": classes.name,
    }


def _output_of(request: SpottingRequest, job: SpottingJob) -> MatchOutput:
    return MatchOutput.of_match(request.out, job.match)


@dataclass(frozen=True, slots=True)
class OpenSpotter:
    """Opens all that a process needs to spot matches of a request on its own."""

    request: SpottingRequest

    def __call__(self, reporter: Reporter) -> Run[SpottedMatch]:
        """Read the checkpoints, and find the matches."""
        del reporter
        request = self.request
        attach([*request.inputs, request.options.data, request.out])
        checkpoint = read_checkpoint(request.checkpoint)
        jobs = jobs_for(request.inputs, checkpoint, request.options)
        return open_spotter(request, checkpoint, jobs)


def open_spotter(
    request: SpottingRequest, checkpoint: Checkpoint, jobs: Sequence[SpottingJob]
) -> Run[SpottedMatch]:
    """Open the networks of a request; what comes back spots one of the matches by its name."""
    network, further = open_networks(request, checkpoint)
    spotter = MatchSpotter(
        network,
        checkpoint,
        SpottingSetup.from_checkpoint(checkpoint, request.decoding, request.classes),
        request.out,
        keep_scores=request.keep_scores,
        further=further,
    )
    named = {job.match: job for job in jobs}

    def spot(item: WorkItem, reporter: Reporter) -> SpottedMatch:
        return spotter.spot(named[item.name], reporter)

    return spot
