"""Replays at a pace against spotting the same periods as a whole; see `live.py`."""

import argparse
import tempfile
import time
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from spotkick.actions import Action
from spotkick.checkpoint import Checkpoint, read_checkpoint
from spotkick.commentary.features import make_frames, read_commentary_source
from spotkick.commentary.transcript_files import find_transcripts, read_transcript
from spotkick.datasets.match_folder import MatchFolder
from spotkick.datasets.splits import match_tracks
from spotkick.demo.data import SEASON
from spotkick.features.extract import extract_video, read_extractor
from spotkick.features.tracks import FeatureTrack
from spotkick.formats.splits import read_split
from spotkick.live.publishing import Change
from spotkick.pipelines.live import run_live
from spotkick.pipelines.live_lanes import find_features_folder, make_lane
from spotkick.pipelines.live_request import LiveParts, LiveRequest
from spotkick.pipelines.spot import network_for
from spotkick.prediction import SpottingSetup, spot_period
from spotkick.stored_checkpoint import resolve_checkpoint

Rows = list[tuple[str, int]]


def replay(arguments: argparse.Namespace) -> None:
    """Replay matches, and compare what stands in the end with what `spot` finds."""
    for name, found, expected in _replay_all(arguments):
        lost = len([row for row in expected if row not in found])
        extra = len([row for row in found if row not in expected])
        print(
            f"{name}: {len(found)} actions, {len(expected)} of spot, {lost} lost, {extra} too many",
            flush=True,
        )


def _replay_all(arguments: argparse.Namespace) -> Iterator[tuple[str, Rows, Rows]]:
    """Name, live actions and whole actions of each period."""
    if arguments.soccernet:
        names = read_split(arguments.soccernet / "splits" / "valid.txt")
        names = names[:: max(1, len(names) // arguments.matches)][: arguments.matches]
        for name in names:
            for file in find_transcripts(arguments.soccernet / name):
                yield _replay_transcript(file.path, arguments)
    for video in arguments.video or ():
        yield _replay_video(video, arguments)
    if not arguments.soccernet and not arguments.video:
        for name in read_split(SEASON / "splits" / "test.txt")[: arguments.matches]:
            yield from _replay_features(name, arguments)


def _replay_transcript(path: Path, arguments: argparse.Namespace) -> tuple[str, Rows, Rows]:
    folder = resolve_checkpoint(Path("commentary"))
    checkpoint = read_checkpoint(folder)
    model, source = read_commentary_source(find_features_folder(checkpoint))
    rows = make_frames(model, "m", read_transcript(path), source.frame_rate)
    expected = _spot_whole(checkpoint, FeatureTrack(rows, source, "x"), arguments.least)
    return str(path), _run(path, folder, arguments), expected


def _replay_video(path: Path, arguments: argparse.Namespace) -> tuple[str, Rows, Rows]:
    folder = resolve_checkpoint(Path("demo"))
    checkpoint = read_checkpoint(folder)
    found = _run(path, folder, arguments)
    track = extract_video(path, read_extractor(find_features_folder(checkpoint), threads=1))
    return str(path), found, _spot_whole(checkpoint, track, arguments.least)


def _run(path: Path, folder: Path, arguments: argparse.Namespace) -> Rows:
    """What stands at the end of a live run of a file."""
    with tempfile.TemporaryDirectory() as out:
        request = LiveRequest(
            str(path), (folder,), Path(out), latency_s=arguments.latency,
            min_confidence=arguments.least, speed=arguments.speed, threads=1, idle_s=0.0,
        )  # fmt: skip
        return _describe(run_live(request, LiveParts()).actions)


def _replay_features(name: str, arguments: argparse.Namespace) -> Iterator[tuple[str, Rows, Rows]]:
    """Periods of a match of the season that ships, of which there are features alone."""
    folder = resolve_checkpoint(Path("demo"))
    checkpoint = read_checkpoint(folder)
    source = checkpoint.feature_source
    tracks = match_tracks(MatchFolder(SEASON, name), source.name, frame_rate=source.frame_rate)
    for period, track in tracks.items():
        with tempfile.TemporaryDirectory() as out:
            request = LiveRequest(
                name, (folder,), Path(out), latency_s=arguments.latency,
                min_confidence=arguments.least, threads=1,
            )  # fmt: skip
            spotter = make_lane(request, "demo", checkpoint, period).spotter
        changes: list[Change] = []
        began_s, rows = time.monotonic(), track.rows(np.arange(len(track)))
        for number in range(len(rows)):
            if arguments.speed:
                due_s = number / float(Fraction(source.frame_rate)) / arguments.speed
                time.sleep(max(0.0, began_s + due_s - time.monotonic()))
            for step in spotter.add(rows[number : number + 1]):
                changes += step.changes
        for step in spotter.finish():
            changes += step.changes
        last = {change.id: change for change in changes}
        found = _describe(c.action for c in last.values() if c.kind != "withdraw")
        yield f"{name}, period {period}", found, _spot_whole(checkpoint, track, arguments.least)


def _spot_whole(checkpoint: Checkpoint, track: FeatureTrack, least: float) -> Rows:
    setup = SpottingSetup.from_checkpoint(checkpoint)
    found = spot_period(network_for(checkpoint, threads=1), track, setup).actions
    return _describe(action for action in found if (action.confidence or 0) >= least)


def _describe(actions: Iterable[Action]) -> Rows:
    return sorted((action.label, action.position_ms) for action in actions)
