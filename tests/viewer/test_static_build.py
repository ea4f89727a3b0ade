"""The built pages in the package are those of the sources in frontend/."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FRONT_END = ROOT / "frontend"
BUILT = ROOT / "src" / "spotkick" / "viewer" / "static"


@pytest.fixture
def node(missing: Callable[[str], None]) -> str:
    program = shutil.which("node")
    if program is None or not (FRONT_END / "node_modules").is_dir():
        missing("Node or the packages of the front end are not installed: npm ci in frontend/")
    return str(program)


def test_build_gives_the_committed_files(node: str, tmp_path: Path) -> None:
    command = [node, "scripts/build.mjs", str(tmp_path / "static")]
    subprocess.run(command, cwd=FRONT_END, check=True, timeout=120)
    fresh = {path.name: path.read_bytes() for path in (tmp_path / "static").iterdir()}
    committed = {path.name: path.read_bytes() for path in BUILT.iterdir()}
    assert sorted(fresh) == sorted(committed)
    stale = [name for name, data in fresh.items() if data != committed[name]]
    assert not stale, f"run 'npm run build' in frontend/ and commit: {stale}"


def test_sources_have_no_type_errors(node: str) -> None:
    del node
    npm = shutil.which("npm")
    assert npm is not None
    done = subprocess.run(
        [npm, "run", "--silent", "check"],
        cwd=FRONT_END,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout
