"""From a source and checkpoints to a live run."""

import hashlib
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from spotkick.actions import Action, MatchActions
from spotkick.checkpoint import Checkpoint, read_checkpoint
from spotkick.commentary.features import COMMENTARY_KINDS, read_commentary_source
from spotkick.commentary.speech import Recogniser, open_recogniser
from spotkick.commentary.transcript_files import TRANSCRIPT_SUFFIXES, read_transcript
from spotkick.errors import CheckpointError, ConfigError, InputError, require_extra
from spotkick.features.extract import read_extractor
from spotkick.files import write_json
from spotkick.formats.results import RESULTS_FILE, results_document
from spotkick.live.addresses import parse_source
from spotkick.live.decoding import least_confidences, plain_cut
from spotkick.live.delays import DelayStatistics
from spotkick.live.events import LiveEvent
from spotkick.live.feature_file import FeatureFile
from spotkick.live.growing_transcript import GrowingTranscript
from spotkick.live.journal import JOURNAL_FILE, Journal
from spotkick.live.messages import Note
from spotkick.live.picture_stages import Embedder, SampleTarget, VideoDecoder
from spotkick.live.reading import MAX_PACKET_BYTES, ReaderOptions, StreamReader
from spotkick.live.running import INBOX_ITEMS, EventSink, Lane, LiveRun
from spotkick.live.sampling import LiveSampler
from spotkick.live.scoreboard_stage import SCOREBOARD_RATE, ScoreboardStage
from spotkick.live.speech_stages import Listener, SoundCutter, SpeechLane, TranscriptReplay
from spotkick.live.spotter import LiveSpotter, SpotterOptions
from spotkick.live.stages import Channel
from spotkick.live.text_file import TextFile
from spotkick.pipelines.live_outputs import OutputOptions, open_outputs
from spotkick.pipelines.spot import network_for
from spotkick.prediction import SpottingSetup
from spotkick.reporter import Reporter, SilentReporter
from spotkick.scoreboard.text_reader import TextReader
from spotkick.stored_checkpoint import CONFIG_FILE
from spotkick.video_names import parse_video_name

FEATURES_FOLDER: Final = "features"
TEXT_FILE: Final = "text.jsonl"

_MAX_PACKETS: Final = 20_000
_MAX_IMAGES: Final = 4
"""Images that wait for a backbone: what waits is late."""
_MAX_WINDOWS: Final = 4
_SPARE_ROWS: Final = 512
"""Rows on disk beyond those that a spotter needs."""


@dataclass(frozen=True, slots=True)
class LiveRequest:
    """What is asked for.

    Attributes:
        source: file, ``-``, capture device, address, or a transcript that is replayed.
        checkpoints: folders; each publishes actions of its own.
        out: folder of the journal.
        latency_s: an action is published at most so long after it.
        min_confidence: instead of the thresholds of the checkpoints.
        resume: go on with the journal that is in ``out``.
        speed: multiple of real time at which files are read; 0 as fast as possible.
        period: of the match; None takes what the name of the file says, else 1.
        give_up_s: a stream is over when nothing has arrived for so long; None never.
        idle_s: a file is complete when it has not grown for so long.
        language: of the commentary.
        speech_model: of Whisper.
        device: that networks run on.
        threads: processor threads.
        shows_statistics: of the stages.
        reads_scoreboard: the scoreboard says when there is a break, and takes goals back.
        outputs: what others get.
    """

    source: str
    checkpoints: tuple[Path, ...]
    out: Path
    latency_s: float = 10.0
    min_confidence: float | None = None
    resume: bool = False
    speed: float = 0.0
    period: int | None = None
    give_up_s: float | None = None
    idle_s: float = 20.0
    language: str | None = None
    speech_model: str | None = None
    device: str = "auto"
    threads: int = 0
    shows_statistics: bool = False
    reads_scoreboard: bool = False
    outputs: OutputOptions = field(default_factory=OutputOptions)


@dataclass(slots=True)
class LiveParts:
    """What a run is made of; tests replace some.

    Attributes:
        sinks: that are told each event.
        reporter: receives notes and statistics.
        open_recogniser: opens the model of speech.
        stop: set when the run stops.
        keep: called with each packet, for clips.
    """

    sinks: Sequence[EventSink] = ()
    reporter: Reporter = field(default_factory=SilentReporter)
    open_recogniser: Callable[[], Recogniser] | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    keep: Callable[[Any], None] | None = None


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
    names = _name_checkpoints(checkpoints)
    journal = _open_journal(request, dict(zip(names, checkpoints, strict=True)))
    outputs = open_outputs(request.outputs, request.out, journal.path, parts.reporter)
    parts = replace(parts, sinks=[*parts.sinks, *outputs.sinks], keep=outputs.keep or parts.keep)
    try:
        run = _build_run(request, parts, journal, dict(zip(names, checkpoints, strict=True)))
        run.run()
    finally:
        outputs.close()

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


def _name_checkpoints(checkpoints: Sequence[Checkpoint]) -> list[str]:
    """Short names, which ids begin with; each once."""
    if not checkpoints:
        raise ConfigError("give at least one --checkpoint")
    names: list[str] = []
    for checkpoint in checkpoints:
        folder = checkpoint.folder
        stem = folder.parent.name if folder.name in ("best", "last") else folder.name
        stem = "".join(c if c.isalnum() or c in "-_" else "-" for c in stem) or "checkpoint"
        count = sum(name.rstrip("0123456789") == stem for name in names)
        names.append(f"{stem}{count + 1}" if count else stem)
    return names


def _open_journal(request: LiveRequest, checkpoints: dict[str, Checkpoint]) -> Journal:
    """The journal of the folder, whose run this one is, or begins.

    Raises:
        InputError: if the folder holds another run, or is not to be gone on with.
    """
    path = request.out / JOURNAL_FILE
    exists = path.is_file() and path.stat().st_size > 0
    if exists and not request.resume:
        raise InputError(
            f"{request.out}: holds the journal of a run; go on with it (--resume), or choose "
            "another --out"
        )

    # A run goes on only as it was begun.
    journal = Journal(path)
    details = {
        "source": request.source,
        "latency_s": request.latency_s,
        "min_confidence": request.min_confidence,
        "checkpoints": {
            name: _digest_checkpoint(checkpoint) for name, checkpoint in checkpoints.items()
        },
    }
    first = next(iter(journal.events()), None)
    if first is not None:
        known = dict(first.details or {})
        changed = [key for key in details if key != "source" and known.get(key) != details[key]]
        if changed:
            raise InputError(
                f"{path}: the run was begun with another {changed[0]}; go on with the same one, "
                "or choose another --out"
            )
    journal.write_note("start", 0.0, details)
    return journal


def _digest_checkpoint(checkpoint: Checkpoint) -> str:
    return hashlib.sha256((checkpoint.folder / CONFIG_FILE).read_bytes()).hexdigest()


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
    period = request.period or _find_period(request.source)
    for name, checkpoint in checkpoints.items():
        run.lanes[name] = _make_lane(request, name, checkpoint, period)
        for event in journal.events():
            if event.checkpoint == name:
                run.lanes[name].spotter.publisher.replay(event)
    spoken = {n: c for n, c in checkpoints.items() if c.feature_source.kind in COMMENTARY_KINDS}
    shown = {n: c for n, c in checkpoints.items() if n not in spoken}

    # What an earlier run has read.
    speech: list[SpeechLane] = []
    known_ms = 0
    if spoken:
        run.text = TextFile(request.out / TEXT_FILE)
        segments, known_ms = run.text.read()
        for name, checkpoint in spoken.items():
            speech.append(_make_speech_lane(name, checkpoint))
            new = speech[-1].transcript.add(segments, known_ms) if known_ms else None
            if new is not None:
                run.lanes[name].spotter.resume(0, new.rows)
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
    _add_stream(run, request, parts, _Inputs(shown, speech, known_ms))
    return run


@dataclass(frozen=True, slots=True)
class _Inputs:
    """What is read of a stream.

    Attributes:
        shown: checkpoints that read frames, by name.
        speech: lanes that read commentary.
        known_ms: what was said before this time is known.
    """

    shown: dict[str, Checkpoint]
    speech: list[SpeechLane]
    known_ms: int


def _find_period(source: str) -> int:
    return parse_video_name(Path(source)).period or 1 if "://" not in source else 1


def _make_lane(request: LiveRequest, name: str, checkpoint: Checkpoint, period: int) -> Lane:
    setup = plain_cut(SpottingSetup.from_checkpoint(checkpoint))
    least = least_confidences(setup, checkpoint.config.thresholds, request.min_confidence)
    network = network_for(checkpoint, threads=request.threads, device=request.device)
    spotter = LiveSpotter(
        network,
        setup,
        SpotterOptions(name, period, request.latency_s, least),
        dim=checkpoint.feature_source.dim,
        blank_ends=bool(checkpoint.feature_source.num_ids),
    )
    if checkpoint.feature_source.kind in COMMENTARY_KINDS:
        return Lane(spotter, None)

    # Features of frames are kept, since frames that went by cannot be read again.
    file = FeatureFile(
        request.out / FEATURES_FOLDER,
        name,
        checkpoint.feature_source.dim,
        kept=spotter.scores.reach_frames + _SPARE_ROWS,
    )
    spotter.resume(file.first, file.read())
    return Lane(spotter, file)


def _make_speech_lane(name: str, checkpoint: Checkpoint) -> SpeechLane:
    folder = _features_folder(checkpoint)
    model, source = read_commentary_source(folder)
    return SpeechLane(name, GrowingTranscript(model, source.frame_rate))


def _features_folder(checkpoint: Checkpoint) -> Path:
    if checkpoint.features_folder is None:
        raise CheckpointError(
            f"{checkpoint.folder}: does not say how its features are made, so that it cannot "
            "read a stream; train on features that 'spotkick features' has made"
        )
    return checkpoint.features_folder


def _add_stream(run: LiveRun, request: LiveRequest, parts: LiveParts, inputs: _Inputs) -> None:
    """Add the stages that read frames and sound."""
    source = parse_source(request.source)
    video: Channel[Any] | None = None
    sound: Channel[Any] | None = None
    if inputs.shown or request.reads_scoreboard:
        video = Channel(parts.stop, max_items=_MAX_PACKETS, max_bytes=MAX_PACKET_BYTES)
    if inputs.speech:
        sound = Channel(parts.stop, max_items=_MAX_PACKETS, max_bytes=MAX_PACKET_BYTES)
    starts = [
        Fraction(run.lanes[name].spotter.ring.end) / run.lanes[name].spotter.frame_rate
        for name in inputs.shown
    ]
    start_s = min([*starts, *([Fraction(inputs.known_ms, 1000)] if inputs.speech else [])])

    def report(note: Note) -> None:
        run.inbox.put(note)

    reader = StreamReader(
        ReaderOptions(source, speed=request.speed, give_up_s=request.give_up_s, start_s=start_s),
        video,
        sound,
        report,
        parts.stop,
        keep=parts.keep,
        idle_s=request.idle_s,
    )
    run.add_stage("read", reader.run)
    if video is not None:
        _add_picture_stages(run, request, inputs.shown, video, reader=reader)
    if sound is not None:
        recogniser = (parts.open_recogniser or (lambda: _open_speech(request)))()
        windows: Channel[Any] = Channel(parts.stop, max_items=_MAX_WINDOWS)
        cutter = SoundCutter(sound, windows, source.is_live, report, start_s=inputs.known_ms / 1000)
        listener = Listener(recogniser, windows, inputs.speech, run.inbox, request.language)
        run.add_stage("sound", cutter.run)
        run.add_stage("speech", listener.run)


def _open_speech(request: LiveRequest) -> Recogniser:
    return open_recogniser(request.speech_model, device=request.device, threads=request.threads)


def _add_picture_stages(
    run: LiveRun,
    request: LiveRequest,
    shown: dict[str, Checkpoint],
    packets: Channel[Any],
    *,
    reader: StreamReader,
) -> None:
    targets: list[SampleTarget] = []
    for name, checkpoint in shown.items():
        extractor = read_extractor(
            _features_folder(checkpoint), device=request.device, threads=request.threads
        )
        checkpoint.feature_source.require_compatible(extractor.source, str(checkpoint.folder))
        samples: Channel[Any] = Channel(run.stop, max_items=_MAX_IMAGES)
        sampler: LiveSampler[Any] = LiveSampler(
            extractor.config.rate, run.lanes[name].spotter.ring.end
        )
        size_px, fit = extractor.backbone.size_px, extractor.config.fit
        targets.append(SampleTarget(sampler, size_px, fit, samples))
        run.add_stage(f"backbone {name}", Embedder(name, extractor, samples, run.inbox).run)

    # One decoder gives all of them their frames.
    if request.reads_scoreboard:
        targets.append(_add_scoreboard(run, reader))
    decoder = VideoDecoder(
        packets,
        targets,
        reader.report,
        lambda: reader.clock.newest_s,
        is_live=reader.options.source.is_live,
        start_s=reader.options.start_s,
    )
    run.add_stage("decode", decoder.run)


def _add_scoreboard(run: LiveRun, reader: StreamReader) -> SampleTarget:
    """A stage that reads the scoreboard, as far as there is time; where its samples go."""
    for package in ("rapidocr_onnxruntime", "PIL"):
        require_extra(package, "scoreboard", "--scoreboard")
    samples: Channel[Any] = Channel(run.stop, max_items=2)
    run.add_stage("scoreboard", ScoreboardStage(samples, TextReader(), reader.report).run)
    statistics = run.stages[-1].statistics

    def count_drop() -> None:
        statistics.dropped += 1

    start = round(reader.options.start_s * SCOREBOARD_RATE)
    sampler: LiveSampler[Any] = LiveSampler(SCOREBOARD_RATE, start)
    return SampleTarget(sampler, None, "stretch", samples, may_drop=True, on_drop=count_drop)
