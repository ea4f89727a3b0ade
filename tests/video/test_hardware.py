"""Decoding on a video unit, and what happens where there is none."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from spotkick.errors import ConfigError, SpotkickWarning
from spotkick.video import hardware, opening
from spotkick.video.decode import sample_video
from spotkick.video.hardware import hardware_decoder
from support.pattern_video import Pattern, write_pattern_video


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_hardware_decoder_is_asked_for_by_name_only(device: str) -> None:
    assert hardware_decoder(device) is None


def test_hardware_decoder_names_the_card_and_lets_the_cpu_decode_what_it_cannot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr(hardware, "hwdevices_available", lambda: ["cuda"])
    monkeypatch.setattr(hardware, "HWAccel", lambda **options: asked.update(options))
    hardware_decoder("cuda:1")
    assert asked == {"device_type": "cuda", "device": "1", "allow_software_fallback": True}


def test_hardware_decoder_without_cuda_in_ffmpeg_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "hwdevices_available", list)
    assert hardware_decoder("cuda") is None


def test_hardware_decoder_other_name_is_refused() -> None:
    with pytest.raises(ConfigError, match="--device must be"):
        hardware_decoder("gpu")


def test_sample_video_where_the_video_unit_does_not_start_decodes_on_the_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "match.mp4"
    write_pattern_video(path, Pattern(num_frames=30))
    expected = [sample.image for sample in sample_video(path, Fraction(2))]
    opened = av.open

    def open_without_card(*args: Any, hwaccel: Any = None, **options: Any) -> Any:
        if hwaccel is not None:
            raise PermissionError(1, "Operation not permitted")
        return opened(*args, **options)

    monkeypatch.setattr(opening, "hardware_decoder", lambda _: "a decoder")
    monkeypatch.setattr(opening.av, "open", open_without_card)
    with pytest.warns(SpotkickWarning, match="decoded on the CPU, since 'cuda' cannot decode here"):
        found = [sample.image for sample in sample_video(path, Fraction(2), device="cuda")]
    assert np.array_equal(found, expected)
