"""Draw what each list of a reel contains, as programs that are not ours read it.

    python tools/list_strips.py

Makes all lists of a reel from the labels of the bundled clip, at 25 frames a second, reads each
back (`tests/support/list_readers.py`), and writes ``docs/images/lists.svg``: one strip a list, in
the time of the reel. Needs the packages of the extra ``dev``.
"""

import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from spotkick.demo.data import CLIP_LABELS
from spotkick.formats.results import write_results
from spotkick.formats.soccernet import read_labels
from spotkick.highlights.edit_list_files import LIST_FORMATS
from spotkick.highlights.timecode import format_timecode
from spotkick.pipelines.highlights import make_highlights
from spotkick.pipelines.highlights_request import HighlightsRequest
from support.list_readers import READERS, ListedClip, read_clips

PICTURE: Final = Path(__file__).parent.parent / "docs" / "images" / "lists.svg"
RATE: Final = Fraction(25)
LENGTH_S: Final = 60.0
LABELS: Final = ("Goal", "Penalty", "Yellow card", "Corner")

_WIDTH: Final = 960
_LEFT: Final = 220
_RIGHT: Final = 20
_ROW: Final = 46
_TOP: Final = 40
_NARROW_PX: Final = 80
_STYLE: Final = (
    "text{font:12px sans-serif;fill:#222}.s{font-size:10px}.t{font-weight:bold;font-size:14px}"
    "rect{stroke:#fff}.c0{fill:#9ec5e8}.c1{fill:#f2c99a}line{stroke:#204a87;stroke-width:3}"
)


def main() -> None:
    """Make the lists, read them back, draw."""
    lists = make_lists()
    rows = {kind: read_clips(kind, text, RATE) for kind, text in sorted(lists.items())}
    PICTURE.write_text(draw_strips(rows, RATE), encoding="utf-8")


def make_lists() -> dict[str, str]:
    """The text of every list of a reel of the clip, whose labels are taken as certain spots."""
    labels = read_labels(CLIP_LABELS)
    spots = tuple(replace(a, confidence=0.99) for a in labels if a.label in LABELS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_results(folder / "spots.json", (replace(labels, actions=spots),))
        files = {kind: folder / f"reel.{kind}" for kind in READERS}
        settings = {"lead_s": dict.fromkeys(LABELS, (5.0, 7.0))}
        request = HighlightsRequest(
            folder / "spots.json",
            (),
            lists=files,
            budget_s=LENGTH_S,
            settings=settings,
            rate=RATE,
        )
        make_highlights(request)
        return {kind: path.read_bytes().decode() for kind, path in files.items() if path.is_file()}


def draw_strips(rows: dict[str, list[ListedClip]], rate: Fraction) -> str:
    """An SVG with a strip for each list; markers and chapters are lines."""
    total = max(clip.record_out for clips in rows.values() for clip in clips)
    height = _TOP + _ROW * len(rows) + 20
    label = "Clips of each list of a reel, as other programs read them"
    view = f'viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{label}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {view}>',
        f'<style>{_STYLE}</style><rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="20" y="24" class="t">One reel in every list, at {rate} frames a second</text>',
    ]

    def x(frame: int) -> float:
        return round(_LEFT + frame / total * (_WIDTH - _LEFT - _RIGHT), 1)

    for number, (kind, clips) in enumerate(rows.items()):
        top = _TOP + _ROW * number
        parts += [
            f'<text x="20" y="{top + 14}">{_escape(LIST_FORMATS[kind].title)}</text>',
            f'<text x="20" y="{top + 28}" class="s">read by {_escape(READERS[kind])}</text>',
        ]
        for place, clip in enumerate(clips):
            left, right = x(clip.record_in), x(clip.record_out)
            code = format_timecode(clip.record_in, rate, drop=False)
            if clip.source_in is not None:
                code += f" ← {format_timecode(clip.source_in, rate, drop=False)}"
            if right > left:
                parts.append(
                    f'<rect x="{left}" y="{top}" width="{right - left:.1f}" height="34" '
                    f'class="c{place % 2}"/>'
                )
            else:
                parts.append(f'<line x1="{left}" x2="{left}" y1="{top}" y2="{top + 34}"/>')
            near = right == left and _is_near(clips, place, x)
            name = f"{clip.name} {code}" if near else clip.name
            size = ' class="s"' if near else ""
            down = 28 if near and place and _is_near(clips[: place + 1], place, x) else 14
            parts.append(f'<text x="{left + 5}" y="{top + down}"{size}>{_escape(name)}</text>')
            if not near:
                parts.append(f'<text x="{left + 5}" y="{top + 28}" class="s">{code}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _is_near(clips: Sequence[ListedClip], place: int, x: Callable[[int], float]) -> bool:
    """Whether a marker is so close to a neighbour that their names need a line each."""
    here = x(clips[place].record_in)
    beside = [*clips[max(0, place - 1) : place], *clips[place + 1 : place + 2]]
    return any(abs(x(other.record_in) - here) < _NARROW_PX for other in beside)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


if __name__ == "__main__":
    main()
