import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

PARENT = """
import sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from os import getpid
from pathlib import Path
from spotkick.processes import end_with_parent

def work(folder):
    Path(folder, "pid").write_text(str(getpid()))
    while True:
        Path(folder, "alive").touch()
        time.sleep(0.05)

if __name__ == "__main__":
    spawn = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, initializer=end_with_parent) as pool:
        pool.submit(work, sys.argv[1]).result()
"""


def test_end_with_parent_killed_parent_ends_worker(tmp_path: Path) -> None:
    script, alive = tmp_path / "parent.py", tmp_path / "alive"
    script.write_text(PARENT, encoding="utf-8")
    with subprocess.Popen([sys.executable, str(script), str(tmp_path)]) as parent:
        _wait_until(alive.exists)
        parent.kill()
    _wait_until(lambda: time.time() - alive.stat().st_mtime > 1)


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
