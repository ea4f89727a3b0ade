"""Shot changes near a time, found by PySceneDetect in the few seconds that are asked about."""

import importlib.util
from pathlib import Path
from typing import Final

from spotkick.errors import require_extra
from spotkick.video.images import to_image
from spotkick.video.reader import open_media

_SIZE_PX: Final = (256, 144)
_WARM_UP_S: Final = 1.0
"""The detector compares frames with their neighbours, and needs some before the first that
counts."""


def can_find_shots() -> bool:
    """Whether the package scenedetect is installed."""
    return importlib.util.find_spec("scenedetect") is not None


def find_shot_changes(path: Path, start_s: float, end_s: float) -> list[float]:
    """Starts of shots in a stretch of a video.

    Args:
        path: video file.
        start_s: in seconds after the first frame.
        end_s: same.

    Returns:
        times of the first frames of new shots, rising.

    Raises:
        MissingExtraError: if the package scenedetect is not installed.
    """
    scenedetect = require_extra("scenedetect", "highlights", "finding shot changes")
    detector = scenedetect.ContentDetector(min_scene_len=1)
    with open_media(path) as media:
        rate = float(media.clock.average_rate)
        first = media.clock.ticks_at(max(0.0, start_s - _WARM_UP_S))
        last = media.clock.ticks_at(end_s)
        media.seek(media.clock.seconds_at(first))

        # the detector numbers the frames that it sees
        times: list[float] = []
        changes: list[float] = []
        for frame, ticks in media.frames_in_ticks():
            if ticks < first:
                continue
            if ticks > last:
                break
            image = to_image(frame, _SIZE_PX)[:, :, ::-1]
            found = detector.process_frame(scenedetect.FrameTimecode(len(times), rate), image)
            times.append(float(media.clock.seconds_at(ticks)))
            changes += [times[cut.frame_num] for cut in found if cut.frame_num < len(times)]
    return [change for change in changes if change >= start_s]
