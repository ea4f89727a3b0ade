"""What ``import spotkick`` shows, and what it costs."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import spotkick

FUNCTIONS = {
    "encode_shifts",
    "evaluate",
    "list_models",
    "load_model",
    "read_labels",
    "read_predictions",
    "spot",
    "spot_with_scores",
    "to_dataframe",
    "train",
}
CLASSES = {"Model"}
ROOMS = {
    "actions",
    "encoding",
    "evaluation",
    "features",
    "formats",
    "highlights",
    "losses",
    "models",
    "report",
    "timeline",
}


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_dir_of_package_is_the_public_surface() -> None:
    assert set(dir(spotkick)) == FUNCTIONS | CLASSES | ROOMS | {"__version__"}
    assert sorted(spotkick.__all__) == dir(spotkick)


@pytest.mark.parametrize("name", sorted(FUNCTIONS | CLASSES))
def test_public_name_is_loaded_and_documented(name: str) -> None:
    value = getattr(spotkick, name)
    assert callable(value)
    assert value.__doc__


@pytest.mark.parametrize("name", sorted(ROOMS))
def test_room_is_loaded_on_access_in_new_process(name: str) -> None:
    done = run_python(f"import spotkick; print(spotkick.{name}.__name__)")
    assert done.stdout == f"spotkick.{name}\n", done.stderr


def test_type_checkers_see_the_same_names_as_dir() -> None:
    source = ast.parse(Path(str(spotkick.__file__)).read_text())
    guarded = next(node for node in source.body if isinstance(node, ast.If))
    imported = {
        alias.name
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imported == set(dir(spotkick)) - {"__version__"}


@pytest.mark.parametrize("name", ["goals", "lode_model", "api2"])
def test_unknown_attribute_is_an_attribute_error(name: str) -> None:
    with pytest.raises(AttributeError, match=f"has no attribute '{name}'"):
        getattr(spotkick, name)


def test_import_loads_nothing_heavy() -> None:
    done = run_python(
        "import sys, spotkick; dir(spotkick)\n"
        "heavy = {'torch', 'onnxruntime', 'numpy', 'av', 'pydantic'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or 0)"
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("room", ["losses", "models"])
def test_torch_room_without_torch_names_the_extra(room: str) -> None:
    done = run_python(f"import sys; sys.modules['torch'] = None; import spotkick; spotkick.{room}")
    assert f"MissingExtraError: spotkick.{room} needs the package 'torch'" in done.stderr
    assert "pip install 'spotkick[train]'" in done.stderr


def test_train_without_torch_names_the_extra() -> None:
    done = run_python(
        "import sys; sys.modules['torch'] = None; import spotkick; spotkick.train('x.toml', 'out')"
    )
    assert "MissingExtraError: training needs the package 'torch'" in done.stderr


def test_all_of_every_room_exists() -> None:
    for name in sorted(ROOMS):
        module = importlib.import_module(f"spotkick.{name}")
        for public in getattr(module, "__all__", ()):
            assert hasattr(module, public), f"{name}.{public}"


@pytest.mark.parametrize(
    "name",
    [
        "encoding.time_shift",
        "encoding.slicing_for",
        "formats.convert",
        "formats.read_actions",
        "formats.read_label_set",
        "features.read_track",
        "features.backbone",
        "highlights.HighlightsConfig",
        "highlights.edl",
        "report.evaluation_page",
        "evaluation.bootstrap",
        "api.load_model",
        "checkpoint.read_checkpoint",
        "training.config",
    ],
)
def test_name_of_room_needs_no_import_of_its_own(name: str) -> None:
    done = run_python(f"import spotkick; print(spotkick.{name}.__name__)")
    assert done.stdout.strip().endswith(name.rpartition(".")[2]), done.stderr
