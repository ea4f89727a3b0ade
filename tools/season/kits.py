"""Give every rendered match its own look: kits, boards, crowd, grass, club signs, all fictional.

The engine reads its textures from a data folder. `write_data_folder` makes a copy of that folder
out of symbolic links, in which only the recoloured textures and two settings of the renderer are
files of their own.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
Image = NDArray[np.uint8]

PALETTE: tuple[Colour, ...] = (
    (225, 225, 225),
    (200, 30, 35),
    (25, 55, 165),
    (240, 205, 40),
    (35, 35, 40),
    (235, 120, 25),
    (110, 185, 235),
    (110, 40, 130),
    (130, 25, 50),
    (20, 130, 135),
    (240, 140, 185),
    (150, 110, 70),
)
REFEREE_COLOURS: tuple[Colour, ...] = ((20, 20, 20), (245, 240, 60), (230, 60, 160), (60, 225, 215))
PATTERNS = ("plain", "stripes", "hoops", "halves", "sash", "sleeves")
MINIMUM_CONTRAST = (
    190.0  # Euclidean distance of two colours in 8-bit RGB below which kits look alike at 224 lines
)

# Bands of rows in the 1024 x 1024 kit texture, of which the left half is the front and the right
# half the back.
SHIRT_ROWS = slice(0, 412)
SHORTS_ROWS = slice(412, 572)
SOCKS_ROWS = slice(572, 1024)

KIT_FILES = (
    # the engine's file name for its left team
    "databases/default/images_teams/primeradivision/fcbarcelona_kit_02.bmp",
    # and for its right team
    "databases/default/images_teams/primeradivision/realmadrid_kit_02.bmp",
)
SIGN_FILES = (
    "databases/default/images_teams/primeradivision/fcbarcelona_logo.bmp",
    "databases/default/images_teams/primeradivision/realmadrid_logo.bmp",
    "media/menu/league.bmp",
)
GOALKEEPER_FILE = "media/objects/players/textures/goalie_kit.bmp"
REFEREE_FILE = "media/objects/players/textures/referee_kit.bmp"
BALL_FILE = "media/objects/balls/ball.bmp"
CROWD_FILE = "media/textures/stadium/crowd01.bmp"
GRASS_FILE = "media/textures/pitch/seamlessgrass08.bmp"
BOARD_FOLDER = "media/textures/adboards"
BOARD_STRIP_FILE = "media/objects/stadiums/test/abstractads.bmp"
SUN_FILE = "media/objects/lighting/generic.object"
AMBIENT_SHADER_FILE = "media/shaders/ambient.frag"


@dataclass(frozen=True)
class Kit:
    """Colours and pattern of a team's clothes."""

    pattern: str
    shirt: Colour
    second: Colour
    shorts: Colour
    socks: Colour


def contrast(first: Colour, second: Colour) -> float:
    """Euclidean distance of two 8-bit RGB colours."""
    return float(np.linalg.norm(np.subtract(first, second, dtype=np.float64)))


def draw_kit(rng: np.random.Generator, avoid: tuple[Colour, ...]) -> Kit:
    """Draws a kit whose shirt stands out from the colours to avoid.

    Args:
        rng: Source of chance.
        avoid: Shirts of the opponent and the referee.

    Returns:
        The kit.
    """
    choices = [
        colour
        for colour in PALETTE
        if all(contrast(colour, other) >= MINIMUM_CONTRAST for other in avoid)
    ]
    # With three shirts to avoid nothing may be left: then the colour farthest from the nearest of
    # them.
    shirt = (
        choices[rng.integers(len(choices))]
        if choices
        else max(PALETTE, key=lambda c: min(contrast(c, o) for o in avoid))
    )
    others = [colour for colour in PALETTE if colour != shirt and colour not in avoid]
    second = others[rng.integers(len(others))]
    shorts = shirt if rng.random() < 0.4 else PALETTE[rng.integers(len(PALETTE))]
    socks = shirt if rng.random() < 0.5 else shorts
    return Kit(str(rng.choice(PATTERNS)), shirt, second, shorts, socks)


def paint_kit(kit: Kit, size_px: int = 1024) -> Image:
    """Paints the texture of a kit.

    Args:
        kit: What to paint.
        size_px: Side of the texture.

    Returns:
        (size_px, size_px, 3) RGB.
    """
    image = np.empty((size_px, size_px, 3), np.uint8)
    image[SHIRT_ROWS] = kit.shirt
    image[SHORTS_ROWS] = kit.shorts
    image[SOCKS_ROWS] = kit.socks
    y, x = np.mgrid[0:size_px, 0:size_px]
    x = x % (size_px // 2)
    masks = {
        "plain": np.zeros(x.shape, bool),
        "stripes": x // 52 % 2 == 0,
        "hoops": y // 58 % 2 == 0,
        "halves": x < size_px // 4,
        "sash": np.abs(x - y - 50) < 60,
        "sleeves": (x < 110) | (x > 400),
    }
    mask = masks[kit.pattern]
    shirt = image[SHIRT_ROWS]
    shirt[mask[SHIRT_ROWS]] = kit.second
    image[SHORTS_ROWS.stop - 24 : SHORTS_ROWS.stop] = kit.second
    return image


def paint_sign(shape: tuple[int, int], inner: Colour, outer: Colour) -> Image:
    """Paints a two-coloured disc on black, the sign of a club that does not exist.

    Args:
        shape: Height and width in pixels.
        inner: Colour of the middle.
        outer: Colour of the ring.

    Returns:
        (height, width, 3) RGB.
    """
    height, width = shape
    y, x = np.mgrid[0:height, 0:width]
    radius = np.hypot(y - (height - 1) / 2, x - (width - 1) / 2) / (min(shape) / 2)
    image = np.zeros((height, width, 3), np.uint8)
    image[radius <= 1.0] = outer
    image[radius <= 0.6] = inner
    return image


def paint_board(shape: tuple[int, int], rng: np.random.Generator) -> Image:
    """Paints an advertising board of plain blocks of two colours."""
    height, width = shape
    colours = [PALETTE[i] for i in rng.choice(len(PALETTE), 2, replace=False)]
    block_px = width // int(rng.integers(4, 13))
    index = (np.arange(width) // max(1, block_px)) % 2
    row = np.asarray(colours, np.uint8)[index]
    return np.broadcast_to(row, (height, width, 3)).copy()


def read_pixels(data: bytes) -> tuple[Image, int, list[int]]:
    """Reads an uncompressed BMP of 24 or 32 bits a pixel.

    Args:
        data: The file.

    Returns:
        (height, width, 3) RGB; where the pixels start in the file; the byte of red, green and blue
        in a pixel.

    Raises:
        ValueError: Another kind of BMP.
    """
    offset, width, height, bits = (
        int.from_bytes(data[start:stop], "little")
        for start, stop in ((10, 14), (18, 22), (22, 26), (28, 30))
    )
    if data[:2] != b"BM" or bits not in {24, 32}:
        raise ValueError(f"expected a BMP with 24 or 32 bits a pixel, found {bits}")
    order = [2, 1, 0]
    if bits == 32:
        masks = [int.from_bytes(data[54 + 4 * i : 58 + 4 * i], "little") for i in range(3)]
        order = [(mask.bit_length() - 1) // 8 for mask in masks]
    row_bytes = (width * bits // 8 + 3) // 4 * 4
    rows = np.frombuffer(data, np.uint8, row_bytes * height, offset).reshape(height, row_bytes)
    pixels = rows[:, : width * bits // 8].reshape(height, width, bits // 8)[::-1]
    return np.ascontiguousarray(pixels[:, :, order]), offset, order


def replace_pixels(data: bytes, image: Image) -> bytes:
    """Puts other colours into a BMP and leaves its header and its transparency as they are.

    Args:
        data: The file.
        image: (height, width, 3) RGB of the same size.

    Returns:
        The new file.
    """
    old, offset, order = read_pixels(data)
    if old.shape != image.shape:
        raise ValueError(f"the picture must be {old.shape}, found {image.shape}")
    height, width = image.shape[:2]
    pixel_bytes = int.from_bytes(data[28:30], "little") // 8
    row_bytes = (width * pixel_bytes + 3) // 4 * 4
    out = np.frombuffer(data, np.uint8).copy()
    rows = out[offset : offset + row_bytes * height].reshape(height, row_bytes)
    pixels = rows[:, : width * pixel_bytes].reshape(height, width, pixel_bytes)
    for channel, byte in enumerate(order):
        pixels[:, :, byte] = image[::-1, :, channel]
    rows[:, : width * pixel_bytes] = pixels.reshape(height, width * pixel_bytes)
    return out.tobytes()


def tint(image: Image, factors: NDArray[np.float64]) -> Image:
    """Multiplies the channels of a picture."""
    return np.clip(np.rint(image * factors), 0, 255).astype(np.uint8)


def link_tree(source: Path, target: Path) -> None:
    """Copies a folder tree with symbolic links for its files."""
    for path in sorted(source.rglob("*")):
        copy = target / path.relative_to(source)
        if path.is_dir():
            copy.mkdir(parents=True, exist_ok=True)
        else:
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.unlink(missing_ok=True)
            copy.symlink_to(path.resolve())


def write_own(target: Path, name: str, content: bytes) -> None:
    """Replaces a link of a data folder by a file of its own; never writes through the link."""
    path = target / name
    path.unlink()
    path.write_bytes(content)


def repaint(source: Path, target: Path, name: str, image: Image) -> None:
    """Writes a texture with other colours into a data folder."""
    write_own(target, name, replace_pixels((source / name).read_bytes(), image))


def replace_once(text: str, old: str, new: str) -> str:
    """Replaces a passage that must occur exactly once."""
    if text.count(old) != 1:
        raise ValueError(
            f"expected {old!r} once in the engine's data, found it {text.count(old)} times: "
            "another engine version?"
        )
    return text.replace(old, new)


def write_data_folder(source: Path, target: Path, seed: int) -> tuple[Kit, Kit]:
    """Makes the data folder of one match.

    Args:
        source: The engine's own data folder.
        target: Where to make the copy.
        seed: Decides the look.

    Returns:
        The kits of the left and the right team.
    """
    source, target = source.resolve(), target.resolve()
    link_tree(source, target)
    rng = np.random.default_rng(seed)
    referee = REFEREE_COLOURS[rng.integers(len(REFEREE_COLOURS))]
    left = draw_kit(rng, (referee,))
    right = draw_kit(rng, (referee, left.shirt))
    goalkeeper = draw_kit(rng, (left.shirt, right.shirt))
    dressed = ((KIT_FILES[0], left), (KIT_FILES[1], right), (GOALKEEPER_FILE, goalkeeper))
    for name, kit in (
        *dressed,
        (REFEREE_FILE, Kit("plain", referee, referee, (20, 20, 20), (20, 20, 20))),
    ):
        repaint(source, target, name, paint_kit(kit))

    def shape_of(name: str) -> tuple[int, int]:
        height, width = read_pixels((source / name).read_bytes())[0].shape[:2]
        return height, width

    for name, kit in zip(SIGN_FILES, (left, right, goalkeeper), strict=True):
        repaint(source, target, name, paint_sign(shape_of(name), kit.shirt, kit.second))
    boards = sorted(
        path.relative_to(source).as_posix() for path in (source / BOARD_FOLDER).glob("*.bmp")
    )
    for name in (*boards, BOARD_STRIP_FILE):
        repaint(source, target, name, paint_board(shape_of(name), rng))
    repaint(source, target, BALL_FILE, np.full((*shape_of(BALL_FILE), 3), 235, np.uint8))
    for name, spread in ((CROWD_FILE, 0.35), (GRASS_FILE, 0.12)):
        factors = 1.0 + rng.uniform(-spread, spread, 3)
        repaint(source, target, name, tint(read_pixels((source / name).read_bytes())[0], factors))

    # Shadows and fine ambient occlusion cost most of the time of a software renderer and show
    # little at 224 lines.
    sun = replace_once(
        (source / SUN_FILE).read_text(), "<shadow>true</shadow>", "<shadow>false</shadow>"
    )
    write_own(target, SUN_FILE, sun.encode())
    shader = replace_once(
        (source / AMBIENT_SHADER_FILE).read_text(), "i < SSAO_kernelSize;", "i < 4;"
    )
    shader = replace_once(shader, "SSAO /= SSAO_kernelSize * 1.0f;", "SSAO /= 4.0f;")
    write_own(target, AMBIENT_SHADER_FILE, shader.encode())
    return left, right
