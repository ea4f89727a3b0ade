"""Stages of a live run: what reads, decodes, embeds and listens, side by side."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from spotkick.checkpoint import Checkpoint
from spotkick.commentary.speech import Recogniser, open_recogniser
from spotkick.errors import require_extra
from spotkick.features.extract import read_extractor
from spotkick.live.addresses import parse_source
from spotkick.live.messages import Note
from spotkick.live.picture_stages import Embedder, SampleTarget, VideoDecoder
from spotkick.live.reading import MAX_PACKET_BYTES, ReaderOptions, StreamReader
from spotkick.live.running import LiveRun
from spotkick.live.sampling import LiveSampler
from spotkick.live.scoreboard_stage import SCOREBOARD_RATE, ScoreboardStage
from spotkick.live.speech_stages import Listener, SoundCutter, SpeechLane
from spotkick.live.stages import Channel
from spotkick.pipelines.live_lanes import find_features_folder
from spotkick.pipelines.live_request import LiveParts, LiveRequest
from spotkick.scoreboard.text_reader import TextReader

_MAX_PACKETS: Final = 20_000
_MAX_IMAGES: Final = 4
"""Images that wait for a backbone: what waits is late."""
_MAX_WINDOWS: Final = 4


@dataclass(frozen=True, slots=True)
class StreamInputs:
    """What is read of a stream.

    Attributes:
        shown: checkpoints that read frames, by name.
        speech: lanes that read commentary.
        known_ms: what was said before this time is known.
    """

    shown: dict[str, Checkpoint]
    speech: list[SpeechLane]
    known_ms: int


def add_stream(run: LiveRun, request: LiveRequest, parts: LiveParts, inputs: StreamInputs) -> None:
    """Add the stages that read frames and sound.

    Args:
        run: with its lanes.
        request: what is asked for.
        parts: what the run is made of.
        inputs: what is read of the stream.

    Raises:
        InputError: if the source is none, or features cannot be made as the checkpoint was trained.
        CheckpointError: if a checkpoint does not say how its features are made.
        MissingExtraError: if speech or the scoreboard is to be read, and a package is missing.
    """
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
            find_features_folder(checkpoint), device=request.device, threads=request.threads
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
