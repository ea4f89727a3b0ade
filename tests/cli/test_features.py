import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from spotkick.cli.main import build_app
from spotkick.commentary.ensemble import TokenEnsemble
from spotkick.commentary.features import read_commentary_source
from spotkick.errors import SpotkickError, SpotkickWarning
from spotkick.features.tracks import read_track

CALM = [
    "the",
    "ball",
    "goes",
    "wide",
    "again",
    "he",
    "looks",
    "for",
    "pass",
    "they",
    "keep",
    "well",
    "keeper",
    "has",
    "it",
]
EVENT = {"goal": "what a goal that is", "card": "the referee shows a yellow card"}
MATCHES = [f"league/2014-2015/match {number}" for number in range(4)]
DIM = 12


def _half(seed: int, events: dict[int, str]) -> dict[str, object]:
    """Calm sentences every 3 seconds of ten minutes, with planted events at the given seconds."""
    generator = random.Random(seed)
    calm = {second: " ".join(generator.sample(CALM, 5)) for second in range(0, 600, 3)}
    times = calm | {at: EVENT[name] + f" number {at}" for at, name in events.items()}
    return {
        "segments": {
            str(i): [float(at), at + 2.5, text]
            for i, (at, text) in enumerate(sorted(times.items()))
        }
    }


@pytest.fixture
def data(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    for number, match in enumerate(MATCHES):
        (root / match).mkdir(parents=True)
        for period in (1, 2):
            events = {60 * minute: "card" if minute % 2 else "goal" for minute in range(1, 10)}
            (root / match / f"{period}_asr.json").write_text(
                json.dumps(_half(number, events)), encoding="utf-8"
            )
    (root / "splits").mkdir()
    (root / "splits" / "train.txt").write_text("\n".join(MATCHES[:3]), encoding="utf-8")
    (root / "splits" / "test.txt").write_text(MATCHES[3], encoding="utf-8")
    return root


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(build_app(["features"]), ["features", *map(str, arguments)])


def _message(*arguments: object) -> str:
    error = _run(*arguments).exception
    assert isinstance(error, SpotkickError), error
    return str(error)


def test_features_commentary_tells_planted_events_apart(data: Path, tmp_path: Path) -> None:
    result = _run(data, "--out", tmp_path / "out", "--dim", DIM)
    assert result.exit_code == 0, result.output
    assert (
        f"8 tracks 'commentary', 43,200 frames of {DIM} values at 2 per second: " in result.stdout
    )
    track = read_track(tmp_path / "out" / MATCHES[3] / "1_commentary.npy")
    assert (track.source.kind, track.source.dim, len(track)) == ("commentary", DIM, 5400)
    goal, card, other_goal = (
        np.asarray(track.values[120 * minute], dtype=float) for minute in (4, 5, 6)
    )
    np.testing.assert_array_equal(goal, other_goal)
    assert goal @ card < 0.5 * (goal @ goal)
    assert not track.values[1300:].any()


def test_features_piped_progress_is_one_line_per_tenth(data: Path, tmp_path: Path) -> None:
    result = _run(data, "--out", tmp_path / "out", "--dim", DIM)
    lines = [line for line in result.stderr.splitlines() if " of 8 files" in line]
    assert [line.partition(",")[0] for line in lines] == [
        f"features: {n} of 8 files" for n in range(1, 9)
    ]
    assert "\r" not in result.stderr


def test_features_test_split_takes_no_part_in_fit(data: Path, tmp_path: Path) -> None:
    _run(data, "--out", tmp_path / "before", "--dim", DIM)
    path = data / MATCHES[3] / "1_asr.json"
    path.write_text(
        json.dumps({"segments": {str(i): [i, i + 1, "offside offside"] for i in range(600)}}),
        encoding="utf-8",
    )
    _run(data, "--out", tmp_path / "after", "--dim", DIM)
    before, after = (read_commentary_source(tmp_path / name) for name in ("before", "after"))
    assert before[1] == after[1]
    assert "offside" not in after[0].vocabulary
    same, changed = (f"{match}/1_commentary.npy" for match in (MATCHES[0], MATCHES[3]))
    assert (tmp_path / "before" / same).read_bytes() == (tmp_path / "after" / same).read_bytes()
    assert (tmp_path / "before" / changed).read_bytes() != (
        tmp_path / "after" / changed
    ).read_bytes()


def test_features_split_chooses_matches_and_later_call_uses_source(
    data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    _run(data, "--out", out, "--dim", DIM, "--split", data / "splits" / "train.txt")
    assert len(list(out.rglob("*.npy"))) == 6
    (data / "splits" / "train.txt").unlink()  # the second call fits nothing
    result = _run(data, "--out", out, "--split", data / "splits" / "test.txt")
    assert "2 tracks" in result.stdout
    assert "fitting" not in result.stderr
    sources = {read_track(path).source for path in out.rglob("*.npy")}
    assert len(sources) == 1


def test_features_source_of_another_set_is_used(data: Path, tmp_path: Path) -> None:
    _run(data, "--out", tmp_path / "a", "--dim", DIM, "--rate", "5")
    result = _run(data / MATCHES[3], "--out", tmp_path / "b", "--source", tmp_path / "a")
    assert result.exit_code == 0, result.output
    made = read_track(tmp_path / "b" / MATCHES[3] / "1_commentary.npy")
    assert len(made) == 5 * 2700
    assert made.source == read_commentary_source(tmp_path / "a")[1]
    assert "leave out --dim and --rate" in _message(
        data, "--out", tmp_path / "c", "--source", tmp_path / "a", "--rate", "2"
    )
    assert "leave out --dim and --rate" in _message(data, "--out", tmp_path / "a", "--dim", "9")
    assert not (tmp_path / "c").exists()


def test_features_second_source_is_input_error(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    _run(data, "--out", out, "--dim", DIM)
    message = _message(
        data, "--out", out, "--dim", DIM, "--fit-split", data / "splits" / "test.txt"
    )
    assert "must not be mixed" in message
    assert "give one of the two" in _message(
        data, "--out", out, "--fit-split", data / "splits" / "test.txt", "--source", out
    )


def test_features_without_train_split_is_input_error(data: Path, tmp_path: Path) -> None:
    message = _message(data / "league", "--out", tmp_path / "out")
    assert "name the matches to fit on with --fit-split" in message
    assert not (tmp_path / "out").exists()


def test_features_split_with_missing_match_is_input_error(data: Path, tmp_path: Path) -> None:
    (data / "splits" / "more.txt").write_text("league/2014-2015/match 9", encoding="utf-8")
    assert "nothing for match 'league/2014-2015/match 9'" in _message(
        data, "--out", tmp_path / "out", "--split", data / "splits" / "more.txt"
    )


def test_features_match_in_two_inputs_is_input_error(data: Path, tmp_path: Path) -> None:
    other = tmp_path / "copy" / MATCHES[0]
    other.mkdir(parents=True)
    (other / "1_asr.json").write_text('{"segments": {}}', encoding="utf-8")
    assert f"two inputs hold period 1 of match '{MATCHES[0]}'" in _message(
        data, tmp_path / "copy", "--out", tmp_path / "out"
    )


def test_features_too_few_terms_is_config_error(data: Path, tmp_path: Path) -> None:
    assert "choose a smaller dimension" in _message(data, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_features_unknown_kind_is_config_error(data: Path, tmp_path: Path) -> None:
    assert "--kind must be commentary or tokens or sentences or video, got 'audio'" in _message(
        data, "--out", tmp_path / "out", "--kind", "audio"
    )


def test_features_folder_without_inputs_is_input_error(tmp_path: Path) -> None:
    assert "neither videos nor commentary" in _message(tmp_path, "--out", tmp_path / "out")
    assert "no commentary below it" in _message(
        tmp_path, "--out", tmp_path / "out", "--kind", "commentary"
    )
    assert "no videos below it" in _message(tmp_path, "--out", tmp_path / "out", "--kind", "video")


def test_features_unreadable_transcript_exits_1_and_others_are_made(
    data: Path, tmp_path: Path
) -> None:
    (data / MATCHES[3] / "2_asr.json").write_text("{", encoding="utf-8")
    with pytest.warns(SpotkickWarning, match="left out"):
        result = _run(data, "--out", tmp_path / "out", "--dim", DIM)
    assert result.exit_code == 1
    assert "7 tracks" in result.stdout
    assert ", 1 failed: " in result.stdout


def test_features_silent_period_is_counted(data: Path, tmp_path: Path) -> None:
    (data / MATCHES[3] / "2_asr.json").write_text('{"segments": {}}', encoding="utf-8")
    with pytest.warns(SpotkickWarning, match="1 of 8 periods have no commentary"):
        result = _run(data, "--out", tmp_path / "out", "--dim", DIM)
    assert result.exit_code == 0
    assert ", 1 without commentary: " in result.stdout


def test_features_split_may_be_named(data: Path, tmp_path: Path) -> None:
    result = _run(
        data, "--out", tmp_path / "out", "--dim", DIM, "--split", "test", "--fit-split", "train"
    )
    assert "fitting on 6 periods" in result.stderr
    assert [path.parent.name for path in (tmp_path / "out").rglob("*.npy")] == [
        "match 3",
        "match 3",
    ]


def test_features_help_imports_no_heavy_package() -> None:
    program = (
        "import sys\nfrom spotkick.cli.main import build_app\nfrom typer.testing import CliRunner\n"
        "result = CliRunner().invoke(build_app(['features']), ['features', '--help'])\n"
        "assert result.exit_code == 0\n"
        "assert not {'sklearn', 'torch', 'scipy', 'onnxruntime', 'av'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)  # the program is the constant above


@pytest.fixture
def labelled(data: Path) -> Path:
    generator = random.Random(9)
    words = [f"word{number}" for number in range(80)]
    for number, match in enumerate(MATCHES):
        for period in (1, 2):
            segments = {
                str(i): [4.0 * i, 4.0 * i + 3, " ".join(generator.sample(words, 8))]
                for i in range(150)
            }
            (data / match / f"{period}_asr.json").write_text(
                json.dumps({"segments": segments}), encoding="utf-8"
            )
        annotations = [
            {
                "gameTime": f"{period} - 0{minute}:00",
                "label": label,
                "position": str(60_000 * minute),
                "team": "home",
            }
            | {"visibility": "visible"}
            for period, minute, label in ((1, 1 + number, "Goal"), (2, 3, "Corner"))
        ]
        (data / match / "Labels-v2.json").write_text(
            json.dumps({"annotations": annotations}), encoding="utf-8"
        )
    return data


def test_features_labels_learns_and_source_gives_same_tracks(
    labelled: Path, tmp_path: Path
) -> None:
    result = _run(labelled, "--out", tmp_path / "out", "--labels", "--threads", 1)
    assert result.exit_code == 0, result.output
    assert (
        f"8 tracks 'commentary', 43,200 frames of 3 values at 2 per second: {tmp_path / 'out'}"
        in result.stdout
    )
    assert "81 words, 2 classes; 0 of 3 networks are done" in result.stderr
    assert [f"network {number} is trained" in result.stderr for number in (1, 2, 3, 4)] == [
        True,
        True,
        True,
        False,
    ]
    model, source = read_commentary_source(tmp_path / "out")
    assert isinstance(model, TokenEnsemble)
    assert (model.classes, source.dim) == (("Corner", "Goal"), 3)
    assert sorted(model.folds) == MATCHES[:3]
    assert not (tmp_path / "out" / "commentary.fitting").exists()
    again = _run(labelled, "--out", tmp_path / "again", "--source", tmp_path / "out")
    assert again.exit_code == 0, again.output
    for match in MATCHES:
        first, second = (
            read_track(tmp_path / folder / match / "1_commentary.npy")
            for folder in ("out", "again")
        )
        assert first.source == second.source
        np.testing.assert_array_equal(first.values, second.values)


def test_features_interrupted_fit_goes_on_with_finished_networks(
    labelled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _run(labelled, "--out", tmp_path / "whole", "--labels", "--threads", 1)
    assert whole.exit_code == 0
    from spotkick.commentary import training

    train = training.train_network

    def interrupted(*arguments: Any, stream: int) -> Any:
        if stream == 1:
            raise KeyboardInterrupt
        return train(*arguments, stream=stream)

    monkeypatch.setattr(training, "train_network", interrupted)
    _run(labelled, "--out", tmp_path / "out", "--labels", "--threads", 1)
    kept = tmp_path / "out" / "commentary.fitting"
    assert [path.name for path in kept.iterdir()] == ["0.safetensors"]
    (kept / "1.safetensors").write_bytes(b"damaged")
    trained: list[int] = []
    monkeypatch.setattr(
        training,
        "train_network",
        lambda *own, stream: (trained.append(stream), train(*own, stream=stream))[1],
    )
    result = _run(labelled, "--out", tmp_path / "out", "--labels", "--threads", 1)
    assert result.exit_code == 0, result.output
    assert "1 of 3 networks are done" in result.stderr
    assert trained == [1, 2]
    assert (
        read_commentary_source(tmp_path / "out")[1] == read_commentary_source(tmp_path / "whole")[1]
    )


def test_features_labels_missing_or_with_dim_is_error(labelled: Path, tmp_path: Path) -> None:
    assert "leave out --dim" in _message(
        labelled, "--out", tmp_path / "out", "--labels", "--dim", 9
    )
    assert "give one of the two" in _message(
        labelled, "--out", tmp_path / "out", "--labels", "--source", tmp_path
    )
    for match in MATCHES:
        (labelled / match / "Labels-v2.json").write_text('{"annotations": []}', encoding="utf-8")
    with pytest.warns(SpotkickWarning):
        message = _message(labelled, "--out", tmp_path / "out", "--labels")
    assert "have no actions; add labels or do without --labels" in message


TRANSCRIPTS = {
    "whisper.json": json.dumps(
        {"text": "", "segments": [{"start": 60.0, "end": 62.5, "text": f" {EVENT['goal']}"}]}
    ),
    "whisper_cpp.json": json.dumps(
        {
            "transcription": [
                {"offsets": {"from": 60_000, "to": 62_500}, "text": f" {EVENT['goal']}"}
            ]
        }
    ),
    "subtitles.srt": f"1\n00:01:00,000 --> 00:01:02,500\n{EVENT['goal']}\n",
    "subtitles.vtt": f"WEBVTT\n\n01:00.000 --> 01:02.500\n{EVENT['goal']}\n",
    "table.csv": f"start,end,text\n60,62.5,{EVENT['goal']}\n",
}


@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_features_every_transcript_family_gives_same_track(
    data: Path, tmp_path: Path, name: str
) -> None:
    _run(data, "--out", tmp_path / "set", "--dim", DIM)
    folder = tmp_path / "new" / "m"
    folder.mkdir(parents=True)
    path = folder / f"1{Path(name).suffix}"
    path.write_text(TRANSCRIPTS[name], encoding="utf-8")
    for given in (tmp_path / "new", path):
        out = tmp_path / f"out-{given.name}"
        result = _run(given, "--source", tmp_path / "set", "--out", out)
        assert result.exit_code == 0, result.output
        made = read_track(out / "m" / "1_commentary.npy").values
        expected = read_track(tmp_path / "set" / MATCHES[3] / "1_commentary.npy").values
        assert not made[:120].any()
        assert made[120:125].any(axis=1).all()
        assert not made[125:].any()
        assert made.shape == expected.shape


@pytest.mark.parametrize(
    "content",
    ['{"annotations": []}', '{"segments": [{"label": 1}]}', '{"segments": {"0": [1, 2]}}', "{"],
)
def test_features_file_that_is_no_transcript_writes_no_track(
    data: Path, tmp_path: Path, content: str
) -> None:
    _run(data, "--out", tmp_path / "set", "--dim", DIM)
    folder = tmp_path / "new" / "m"
    folder.mkdir(parents=True)
    (folder / "1_asr.json").write_text(content, encoding="utf-8")
    with pytest.warns(SpotkickWarning, match=r"left out: .*1_asr\.json"):
        result = _run(folder, "--source", tmp_path / "set", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert not list((tmp_path / "out").rglob("*.npy"))
