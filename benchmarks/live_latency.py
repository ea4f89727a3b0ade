"""Average-mAP of what can be published within each latency; see `live.py`."""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from spotkick.actions import Action, MatchActions
from spotkick.checkpoint import Checkpoint, read_checkpoint
from spotkick.commentary.features import read_commentary_source
from spotkick.commentary.transcript_files import find_transcripts, read_period
from spotkick.commentary.transcripts import Transcript
from spotkick.datasets.match_folder import MatchFolder
from spotkick.datasets.splits import match_tracks
from spotkick.demo.data import SEASON
from spotkick.evaluation import evaluate
from spotkick.files import write_json
from spotkick.formats.soccernet import read_label_set
from spotkick.formats.splits import read_split
from spotkick.live.decoding import plain_cut
from spotkick.live.growing_transcript import GrowingTranscript, NewRows
from spotkick.live.ring import FeatureRing
from spotkick.live.scoring import LiveScores
from spotkick.live.spotter import count_look_ahead
from spotkick.onnx_runtime import open_session
from spotkick.pipelines.spot import network_for
from spotkick.prediction import ChunkNetwork, ChunkOutput, SpottingSetup
from spotkick.prediction.period_output import PeriodOutput
from spotkick.prediction.spotting import decode_period
from spotkick.stored_checkpoint import ONNX_FILE, resolve_checkpoint

LATENCIES_S = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
WHOLE_S = float("inf")
METRICS = ("loose", "tight")

Found = dict[float, tuple[Action, ...]]


def cut_off(
    checkpoint: Checkpoint,
    network: ChunkNetwork,
    parts: Iterator[NewRows],
    period: int,
    latencies_s: Sequence[float],
) -> Found:
    """Actions of a period, each frame scored with what is known so much later.

    All of them count, as Average-mAP ranks them: peaks of scores that were read with a latency.
    """
    setup = plain_cut(SpottingSetup.from_checkpoint(checkpoint))
    scores = LiveScores(network, setup, kept=10_000)
    blank_ends = bool(checkpoint.feature_source.num_ids)
    ring = FeatureRing(checkpoint.feature_source.dim, 10_000, blank_ends=blank_ends)
    ahead = {s: count_look_ahead(s, setup.frame_rate) + 1 for s in latencies_s}
    read: dict[float, list[Any]] = {latency_s: [] for latency_s in latencies_s}
    for part in parts:
        known = max(0, ring.end - part.first)
        ring.replace(part.first, part.rows[:known])
        for number in range(known, len(part.rows)):
            ring.append(part.rows[number : number + 1])
            window = scores.read(ring, stable=part.stable).window
            for latency_s, frames in ahead.items():
                if ring.end > frames:
                    read[latency_s].append(window.scores[ring.end - 1 - frames - window.first])
    final = scores.read(ring, is_over=True).window.scores
    found, read[WHOLE_S] = {}, []
    for latency_s, rows in read.items():
        whole = np.concatenate([np.array(rows).reshape(-1, final.shape[1]), final[len(rows) :]])
        output = PeriodOutput(whole.astype(np.float32), None, None, setup.frame_rate)
        found[latency_s] = decode_period(output, setup, period).actions
    return found


class RowCache:
    """A network on tokens that reads each row once: what follows of it sees neighbouring rows.

    A row of tokens is read alone by four fifths of the network, and stands in a hundred chunks.
    """

    def __init__(self, model: Path, dim: int) -> None:
        """Divide the graph at the tensors behind the rows."""
        import onnx
        from onnx.utils import extract_model

        self.input_shape = ("chunks", "frames", dim)
        names = {name for node in onnx.load(str(model)).graph.node for name in node.output}
        self._names = sorted(name for name in names if name.endswith(".chunks"))
        with tempfile.TemporaryDirectory() as folder:
            paths = [str(Path(folder) / name) for name in ("rows.onnx", "chunks.onnx")]
            extract_model(str(model), paths[0], ["features"], self._names)
            extract_model(str(model), paths[1], self._names, ["scores"])
            self._rows, self._chunks = (open_session(Path(path), threads=1) for path in paths)
        self._known: dict[bytes, list[npt.NDArray[np.float32]]] = {}

    def __call__(self, features: npt.NDArray[np.float32]) -> ChunkOutput:
        """Scores of chunks."""
        rows = features.reshape(-1, features.shape[-1])
        keys = [row.tobytes() for row in rows]
        new = {key: row for key, row in zip(keys, rows, strict=True) if key not in self._known}
        if new:
            values = self._rows.run(self._names, {"features": np.stack(list(new.values()))[None]})
            for number, key in enumerate(new):
                self._known[key] = [value[0, number] for value in values]

        # (chunks, frames, units) of each member
        inputs = {
            name: np.stack([self._known[key][index] for key in keys]).reshape(
                *features.shape[:2], -1
            )
            for index, name in enumerate(self._names)
        }
        (scores,) = self._chunks.run(["scores"], inputs)
        no_spots = np.zeros((len(scores), 0, 2 + scores.shape[2]), dtype=np.float32)
        return ChunkOutput(scores, no_spots)


def latency(arguments: argparse.Namespace) -> None:
    """Replay periods, and print the table of those that are done after each."""
    checkpoint = read_checkpoint(resolve_checkpoint(arguments.checkpoint))
    network: ChunkNetwork = network_for(checkpoint, threads=1)
    periods = rendered(checkpoint, arguments)
    if arguments.soccernet:
        periods = spoken(checkpoint, arguments)
        network = RowCache(checkpoint.folder / ONNX_FILE, checkpoint.feature_source.dim)
    least_s = float(2 / checkpoint.frame_rate)
    latencies = [value for value in LATENCIES_S if value >= least_s]

    found: dict[float, dict[str, list[Action]]] = {value: {} for value in (*latencies, WHOLE_S)}
    truth: dict[str, MatchActions] = {}
    for labels, period, parts in periods:
        own = tuple(action for action in labels.actions if action.period == period)
        before = truth[labels.match].actions if labels.match in truth else ()
        truth[labels.match] = MatchActions(labels.match, before + own)
        began_s = time.process_time()
        for value, actions in cut_off(checkpoint, network, parts, period, latencies).items():
            found[value].setdefault(labels.match, []).extend(actions)
        spent_s = time.process_time() - began_s
        print(f"\n{labels.match}, period {period}: {spent_s:.0f} s of processor time")
        show_table(checkpoint, found, truth, arguments.out)


def show_table(
    checkpoint: Checkpoint,
    found: dict[float, dict[str, list[Action]]],
    truth: dict[str, MatchActions],
    out: Path | None,
) -> None:
    """Average-mAP of each latency on the periods so far, printed and in a file."""
    rows = {}
    for value, matches in found.items():
        predictions = [MatchActions(match, tuple(actions)) for match, actions in matches.items()]
        scores = [
            100
            * evaluate(
                predictions, list(truth.values()), checkpoint.task, metric=metric
            ).average_map
            for metric in METRICS
        ]
        name = "whole" if value == WHOLE_S else f"{value:g}"
        rows[name] = dict(zip(METRICS, scores, strict=True))
        print(f"| {name} | {scores[0]:.1f} | {scores[1]:.1f} |", flush=True)
    if out is not None:
        write_json(out, {"matches": sorted(truth), "average_map": rows})


def rendered(
    checkpoint: Checkpoint, arguments: argparse.Namespace
) -> Iterator[tuple[MatchActions, int, Iterator[NewRows]]]:
    """The test matches of the rendered season that ships, by their features."""
    names = read_split(SEASON / "splits" / "test.txt")[: arguments.matches]
    for labels in read_label_set(SEASON, names):
        source = checkpoint.feature_source
        folder = MatchFolder(SEASON, labels.match)
        tracks = match_tracks(folder, source.name, frame_rate=source.frame_rate)
        for period, track in tracks.items():
            rows = track.rows(np.arange(len(track)))
            yield labels, period, iter([NewRows(0, rows, len(rows))])


def spoken(
    checkpoint: Checkpoint, arguments: argparse.Namespace
) -> Iterator[tuple[MatchActions, int, Iterator[NewRows]]]:
    """Transcripts of valid matches of SoccerNet-v2, replayed as they were spoken."""
    folder = checkpoint.features_folder
    assert folder is not None
    model, source = read_commentary_source(folder)
    names = read_split(arguments.soccernet / "splits" / "valid.txt")
    names = names[:: max(1, len(names) // arguments.matches)][: arguments.matches]
    for labels in read_label_set(arguments.soccernet, names):
        for file in find_transcripts(arguments.soccernet / labels.match):
            growing = GrowingTranscript(model, source.frame_rate)
            yield labels, file.period, replay(growing, read_period(file))


def replay(growing: GrowingTranscript, transcript: Transcript) -> Iterator[NewRows]:
    """Rows as they become known, segment by segment."""
    segments = sorted(transcript.segments, key=lambda segment: segment.end_ms)
    place = 0
    for now_ms in range(0, segments[-1].end_ms + 1000, 1000) if segments else ():
        begun = place
        while place < len(segments) and segments[place].end_ms <= now_ms:
            place += 1
        starts = [item.start_ms for item in segments[place:] if item.start_ms < now_ms]
        new = growing.add(segments[begun:place], min(starts, default=now_ms))
        if new is not None:
            yield new
    new = growing.finish(transcript.duration_ms)
    if new is not None:
        yield new
