from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from spotkick.highlights.reel_names import name_reels


def test_name_reels_same_beginnings_stay_apart() -> None:
    names = ["h1/video.mp4", "h2/video.mp4", "recording-a.mp4", "recording-b.mp4", "Köln.mp4"]
    reels = list(name_reels([Path(name) for name in names]).values())
    assert reels == ["VIDEO", "VIDEO2", "RECORDIN", "RECORDI2", "KOLN"]


@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=40, unique=True))
def test_name_reels_any_names_are_unique_letters_and_digits(names: list[str]) -> None:
    paths = [Path(f"{number}") / name.replace("/", "-") for number, name in enumerate(names)]
    reels = list(name_reels(paths).values())
    assert len(set(reels)) == len(paths)
    assert all(1 <= len(reel) <= 8 and reel.isascii() and reel.isalnum() for reel in reels)
