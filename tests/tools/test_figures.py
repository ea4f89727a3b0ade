"""Figures of the documentation are drawn from the code."""

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

import figures
from spotkick.encoding.slicing import SLICING_V1


@pytest.mark.parametrize(
    ("draw", "name", "words"),
    [
        (figures.draw_loss, "loss.svg", ("K1", "K4", "90 s")),
        (figures.draw_encoding, "encoding.svg", ("just before", "transition after", "35 s")),
        (figures.draw_network, "network.svg", ("332,129 parameters", "receptive field 80 frames")),
    ],
    ids=["loss", "encoding", "network"],
)
def test_draw_figure_is_svg_with_its_terms(
    draw: object, name: str, words: tuple[str, ...], tmp_path: Path
) -> None:
    assert callable(draw)
    draw(tmp_path / name)
    text = "".join(ET.parse(tmp_path / name).getroot().itertext())  # noqa: S314 (our own file)
    assert all(word in text for word in words)
    assert (figures.IMAGES / name).is_file()


def test_loss_at_known_points() -> None:
    shifts = np.array([[-5.0, 100.0, -100.0]])
    loss = figures.loss_at(shifts, np.full((1, 3), 0.5), SLICING_V1["goal"], "paper")
    # Just before an action nothing is asked; far from it 0.5 costs ln 2, less the margin.
    np.testing.assert_allclose(loss[0], [0, np.log(2 * 0.9), np.log(2 * 0.9)], atol=1e-6)
