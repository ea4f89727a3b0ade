from fractions import Fraction

import numpy as np
import pytest
from av.video.frame import VideoFrame

from spotkick.video.action_crop import MOST_SPEED, ActionTracker, box_around, cut_box
from spotkick.video.reel_look import CropBox, ReelLook
from spotkick.video.reel_shape import ReelShape

SIZE = (384, 216)
RATE = 10


def make_frame(player: int | None, *, pan: int = 0, seed: int = 1) -> VideoFrame:
    """A striped pitch that the camera pans over, with a bright player of 24 pixels on it."""
    width, height = SIZE
    wide = np.random.default_rng(seed).integers(60, 140, (height // 8, 2 * width // 8))
    pitch = np.kron(wide, np.ones((8, 8))).astype(np.uint8)
    data = np.full((height * 3 // 2, width), 128, dtype=np.uint8)
    data[:height] = pitch[:, pan : pan + width]
    if player is not None:
        data[80:140, player : player + 24] = 230
    return VideoFrame.from_ndarray(data, format="yuv420p")


def follow_all(frames: list[VideoFrame]) -> list[float]:
    tracker = ActionTracker()
    return [tracker.follow(frame, number / RATE) for number, frame in enumerate(frames)]


@pytest.mark.parametrize("pan_step", [0, 4])
def test_action_tracker_player_at_the_edge_is_followed(pan_step: int) -> None:
    players = [300 + 20 * (number % 2) for number in range(60)]
    frames = [make_frame(p, pan=pan_step * n) for n, p in enumerate(players)]
    centres = follow_all(frames)
    box = ReelLook(Fraction(9, 16)).crop_of(ReelShape(*SIZE))
    boxes = [box_around(box, centre, SIZE[0]) for centre in centres]
    seen = [
        shown.left_px <= player and player + 24 <= shown.left_px + shown.width_px
        for shown, player in zip(boxes, players, strict=True)
    ]
    assert all(seen[40:])
    assert not seen[0]
    steps = np.abs(np.diff(centres))
    assert steps.max() <= MOST_SPEED / RATE + 1e-9


def test_action_tracker_camera_that_pans_alone_keeps_the_middle() -> None:
    assert set(follow_all([make_frame(None, pan=4 * number) for number in range(40)])) == {0.5}


def test_action_tracker_other_shot_begins_in_the_middle() -> None:
    frames = [make_frame(300 + 20 * (number % 2)) for number in range(40)]
    cut = VideoFrame.from_ndarray(np.full((SIZE[1] * 3 // 2, SIZE[0]), 235, np.uint8), "yuv420p")
    centres = follow_all([*frames, *[cut] * 4])
    assert centres[39] > 0.6
    assert centres[-1] == 0.5


def test_cut_box_pixels_are_those_of_the_frame() -> None:
    frame = make_frame(300)
    data = np.random.default_rng(0).integers(0, 255, (324, 384), dtype=np.uint8)
    frame = VideoFrame.from_ndarray(data, format="yuv420p")
    box = CropBox(120, 216, 200, 0)
    found = cut_box(frame, box)
    assert (found.width, found.height) == (120, 216)
    assert (found.to_ndarray()[:216] == data[:216, 200:320]).all()
    whole = cut_box(frame, CropBox(384, 216, 0, 0))
    assert (whole.to_ndarray() == data).all()
