"""From a source and checkpoints to a live run."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from spotkick.actions import Action, MatchActions
from spotkick.checkpoint import Checkpoint, read_checkpoint
from spotkick.commentary.transcript_files import TRANSCRIPT_SUFFIXES, read_transcript
from spotkick.errors import InputError
from spotkick.files import write_json
from spotkick.formats.results import RESULTS_FILE, results_document
from spotkick.live.delays import DelayStatistics
from spotkick.live.events import LiveEvent
from spotkick.live.journal import Journal
from spotkick.live.outputs import EventCounts
from spotkick.live.running import INBOX_ITEMS, LiveRun
from spotkick.live.speech_stages import SpeechLane, TranscriptReplay
from spotkick.live.stages import Channel
from spotkick.live.text_file import TextFile
from spotkick.pipelines.live_folder import TEXT_FILE, is_unbegun, remove_run
from spotkick.pipelines.live_lanes import find_period, make_lane, make_speech_lane
from spotkick.pipelines.live_outputs import open_outputs
from spotkick.pipelines.live_request import LiveParts, LiveRequest, name_checkpoints, open_journal
from spotkick.pipelines.live_stages import StreamInputs, add_stream


@dataclass(frozen=True, slots=True)
class LiveSummary:
    """What was done.

    Attributes:
        match: name in the results.
        actions: that stand, in order of time.
        stream_s: length of the stream.
        delays: see `spotkick.live.running.LiveRun`.
    """

    match: str
    actions: tuple[Action, ...]
    stream_s: float
    delays: DelayStatistics


def run_live(request: LiveRequest, parts: LiveParts | None = None) -> LiveSummary:
    """Spot a stream until it is over, and write ``results_spotting.json`` of what stands.

    Args:
        request: what is asked for.
        parts: what the run is made of.

    Raises:
        InputError: if the source cannot be used, or the folder holds another journal.
        CheckpointError: if a checkpoint is damaged, or does not say how its features are made.
        ConfigError: if the latency is too short, or options contradict each other.
        StorageError: if something cannot be written.
        KeyboardInterrupt: if the user stops it; what was published stays.
    """
    parts = parts or LiveParts()
    checkpoints = [read_checkpoint(folder) for folder in request.checkpoints]
    names = name_checkpoints(checkpoints)
    journal = open_journal(request, dict(zip(names, checkpoints, strict=True)))
    try:
        run = _run_to_end(request, parts, journal, dict(zip(names, checkpoints, strict=True)))
    except BaseException:
        # A source that cannot be read leaves the folder free for the next try.
        if is_unbegun(request.out):
            remove_run(request.out)
        raise

    # What stands, as spotting a whole match writes it.
    match = Path(request.source).stem if "://" not in request.source else "live"
    actions = standing_actions(Journal(journal.path).events())
    predicted = MatchActions(match, actions)
    write_json(request.out / RESULTS_FILE, results_document(predicted))
    length_s = max((lane.stream_s for lane in run.lanes.values()), default=0.0)
    return LiveSummary(match, actions, length_s, run.delays)


def standing_actions(events: Iterable[LiveEvent]) -> tuple[Action, ...]:
    """The actions that are published and not withdrawn, in order of time, by their last events."""
    last: dict[str, LiveEvent] = {}
    for event in events:
        if event.action is not None and event.id is not None:
            last[event.id] = event
    standing = [e.action for e in last.values() if e.kind != "withdraw" and e.action is not None]
    return tuple(sorted(standing, key=lambda action: (action.period, action.position_ms)))


def _run_to_end(
    request: LiveRequest, parts: LiveParts, journal: Journal, checkpoints: dict[str, Checkpoint]
) -> LiveRun:
    """A run that is over, with its outputs closed."""
    outputs = open_outputs(request.outputs, request.out, journal.path, parts.reporter)
    counts = EventCounts()
    sinks = [counts.tell, *parts.sinks, *outputs.sinks]
    parts = replace(parts, sinks=sinks, keep=outputs.keep or parts.keep)
    try:
        run = _build_run(request, parts, journal, checkpoints)
        try:
            run.run()
        finally:
            if not is_unbegun(request.out):
                parts.reporter.line(counts.describe(run.delays, journal.path))
    finally:
        outputs.close()
    return run


def _build_run(
    request: LiveRequest, parts: LiveParts, journal: Journal, checkpoints: dict[str, Checkpoint]
) -> LiveRun:
    """The run with its lanes and stages."""
    inbox: Channel[Any] = Channel(parts.stop, max_items=INBOX_ITEMS)
    run = LiveRun(
        {},
        journal,
        inbox,
        parts.sinks,
        parts.reporter,
        parts.stop,
        shows_statistics=request.shows_statistics,
    )
    period = request.period or find_period(request.source)
    for name, checkpoint in checkpoints.items():
        run.lanes[name] = make_lane(request, name, checkpoint, period)
        for event in journal.events():
            if event.checkpoint == name:
                run.lanes[name].spotter.publisher.replay(event)
    spoken = {n: c for n, c in checkpoints.items() if c.feature_source.is_commentary}
    shown = {n: c for n, c in checkpoints.items() if n not in spoken}

    # What an earlier run has read.
    speech: list[SpeechLane] = []
    known_ms = 0
    if spoken:
        run.text = TextFile(request.out / TEXT_FILE)
        segments, known_ms = run.text.read()
        for name, checkpoint in spoken.items():
            speech.append(make_speech_lane(request, name, checkpoint))
            new = speech[-1].transcript.add(segments, known_ms) if known_ms else None
            if new is not None:
                run.lanes[name].spotter.resume(0, new.rows, stable=new.stable)
    path = Path(request.source)
    if path.suffix.lower() in TRANSCRIPT_SUFFIXES and path.is_file():
        if shown:
            raise InputError(
                f"{path}: a transcript shows no frames, which {next(iter(shown))} reads"
            )
        replay = TranscriptReplay(
            read_transcript(path), speech, inbox, parts.stop, request.speed, start_ms=known_ms
        )
        run.add_stage("transcript", replay.run)
        return run
    add_stream(run, request, parts, StreamInputs(shown, speech, known_ms))
    return run
