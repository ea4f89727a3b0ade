"""Draw the figures of docs/images from the code itself: loss surface, encoding, network.

    python tools/figures.py

After figures 1 to 3 of the paper. Slicing and sizes are those of the preset for goals and of
``configs/soccernet-v1.toml``; what is drawn is what the functions return.
"""

import io
from base64 import b64encode
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from spotkick.encoding.slicing import SLICING_V1, ContextSlicing
from spotkick.encoding.time_shift import action_frames, time_shift_encoding
from spotkick.losses import context_aware_loss
from spotkick.models import CalfArchitecture, CalfNetwork

IMAGES: Final = Path(__file__).parent.parent / "docs" / "images"
RATE: Final = Fraction(2)

SEGMENTS: Final = (
    ("far before", "#dfe6ee"),
    ("transition before", "#b9cbe0"),
    ("just before", "#fff3c4"),
    ("just after", "#bfe3c0"),
    ("transition after", "#cfc0e4"),
    ("far after", "#ebe4f2"),
)
"""Names and colours of the six segments that K1 to K4 and the action separate."""

_STYLE: Final = (
    "text{font:13px system-ui,sans-serif;fill:#1c2733}.small{font-size:11px}.title{font-weight:600}"
    "path,line,polyline{fill:none;stroke:#1c2733}rect.frame{fill:none;stroke:#7a8794}"
)

Array = npt.NDArray[np.float64]


def write_svg(path: Path, size: tuple[int, int], parts: Sequence[str]) -> None:
    """Write an SVG on a white ground, so that it is readable on dark pages, too."""
    width, height = size
    body = "\n".join(parts)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}"><style>{_STYLE}</style>'
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n{body}\n</svg>\n',
        encoding="utf-8",
    )


def text(x: float, y: float, content: str, *, anchor: str = "start", css: str = "") -> str:
    """A line of text."""
    content = content.replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{css}">{content}</text>'


def loss_at(shifts_s: Array, scores: Array, bounds_s: Sequence[float], variant: str) -> Array:
    """Loss for each pair of a shift in seconds and a score, both arrays of one shape."""
    slicing = ContextSlicing((tuple(bounds_s),)).frames(RATE)  # type: ignore[arg-type]
    values = context_aware_loss(
        torch.from_numpy(scores)[..., None],
        torch.from_numpy(shifts_s * float(RATE))[..., None],
        torch.from_numpy(slicing),
        variant=variant,  # type: ignore[arg-type]
        reduction="none",
    )
    return np.asarray(values[..., 0].numpy())


def draw_loss(path: Path) -> None:
    """Figure 1: the loss of a frame over its time shift and its score, for two variants."""
    bounds = SLICING_V1["goal"]
    low, high = bounds[0] - 15, bounds[3] + 25
    columns, rows = 540, 220
    shifts, scores = np.meshgrid(np.linspace(low, high, columns), np.linspace(0.999, 0.001, rows))

    parts = []
    for number, variant in enumerate(("paper", "symmetric")):
        left, top = 60, 50 + number * (rows + 90)
        loss = loss_at(shifts, scores, bounds, variant)
        parts += [
            text(left, top - 26, f'Loss of a goal, variant "{variant}"', css="title"),
            _embed_image(_colour(loss / 3.0), left, top),
            text(left - 8, top + 12, "p = 1", anchor="end"),
            text(left - 8, top + rows, "p = 0", anchor="end"),
        ]
        for name, value in zip(
            ("K1", "K2", "0", "K3", "K4"), (*bounds[:2], 0, *bounds[2:]), strict=True
        ):
            x = left + columns * (value - low) / (high - low)
            parts += [
                (
                    f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{top + rows + 5}" '
                    'stroke-dasharray="3 3"/>'
                ),
                text(x, top + rows + 18, name, anchor="middle"),
                text(x, top + rows + 33, f"{value:g} s", anchor="middle", css="small"),
            ]

    # Legend: the same colours from no loss to three and more.
    ramp = np.tile(np.linspace(1, 0, rows)[:, None], (1, 16))
    parts += [
        _embed_image(_colour(ramp), 630, 50),
        text(652, 60, "3 and more"),
        text(652, 50 + rows, "0"),
        text(630, 36, "loss"),
    ]
    write_svg(path, (740, 620), parts)


def _colour(values: Array) -> npt.NDArray[np.uint8]:
    """Values of 0 to 1 as colours from white over orange to dark red."""
    stops = np.array([[255, 255, 255], [254, 217, 142], [240, 120, 50], [130, 10, 30]], dtype=float)
    places = np.linspace(0, 1, len(stops))
    clipped = np.clip(values, 0, 1)
    channels = [np.interp(clipped, places, stops[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def _embed_image(pixels: npt.NDArray[np.uint8], x: float, y: float) -> str:
    height, width = pixels.shape[:2]
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    data = b64encode(buffer.getvalue()).decode()
    return (
        f'<image x="{x}" y="{y}" width="{width}" height="{height}" '
        f'href="data:image/png;base64,{data}"/>'
        f'<rect class="frame" x="{x}" y="{y}" width="{width}" height="{height}"/>'
    )


def draw_encoding(path: Path) -> None:
    """Figure 2: time shift, segment, and loss at p = 0.8 of each frame around two actions."""
    bounds = SLICING_V1["card"]
    slicing = ContextSlicing((bounds,)).frames(RATE)
    length_s, actions_s = 120, (35, 82)
    num_frames = int(length_s * RATE)
    marked = action_frames(
        [int(action * RATE) for action in actions_s], [0, 0], num_frames, num_classes=1
    )
    shifts_s = time_shift_encoding(marked, slicing)[:, 0].astype(np.float64) / float(RATE)
    loss = loss_at(shifts_s, np.full(num_frames, 0.8), bounds, "paper")

    left, width = 70, 640
    scale = width / num_frames
    parts = [
        text(
            left,
            24,
            f"Two cards at {actions_s[0]} s and {actions_s[1]} s; "
            f"K = ({', '.join(f'{value:g}' for value in bounds)}) s",
            css="title",
        )
    ]

    # One coloured strip per run of frames in the same segment, behind both curves.
    segment = np.digitize(shifts_s, [bounds[0], bounds[1], 0, bounds[2], bounds[3]])
    starts = np.flatnonzero(np.diff(segment, prepend=-1))
    for start, end in zip(starts, [*starts[1:], num_frames], strict=True):
        parts.append(
            f'<rect x="{left + start * scale:.1f}" y="40" width="{(end - start) * scale:.1f}" '
            f'height="300" fill="{SEGMENTS[segment[start]][1]}"/>'
        )
    parts += _curve(shifts_s, -45, 45, box=(left, 40, width, 150), label="time shift s")
    parts += _curve(loss, 0, 2, box=(left, 190, width, 150), label="loss at p = 0.8")
    for action in actions_s:
        x = left + action * float(RATE) * scale
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="40" y2="340" stroke-width="1.5"/>')
        parts.append(text(x, 356, f"{action} s", anchor="middle"))

    for number, (name, colour) in enumerate(SEGMENTS):
        x, y = left + (number % 3) * 215, 372 + (number // 3) * 24
        parts.append(
            f'<rect class="frame" style="fill:{colour}" x="{x}" y="{y}" width="16" height="16"/>'
        )
        parts.append(text(x + 24, y + 13, name))
    write_svg(path, (740, 424), parts)


def _curve(
    values: Array, low: float, high: float, *, box: tuple[int, int, int, int], label: str
) -> list[str]:
    """A curve in a box (left, top, width, height); steps where neighbours are far apart."""
    left, top, width, height = box
    x = left + np.arange(len(values)) * width / len(values)
    y = top + height * (1 - (np.clip(values, low, high) - low) / (high - low))
    path = "".join(
        f"{'M' if index == 0 or abs(b - a) > (high - low) / 4 else 'L'}{column:.1f} {row:.1f}"
        for index, (column, row, a, b) in enumerate(
            zip(x, y, np.concatenate((values[:1], values[:-1])), values, strict=True)
        )
    )
    zero = top + height * (1 - (0 - low) / (high - low))
    return [
        f'<rect class="frame" x="{left}" y="{top}" width="{width}" height="{height}"/>',
        (
            f'<line x1="{left}" x2="{left + width}" y1="{zero:.1f}" y2="{zero:.1f}" '
            'stroke-dasharray="2 4"/>'
        ),
        f'<path d="{path}" stroke-width="2"/>',
        text(left + 6, top + 16, label),
        text(left - 6, top + 12, f"{high:g}", anchor="end", css="small"),
        text(left - 6, top + height, f"{low:g}", anchor="end", css="small"),
    ]


def draw_network(path: Path) -> None:
    """Figure 3: the layers of CALF with the sizes of ``configs/soccernet-v1.toml``."""
    sizes = CalfArchitecture(feature_dim=512, num_classes=3)
    network = CalfNetwork(sizes)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    chunk, classes = sizes.chunk_frames, sizes.num_classes
    output = network.eval()(torch.zeros(1, chunk, sizes.feature_dim))

    boxes = (
        (20, 120, "features", f"{chunk} x {sizes.feature_dim}", "#dfe6ee"),
        (150, 120, "frame layers", " / ".join(map(str, sizes.hidden)), "#fff3c4"),
        (280, 120, "pyramid", " / ".join(map(str, sizes.pyramid)), "#fff3c4"),
        (430, 50, "capsules", f"{classes} x {sizes.capsule_dim} per frame", "#bfe3c0"),
        (620, 50, "scores", "x".join(map(str, output.scores.shape[1:])), "#bfe3c0"),
        (430, 190, "spotting module", "pooling, convolutions", "#b9cbe0"),
        (620, 190, "spots", "x".join(map(str, output.spots.shape[1:])), "#b9cbe0"),
    )
    arrows = (
        "M120 150H150", "M250 150H280", "M380 140H405V80H430", "M380 160H405V220H430",
        "M570 80H620", "M570 220H620", "M675 110V150H500V190",
    )  # fmt: skip

    parts = [
        (
            '<defs><marker id="a" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
            '<path d="M0 0L8 4L0 8z" style="fill:#1c2733;stroke:none"/></marker></defs>'
        ),
        text(20, 26, f"CALF for {classes} classes: {parameters:,} parameters", css="title"),
        text(
            396,
            108,
            f"receptive field {sizes.receptive_field_frames} frames",
            anchor="end",
            css="small",
        ),
        text(430, 40, "segmentation module", css="small"),
    ]
    parts += [f'<path d="{arrow}" marker-end="url(#a)"/>' for arrow in arrows]
    for x, y, name, detail, colour in boxes:
        width = 140 if x == 430 else 110 if x > 430 else 100
        parts += [
            (
                f'<rect class="frame" style="fill:{colour}" x="{x}" y="{y}" '
                f'width="{width}" height="60" rx="6"/>'
            ),
            text(x + width / 2, y + 26, name, anchor="middle"),
            text(x + width / 2, y + 44, detail, anchor="middle", css="small"),
        ]
    write_svg(path, (750, 270), parts)


def main() -> None:
    """Draw all three."""
    draw_loss(IMAGES / "loss.svg")
    draw_encoding(IMAGES / "encoding.svg")
    draw_network(IMAGES / "network.svg")


if __name__ == "__main__":
    main()
