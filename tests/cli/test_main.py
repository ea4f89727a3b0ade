"""The program's frame: help, version, errors in one line, and imports only when they are needed."""

import errno
import importlib
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from spotkick import __version__
from spotkick.cli import main
from spotkick.errors import ConfigError, InputError, MissingExtraError, SpotkickError, StorageError

HEAVY = (
    "torch",
    "sklearn",
    "scipy",
    "pandas",
    "onnx",
    "onnxruntime",
    "h5py",
    "tensorboard",
    "plotly",
    "scenedetect",
)


@pytest.fixture
def run_with(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """A function that runs the program with its own command ``probe``; gives the exit code."""

    def run(probe: Callable[[], None], *arguments: str) -> int:
        app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)
        app.callback()(lambda: None)
        app.command("probe")(probe)
        monkeypatch.setattr(main, "build_app", lambda _: app)
        monkeypatch.setattr(sys, "argv", ["spotkick", *(arguments or ("probe",))])
        monkeypatch.setattr(
            warnings, "formatwarning", warnings.formatwarning
        )  # the program replaces it for good
        with pytest.raises(SystemExit) as caught:
            main.run()
        return int(caught.value.code or 0)

    return run


def raising(error: BaseException) -> Callable[[], None]:
    def probe() -> None:
        raise error

    return probe


def interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def program(*arguments: str, prelude: str = "") -> subprocess.CompletedProcess[str]:
    """Run the program in an interpreter of its own; ``prelude`` is code that runs first."""
    code = (
        f"{prelude}\nimport sys\nfrom spotkick.cli.main import run\n"
        f"sys.argv = ['spotkick', *{list(arguments)!r}]\nrun()\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize(
    "error",
    [
        InputError("a.json: not valid JSON"),
        ConfigError("unknown key"),
        StorageError("cannot write"),
        MissingExtraError("torch", "train", "training"),
        SpotkickError("first line\n  second   line"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_run_spotkick_error_is_one_line_and_exit_1(
    error: SpotkickError, run_with: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_with(raising(error)) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"error: {' '.join(str(error).split())}\n"


def test_run_other_error_keeps_its_traceback(run_with: Callable[..., int]) -> None:
    with pytest.raises(ZeroDivisionError):
        run_with(raising(ZeroDivisionError("a defect")))


def test_run_success_is_exit_0_and_wrong_usage_exit_2(
    run_with: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_with(lambda: None) == 0
    assert run_with(lambda: None, "probe", "--nonsense") == 2
    assert "No such option" in capsys.readouterr().err
    assert run_with(lambda: None, "prob") == 2
    assert "No such command 'prob'" in capsys.readouterr().err


def test_run_interruption_is_exit_130(
    run_with: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_with(raising(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == "interrupted; what was finished before is kept\n"


def test_run_interruption_of_tune_is_one_line_and_exit_130(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("spotkick.tuning.search.read_search", lambda *_, **__: None)
    monkeypatch.setattr("spotkick.tuning.search.run_search", interrupted)
    config = tmp_path / "a.toml"
    config.write_text("")
    arguments = ["tune", str(config), "--trials", "1", "--out", str(tmp_path / "out")]
    monkeypatch.setattr(sys, "argv", ["spotkick", *arguments])
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)
    with pytest.raises(SystemExit) as caught:
        main.run()
    assert caught.value.code == 130
    assert capsys.readouterr().err == "interrupted; the same command goes on where it was\n"


def test_run_broken_pipe_is_exit_1_without_output(
    run_with: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path(os.devnull).open("w") as stderr, Path(os.devnull).open("w") as stdout:
        monkeypatch.setattr(sys, "stderr", stderr)
        monkeypatch.setattr(sys, "stdout", stdout)
        assert run_with(raising(BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)))) == 1


WARNS = """
import typer, warnings
from spotkick.cli import main
from spotkick.errors import SpotkickWarning

def doctor():
    warnings.warn("3 actions lie past\\nthe end of their half", SpotkickWarning, stacklevel=2)
    warnings.warn("old", FutureWarning, stacklevel=2)

app = typer.Typer()
app.callback()(lambda: None)
app.command()(doctor)
main.build_app = lambda _: app
"""


def test_run_warnings_are_one_line_each() -> None:
    answer = program("doctor", prelude=WARNS)
    assert answer.returncode == 0
    assert (
        answer.stderr == "warning: 3 actions lie past the end of their half\nFutureWarning: old\n"
    )


def test_build_app_help_lists_commands_and_version() -> None:
    runner = CliRunner()
    version = runner.invoke(main.build_app(), ["--version"])
    assert (version.exit_code, version.output) == (0, f"spotkick {__version__}\n")
    overview = runner.invoke(main.build_app(), ["--help"])
    assert overview.exit_code == 0
    for command in main.COMMANDS:
        assert f"\n  {command} " in overview.output


@pytest.mark.parametrize("command", main.COMMANDS)
def test_command_has_module_function_and_help(command: str) -> None:
    name = command.replace("-", "_")
    module = importlib.import_module(f"spotkick.cli.{name}")
    assert callable(getattr(module, name))
    answer = CliRunner().invoke(main.build_app([command]), [command, "--help"])
    assert answer.exit_code == 0
    assert "Usage" in answer.output


def modules_after(*arguments: str) -> set[str]:
    """Names of all modules that a run of the program has imported when it ends."""
    answer = program(
        *arguments,
        prelude="import atexit, sys\natexit.register(lambda: print('MODULES', *sys.modules))",
    )
    assert answer.returncode == 0, answer.stderr
    assert "Usage: spotkick" in answer.stdout
    return set(answer.stdout.partition("MODULES ")[2].split())


def test_run_help_imports_nothing_heavy() -> None:
    imported = modules_after("--help")
    assert "spotkick.cli.evaluate" in imported
    assert imported.isdisjoint(HEAVY)


def test_run_command_imports_no_other_command() -> None:
    imported = modules_after("evaluate", "--help")
    assert imported.isdisjoint(HEAVY)
    commands = {f"spotkick.cli.{command.replace('-', '_')}" for command in main.COMMANDS}
    assert imported & commands == {"spotkick.cli.evaluate"}


def test_run_in_new_process_reports_errors_in_one_line() -> None:
    unknown = program("evalute")
    assert unknown.returncode == 2
    assert "No such command 'evalute'" in unknown.stderr
    assert "Traceback" not in unknown.stderr
    missing = program("evaluate", "no/such/predictions", "no/such/labels")
    assert missing.returncode == 1
    assert missing.stdout == ""
    assert len(missing.stderr.splitlines()) == 1
    assert missing.stderr.startswith("error: ")
