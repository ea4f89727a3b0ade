import warnings
from pathlib import Path

import numpy as np
import pytest

from spotkick.errors import InputError, SpotkickWarning
from spotkick.highlights import fonts
from spotkick.highlights.captions import draw_caption
from spotkick.highlights.fonts import (
    bundled_font,
    has_glyph,
    load_font,
    split_runs,
    warn_about_missing_letters,
)

SIZE_PX = (640, 360)
TEXTS = [
    "Müller, Özil, ß Ž",
    "Гол Жёлтая",
    "Γκολ κάρτα",
    "هدف",
    "שער",
    "Ghi bàn Việt",
    "Գոլ",
    "გოლი",
]


@pytest.fixture
def no_system_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_system_fonts", lambda: ())
    fonts._find_system_font.cache_clear()


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.usefixtures("no_system_fonts")
def test_bundled_font_has_the_letters_of_a_script(text: str) -> None:
    assert all(has_glyph(bundled_font(), letter) for letter in text)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_about_missing_letters([text])
    assert len(split_runs(text)) == 1


@pytest.mark.usefixtures("no_system_fonts")
def test_warn_about_missing_letters_names_each_once() -> None:
    with pytest.warns(SpotkickWarning, match=r"letters of the captions: ゴ 試 합;.*--font"):
        warn_about_missing_letters(["Goal ゴ試", "ゴ합"])


def test_split_runs_letters_of_another_font_become_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    other = Path("other.ttf")
    monkeypatch.setattr(
        fonts, "has_glyph", lambda path, letter: (path == other) == (letter in "ゴール")
    )
    monkeypatch.setattr(fonts, "_find_system_font", lambda _: other)
    runs = [(run.text, run.font) for run in split_runs("1:05 · ゴール A")]
    assert runs == [("1:05 · ", bundled_font()), ("ゴール ", other), ("A", bundled_font())]


def test_draw_caption_different_letters_look_different() -> None:
    overlays = [draw_caption(text, SIZE_PX).luma for text in ("Ö", "Ü", "Ж", "Щ")]
    for number, one in enumerate(overlays):
        for other in overlays[number + 1 :]:
            assert one.shape != other.shape or not np.array_equal(one, other)


def test_draw_caption_given_font_is_used(tmp_path: Path) -> None:
    (tmp_path / "own.ttf").write_bytes(bundled_font().read_bytes())
    own = draw_caption("Tor für Köln", SIZE_PX, tmp_path / "own.ttf")
    np.testing.assert_array_equal(own.luma, draw_caption("Tor für Köln", SIZE_PX).luma)


@pytest.mark.parametrize("content", [None, b"", b"no font"])
def test_load_font_that_is_none_raises(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.ttf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=r"--font .*a\.ttf"):
        load_font(path, 20)
