from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from spotkick.cli.main import build_app
from spotkick.commentary import speech
from spotkick.commentary.speech import RecognisedSegment
from spotkick.errors import ConfigError

SPEECH = Path(__file__).parents[1] / "commentary" / "data" / "speech.ogg"


class Listener:
    name = "listener"
    is_multilingual = False

    def recognise(self, samples: Any, **options: Any) -> tuple[Iterator[RecognisedSegment], str]:
        del samples, options
        return iter([RecognisedSegment(0.1, 0.9, "What a goal!")]), "en"


class Interrupted(Listener):
    def recognise(self, samples: Any, **options: Any) -> tuple[Iterator[RecognisedSegment], str]:
        del samples, options
        raise KeyboardInterrupt


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(build_app(["transcribe"]), ["transcribe", *map(str, arguments)])


def test_transcribe_writes_transcript_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []

    def open_model(model: str | None, **options: Any) -> Listener:
        opened.append((model, options))
        return Listener()

    monkeypatch.setattr(speech, "open_recogniser", open_model)
    out = tmp_path / "out"
    result = _run(SPEECH, "--out", out, "--model", "x", "--device", "cpu", "--threads", 3)
    assert result.exit_code == 0, result.output
    assert f"1 transcripts, 1 segments: {out}" in result.stdout
    assert "model listener, which understands English only" in result.stderr
    assert "speech, period 1: 1 segments, en" in result.stderr
    assert opened == [("x", {"device": "cpu", "threads": 3})]
    assert "0 transcripts, 0 segments, 1 already there" in _run(SPEECH, "--out", out).stdout


def test_transcribe_interrupted_exits_130_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speech, "open_recogniser", lambda *_, **__: Interrupted())
    result = _run(SPEECH, "--out", tmp_path / "out")
    assert result.exit_code == 130
    assert not list(tmp_path.rglob("*.*"))


def test_transcribe_unknown_device_is_config_error(tmp_path: Path) -> None:
    error = _run(SPEECH, "--out", tmp_path / "out", "--device", "tpu").exception
    assert isinstance(error, ConfigError)
    assert "--device must be auto, cpu, cuda or cuda:1, got 'tpu'" in str(error)
