"""Files derived from videos are made once, and the oldest of too many are removed."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from spotkick.viewer.cached_files import CachedFileMaker, remove_oldest


def make_maker(folder: Path, made: list[Path]) -> CachedFileMaker:
    def make(video: Path, target: Path, progress: Callable[[float], object]) -> None:
        progress(0.5)
        made.append(video)
        target.write_bytes(b"x" * 10)

    return CachedFileMaker(folder, make, suffix=".bin", version=1, most_bytes=100)


def wait_for(maker: CachedFileMaker, video: Path) -> str:
    while maker.state(video).state in ("waiting", "running"):
        time.sleep(0.01)
    return maker.state(video).state


def test_cached_file_maker_request_makes_each_file_once(tmp_path: Path) -> None:
    videos = [tmp_path / name for name in ("a.mp4", "b.mp4")]
    made: list[Path] = []
    maker = make_maker(tmp_path / "cache", made)
    for video in videos:
        video.write_bytes(video.name.encode())
        maker.request(video)
    assert [wait_for(maker, video) for video in videos] == ["done", "done"]

    # Another run finds them; a changed video is made anew.
    again = make_maker(tmp_path / "cache", made)
    assert again.request(videos[0]).state == "done"
    assert made == videos
    videos[0].write_bytes(b"another recording")
    assert again.find(videos[0]) is None


def test_remove_oldest_keeps_the_latest_files(tmp_path: Path) -> None:
    for age in range(4):
        path = tmp_path / f"{age}.mp4"
        path.write_bytes(bytes(1000))
        os.utime(path, (1000 - age, 1000 - age))
    (tmp_path / "other.txt").write_bytes(bytes(5000))
    remove_oldest(tmp_path, ".mp4", 2500, keep=tmp_path / "0.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.mp4", "1.mp4", "other.txt"]
