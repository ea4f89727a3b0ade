"""The demo's reel: highlights of the bundled clip, with an edit list, captions and thumbnails."""

from importlib.util import find_spec
from pathlib import Path
from typing import Final

from spotkick.actions import Action
from spotkick.checkpoint import Checkpoint
from spotkick.datasets.period_video import PeriodVideo
from spotkick.demo.results import DemoMatch, DemoReel, ReelClip
from spotkick.errors import InputError
from spotkick.files import read_bytes, write_text
from spotkick.highlights.choosing import choose, propose_clips
from spotkick.highlights.clips import Clip
from spotkick.highlights.config import HighlightsConfig
from spotkick.highlights.edl import write_edl
from spotkick.highlights.reel import describe, plan_parts, render, total_s
from spotkick.highlights.shots import can_find_shots
from spotkick.highlights.webvtt import write_vtt
from spotkick.reporter import Reporter
from spotkick.video.probe import probe
from spotkick.video.stills import frame_at, write_jpeg

REEL_S: Final = 75.0
"""Longest duration of the reel."""

LEAD_S: Final = {
    "Goal": (8.0, 9.0),
    "Penalty": (5.0, 6.0),
    "Corner": (3.0, 7.0),
    "Yellow card": (6.0, 4.0),
}
"""The classes that the reel shows, with seconds before and after.

Celebrations and set pieces of the simulator are short. Second yellow cards are left out: they are
rare and look like the first, so that the network cannot tell them apart.
"""

AGREEMENT_S: Final = 5.0
"""A spot this near to a label of its class agrees with it."""

THUMBNAIL_DELAY_S: Final = 0.6
"""A thumbnail shows the frame this long after the spot."""


def cut_reel(
    video: Path, match: DemoMatch, checkpoint: Checkpoint, out: Path, reporter: Reporter
) -> DemoReel | None:
    """Cut the reel, and write ``reel.mp4``, ``reel.edl``, ``reel.vtt`` and thumbnails into ``out``.

    Args:
        video: what the match was spotted in; its only period is the first.
        match: spots and labels.
        checkpoint: gives the thresholds.
        out: folder.
        reporter: receives a line about each step.

    Returns:
        None when no spot reaches its threshold.

    Raises:
        StorageError: if a file cannot be written.
    """
    config = HighlightsConfig(
        class_thresholds=checkpoint.config.thresholds,
        lead_s=LEAD_S,
        interest=dict.fromkeys(set(checkpoint.classes.names) - set(LEAD_S), 0.0),
    )
    videos = {1: PeriodVideo.from_file(probe(video))}
    try:
        clips = propose_clips(match.found.actions, match.scores, videos, config)
        chosen = choose(clips, REEL_S, videos, config, snap=can_find_shots())
    except InputError as error:
        reporter.line(f"no reel: {error}")
        return None

    # Captions are burnt in where Pillow is installed; without it the reel has none.
    parts = plan_parts(chosen, videos, captions=find_spec("PIL") is not None)
    duration_s = float(total_s(parts))
    reporter.line(f"cutting a reel of {duration_s:.1f} s from {len(chosen)} of {len(clips)} clips")
    path = out / "reel.mp4"
    render(path, parts)

    edits = describe(match.found.match, chosen, parts, videos)
    write_text(path.with_suffix(".edl"), write_edl(edits))
    write_text(path.with_suffix(".vtt"), write_vtt(edits))

    described = []
    for number, clip in enumerate(chosen, start=1):
        thumbnail = out / "thumbnails" / f"{number}.jpg"
        shown_s = min(clip.main.position_s + THUMBNAIL_DELAY_S, clip.end_s)
        write_jpeg(thumbnail, frame_at(video, shown_s))
        described.append(_describe_clip(clip, read_bytes(thumbnail), match.truth.actions))
    return DemoReel(path, duration_s, tuple(described))


def _describe_clip(clip: Clip, thumbnail: bytes, labels: tuple[Action, ...]) -> ReelClip:
    """Compare the clip's main spot with the labels around it."""
    main = clip.main
    near = [label for label in labels if abs(label.position_s - main.position_s) <= AGREEMENT_S]
    others = ", ".join(sorted({label.label for label in near}))

    if any(label.label == main.label for label in near):
        verdict = "agrees with the labels"
    else:
        verdict = f"labels: {others or f'nothing within {AGREEMENT_S:g} s'}"
    return ReelClip(clip.title, main.position_s, clip.reason, verdict, thumbnail)
