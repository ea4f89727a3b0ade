from fractions import Fraction
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from typer.testing import CliRunner, Result

from spotkick.cli.main import build_app
from spotkick.datasets.periods import PeriodSpan
from spotkick.errors import ConfigError, InputError, SpotkickError, SpotkickWarning
from spotkick.features.extract import ExtractionConfig, extract_video, read_extractor
from spotkick.features.pca import fit_projection
from spotkick.features.tracks import read_track
from spotkick.pipelines.extract import ExtractionRequest, judge_kind
from spotkick.pipelines.extract_video import ImageOptions, extract_videos
from support.pattern_video import Pattern, write_pattern_video

MATCHES = ("cup/2020/a", "cup/2020/b")


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Features are the mean colours of a grid of 4 x 6 cells."""
    images = helper.make_tensor_value_info("images", TensorProto.UINT8, ["n", 32, 48, 3])
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, None)
    nodes = [
        helper.make_node("Cast", ["images"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["floats"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["planes"], ["cells"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Flatten", ["cells"], ["features"]),
    ]
    graph = helper.make_graph(nodes, "cells", [images], [features])
    path = tmp_path_factory.mktemp("backbone") / "cells.onnx"
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
        str(path),
    )
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two matches of two halves, of 4, 6, 8 and 10 seconds."""
    root = tmp_path_factory.mktemp("data")
    for number, (match, period) in enumerate(
        (match, period) for match in MATCHES for period in (1, 2)
    ):
        path = root / match / f"{period}_224p.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_pattern_video(path, Pattern(100 + 50 * number, group_frames=25))
    (root / "train.txt").write_text(MATCHES[0], encoding="utf-8")
    return root


def _extract(
    backbone: Path,
    *inputs: Path,
    out: Path,
    config: ExtractionConfig | None = None,
    **options: object,
) -> list[int]:
    request = ExtractionRequest(
        inputs, out, **options
    )  # the options of a test are the fields of a request
    summary, _ = extract_videos(
        request, ImageOptions(backbone, config or ExtractionConfig(), threads=1)
    )
    return [summary.written, summary.frames, summary.failed, summary.kept]


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(build_app(["features"]), ["features", *map(str, arguments)])


def test_extract_videos_tracks_equal_those_of_extractor(
    data: Path, backbone: Path, tmp_path: Path
) -> None:
    assert _extract(backbone, data, out=tmp_path) == [4, 8 + 12 + 16 + 20, 0, 0]
    extractor = read_extractor(tmp_path / "cells.source", threads=1)
    for match, period in ((MATCHES[0], 2), (MATCHES[1], 1)):
        track = read_track(tmp_path / match / f"{period}_cells.npy")
        assert track.source == extractor.source
        expected = extract_video(data / match / f"{period}_224p.mp4", extractor).values
        np.testing.assert_array_equal(track.values, expected.astype(np.float16))


def test_extract_videos_second_run_keeps_tracks(data: Path, backbone: Path, tmp_path: Path) -> None:
    _extract(backbone, data, out=tmp_path, splits=("train",))
    path = tmp_path / MATCHES[0] / "1_cells.npy"
    before = path.stat().st_mtime_ns
    assert _extract(backbone, data, out=tmp_path) == [2, 36, 0, 2]
    assert path.stat().st_mtime_ns == before


def test_extract_videos_other_settings_is_input_error(
    data: Path, backbone: Path, tmp_path: Path
) -> None:
    _extract(backbone, data / MATCHES[0], out=tmp_path)
    with pytest.raises(
        InputError, match="holds 'cells' features made in another way; choose another folder"
    ):
        _extract(backbone, data, out=tmp_path, config=ExtractionConfig(masks=((0, 0, 0.5, 0.2),)))


def test_extract_videos_components_are_learned_on_training_split_only(
    data: Path, backbone: Path, tmp_path: Path
) -> None:
    assert _extract(backbone, data, out=tmp_path, dim=3) == [4, 56, 0, 0]
    whole = {
        path.parent.name + path.name[0]: np.load(path) for path in tmp_path.rglob("*_cells.npy")
    }
    expected = fit_projection([whole["a1"], whole["a2"]], 3)
    extractor = read_extractor(tmp_path / "cells_PCA3.source", threads=1)
    assert extractor.projection is not None
    assert extractor.projection.fingerprint() == expected.fingerprint()
    track = read_track(tmp_path / MATCHES[1] / "2_cells_PCA3.npy")
    np.testing.assert_array_equal(track.values, expected.apply(whole["b2"]).astype(np.float16))


def test_extract_videos_given_source_makes_same_features(
    data: Path, backbone: Path, tmp_path: Path
) -> None:
    _extract(backbone, data, out=tmp_path / "a", dim=3)
    source = tmp_path / "a" / "cells_PCA3.source"
    assert _extract(backbone, data / MATCHES[1], out=tmp_path / "b", source=source) == [2, 36, 0, 0]
    made, before = (
        read_track(path)
        for path in (
            tmp_path / f"b/{MATCHES[1]}/1_cells_PCA3.npy",
            tmp_path / f"a/{MATCHES[1]}/1_cells_PCA3.npy",
        )
    )
    assert made.source == before.source
    np.testing.assert_allclose(
        made.values, before.values, atol=0.02
    )  # the former came from float16
    with pytest.raises(ConfigError, match="the source 'cells_PCA3' gives 3 values at 2 per second"):
        _extract(backbone, data, out=tmp_path / "b", source=source, frame_rate=Fraction(5))
    with pytest.raises(InputError, match=r"one folder NAME\.source of video features"):
        _extract(backbone, data, out=tmp_path / "b", source=tmp_path / "a")  # it holds two


def test_extract_videos_without_training_split_makes_nothing(
    data: Path, backbone: Path, tmp_path: Path
) -> None:
    with pytest.raises(
        InputError, match=r"no split file 'train'.*name the matches to fit on with --fit-split"
    ):
        _extract(backbone, data / "cup", out=tmp_path / "out", dim=3)
    assert not (tmp_path / "out").exists()


def test_extract_videos_unreadable_video_is_left_out(
    data: Path, backbone: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "2_bad.mp4"
    bad.write_bytes(b"no video")
    with pytest.warns(SpotkickWarning, match=r"left out: .*2_bad\.mp4"):
        counts = _extract(
            backbone,
            bad,
            data / MATCHES[0] / "1_224p.mp4",
            out=tmp_path / "out",
            frame_rate=Fraction(5),
        )
    assert counts == [1, 20, 1, 0]
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.npy")] == [
        "out/1_224p/1_cells.npy"
    ]


@pytest.mark.parametrize(
    ("name", "message"), [("missing.mp4", "no such video"), ("a.txt", "'.txt' is no video")]
)
def test_extract_videos_other_input_is_input_error(
    backbone: Path, tmp_path: Path, name: str, message: str
) -> None:
    (tmp_path / "a.txt").write_text("a", encoding="utf-8")
    with pytest.raises(InputError, match=message):
        _extract(backbone, tmp_path / name, out=tmp_path / "out")


def test_judge_kind_follows_inputs(data: Path, backbone: Path, tmp_path: Path) -> None:
    talk = tmp_path / "talk" / "m"
    talk.mkdir(parents=True)
    (talk / "1_asr.json").write_text('{"segments": {}}', encoding="utf-8")
    assert judge_kind(ExtractionRequest((talk,), tmp_path)) == "commentary"
    assert judge_kind(ExtractionRequest((data,), tmp_path)) == "video"
    assert judge_kind(ExtractionRequest((data / MATCHES[0] / "1_224p.mp4",), tmp_path)) == "video"
    with pytest.raises(InputError, match="both commentary and videos; choose with --kind"):
        judge_kind(ExtractionRequest((talk, data), tmp_path))
    _extract(backbone, data / MATCHES[0], out=tmp_path / "set")
    assert judge_kind(ExtractionRequest((talk,), tmp_path, source=tmp_path / "set")) == "video"


def test_features_command_makes_video_features(data: Path, backbone: Path, tmp_path: Path) -> None:
    result = _run(
        data,
        "--out",
        tmp_path / "out",
        "--backbone",
        backbone,
        "--mask",
        "0,0,1,0.5",
        "--rate",
        "1",
        "--threads",
        "1",
    )
    assert result.exit_code == 0, result.output
    assert "4 tracks 'cells', 28 frames of 72 values at 1 per second: " in result.stdout
    values = read_track(tmp_path / "out" / MATCHES[0] / "1_cells.npy").values.reshape(-1, 3, 4, 6)
    assert (values[:, :, :2] == 127).all()
    assert not (values[:, :, 2:] == 127).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--mask", "0,0,1"], "--fit and --mask: "),
        (["--mask", "a,0,1,1"], "--fit and --mask: "),
        (["--mask", "0.5,0,0.2,1"], "left < right"),
        (["--fit", "zoom"], "--fit and --mask: 'fit' = 'zoom'"),
        (["--device", "tpu"], "--device must be auto, cpu, cuda or cuda:1, got 'tpu'"),
    ],
)
def test_features_command_wrong_option_is_error(
    data: Path, tmp_path: Path, options: list[str], message: str
) -> None:
    error = _run(data, "--out", tmp_path / "out", *options).exception
    assert isinstance(error, SpotkickError)
    assert message in str(error)
    assert not (tmp_path / "out").exists()


def test_features_command_periods_of_one_recording_become_tracks_of_their_lengths(
    data: Path, backbone: Path, tmp_path: Path
) -> None:
    whole = data / MATCHES[1] / "2_224p.mp4"  # 10 s
    options = ("--period", "1=1:4", "--period", "2=5:", "--backbone", backbone)
    result = _run(whole, "--out", tmp_path, *options)
    assert result.exit_code == 0, result.output
    lengths = {path.name[0]: len(np.load(path)) for path in tmp_path.rglob("*.npy")}
    assert lengths == {"1": 6, "2": 10}


def test_extraction_request_periods_of_several_recordings_are_refused() -> None:
    spans = (PeriodSpan(1, 0.0, 5.0),)
    with pytest.raises(ConfigError, match="one recording, and here are 2"):
        ExtractionRequest((Path("a.mp4"), Path("b.mp4")), Path("out"), spans=spans)
