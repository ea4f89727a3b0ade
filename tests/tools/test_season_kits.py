import importlib.util
import struct
import sys
from pathlib import Path

import numpy as np
import pytest

PATH = Path(__file__).parents[2] / "tools" / "season" / "kits.py"
SPEC = importlib.util.spec_from_file_location("season_kits", PATH)
assert SPEC is not None
assert SPEC.loader is not None
kits = importlib.util.module_from_spec(SPEC)
sys.modules["season_kits"] = kits  # dataclasses look their module up
SPEC.loader.exec_module(kits)


def make_bmp(pixels: np.ndarray, masks: tuple[int, int, int, int] | None) -> bytes:
    """A BMP written pixel by pixel: rows from the bottom up, padded to four bytes.

    RGBA masks mean 32 bits a pixel.
    """
    height, width = pixels.shape[:2]
    body = bytearray()
    for row in pixels[::-1]:
        line = bytearray()
        for red, green, blue, alpha in row.tolist():
            if masks is None:
                line += bytes([blue, green, red])
            else:
                value = 0
                for colour, mask in zip((red, green, blue, alpha), masks, strict=True):
                    value |= colour << ((mask & -mask).bit_length() - 1)
                line += struct.pack("<I", value)
        body += line + b"\0" * (-len(line) % 4)
    head = struct.pack("<2sIHHI", b"BM", 138 + len(body), 0, 0, 138)
    head += struct.pack(
        "<IiiHHIIiiII",
        124,
        width,
        height,
        1,
        24 if masks is None else 32,
        3 if masks else 0,
        len(body),
        0,
        0,
        0,
        0,
    )
    head += struct.pack("<IIII", *(masks or (0, 0, 0, 0)))
    return head.ljust(138, b"\0") + bytes(body)


BGRA = (0x00FF0000, 0x0000FF00, 0x000000FF, 0xFF000000)
RGBA = (0xFF000000, 0x00FF0000, 0x0000FF00, 0x000000FF)


@pytest.mark.parametrize("masks", [None, BGRA, RGBA])
@pytest.mark.parametrize("width", [4, 5, 7])
def test_bmp_colours_are_replaced_and_rest_stays(
    masks: tuple[int, int, int, int] | None, width: int
) -> None:
    rng = np.random.default_rng(width)
    old, new = rng.integers(0, 256, (2, 3, width, 4), np.uint8)
    new[..., 3] = old[..., 3]
    data = make_bmp(old, masks)
    np.testing.assert_array_equal(kits.read_pixels(data)[0], old[..., :3])
    assert kits.replace_pixels(data, new[..., :3]) == make_bmp(new, masks)


def test_bmp_other_size_is_refused() -> None:
    data = make_bmp(np.zeros((2, 4, 4), np.uint8), None)
    with pytest.raises(ValueError, match="must be"):
        kits.replace_pixels(data, np.zeros((4, 2, 3), np.uint8))


def test_kits_of_match_differ_in_colour() -> None:
    for seed in range(200):
        rng = np.random.default_rng(seed)
        left = kits.draw_kit(rng, (kits.REFEREE_COLOURS[0],))
        right = kits.draw_kit(rng, (kits.REFEREE_COLOURS[0], left.shirt))
        assert kits.contrast(left.shirt, right.shirt) > 100
        assert right.second != left.shirt
        assert left.second != left.shirt


def test_kit_pattern_paints_shirt_with_both_colours() -> None:
    for pattern in kits.PATTERNS[1:]:
        image = kits.paint_kit(kits.Kit(pattern, (1, 2, 3), (4, 5, 6), (7, 8, 9), (10, 11, 12)))
        colours = {tuple(c) for c in image[kits.SHIRT_ROWS].reshape(-1, 3)[::37].tolist()}
        assert colours == {(1, 2, 3), (4, 5, 6)}
        assert (image[kits.SOCKS_ROWS] == (10, 11, 12)).all()


def test_write_data_folder_links_and_keeps_originals(tmp_path: Path) -> None:
    source, target = tmp_path / "engine", tmp_path / "match"
    (source / "a").mkdir(parents=True)
    (source / "a" / "plain.txt").write_text("old")
    kits.link_tree(source, target)
    assert (target / "a" / "plain.txt").is_symlink()
    kits.write_own(target, "a/plain.txt", b"new")
    assert (target / "a" / "plain.txt").read_text() == "new"
    assert (source / "a" / "plain.txt").read_text() == "old"


def test_replace_once_missing_passage_is_refused() -> None:
    with pytest.raises(ValueError, match="another engine version"):
        kits.replace_once("a b c", "d", "e")
