import threading
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from spotkick.errors import ConfigError, InputError
from spotkick.features.backbone import BUNDLED_BACKBONE, Backbone, open_backbone
from spotkick.features.extract import (
    EXTRACTION_FILE,
    ExtractionConfig,
    ExtractionProgress,
    Extractor,
    extract_video,
    read_extractor,
    write_extractor,
)
from spotkick.features.pca import fit_projection
from spotkick.features.tracks import find_source, write_track
from spotkick.files import read_json, write_json
from spotkick.video.decode import sample_video
from support.pattern_video import Pattern, write_pattern_video


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "match.mp4"
    write_pattern_video(path, Pattern(200, group_frames=25))
    return path


@pytest.fixture
def backbone(tmp_path: Path) -> Backbone:
    """Features are the mean colours of 4 x 6 cells, which tell the number of the frame."""
    images = helper.make_tensor_value_info("images", TensorProto.UINT8, ["n", 32, 48, 3])
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, None)
    nodes = [
        helper.make_node("Cast", ["images"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["floats"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["planes"], ["cells"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Flatten", ["cells"], ["features"]),
    ]
    graph = helper.make_graph(nodes, "cells", [images], [features])
    path = tmp_path / "cells.onnx"
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
        str(path),
    )
    return open_backbone(path, threads=1)


def cells(images: np.ndarray) -> np.ndarray:
    """The same features, computed with numpy."""
    grid = images.astype(np.float32).reshape(len(images), 4, 8, 6, 8, 3).mean(axis=(2, 4))
    return grid.transpose(0, 3, 1, 2).reshape(len(images), -1)


def test_extract_video_gives_features_of_samples(video: Path, backbone: Backbone) -> None:
    track = extract_video(video, Extractor(backbone, ExtractionConfig(frame_rate="5")))
    images = np.stack(
        [sample.image for sample in sample_video(video, Fraction(5), size_px=(48, 32))]
    )
    assert len(track) == len(images) == 40
    np.testing.assert_allclose(track.values, cells(images), atol=0.02)
    assert track.source.frame_rate == 5
    assert (track.source.kind, track.source.name, track.source.dim) == ("backbone", "cells", 72)


def test_extract_video_masks_hide_their_region_only(video: Path, backbone: Backbone) -> None:
    plain = extract_video(video, Extractor(backbone)).values.reshape(-1, 3, 4, 6)
    config = ExtractionConfig(masks=((0, 0, 1, 0.2), (0.5, 0.5, 1, 0.75)))
    masked = extract_video(video, Extractor(backbone, config)).values.reshape(-1, 3, 4, 6)
    np.testing.assert_allclose(masked[:, :, 2, 3:], 127)
    np.testing.assert_array_equal(masked[:, :, 1], plain[:, :, 1])
    np.testing.assert_array_equal(masked[:, :, 2, :3], plain[:, :, 2, :3])
    np.testing.assert_array_equal(masked[:, :, 3], plain[:, :, 3])
    np.testing.assert_allclose(masked[:, :, 0], (127 * 7 + plain[:, :, 0]) / 8, atol=8)


@pytest.mark.parametrize("mask", [(0.5, 0, 0.5, 1), (0, 0.6, 1, 0.2), (0, 0, 1.5, 1)])
def test_extraction_config_empty_mask_is_refused(mask: tuple[float, float, float, float]) -> None:
    with pytest.raises(ConfigError, match="masks"):
        ExtractionConfig.parse({"masks": [mask]})


def test_write_extractor_projection_round_trip(
    tmp_path: Path, video: Path, backbone: Backbone
) -> None:
    whole = Extractor(backbone, ExtractionConfig(frame_rate="5", fit="crop"))
    raw = extract_video(video, whole)
    projected = whole.with_projection(fit_projection([raw.values], 6))
    track = extract_video(video, projected)
    assert projected.projection is not None
    np.testing.assert_allclose(track.values, projected.projection.apply(raw.values), atol=1e-4)
    assert track.source.name == "cells_PCA6"
    folder = write_extractor(projected, tmp_path / "set")
    write_track(track.values.astype(np.float16), tmp_path / "set" / "league" / "1_cells_PCA6.npy")
    assert find_source(tmp_path / "set" / "league" / "1_cells_PCA6.npy") == track.source
    again = read_extractor(folder, threads=1)
    assert again.source == projected.source
    np.testing.assert_array_equal(extract_video(video, again).values, track.values)


def test_source_fingerprint_differs_with_all_that_decides_values(
    tmp_path: Path, backbone: Backbone
) -> None:
    other = tmp_path / "other.onnx"
    model = onnx.load(str(backbone.path))
    model.doc_string = "another file"
    onnx.save(model, str(other))
    projection = fit_projection([np.random.default_rng(1).normal(size=(50, 72))], 4)
    extractors = [
        Extractor(backbone),
        Extractor(open_backbone(other)),
        Extractor(backbone, ExtractionConfig(fit="crop")),
        Extractor(backbone, ExtractionConfig(masks=((0, 0, 1, 0.1),))),
        Extractor(backbone, ExtractionConfig(frame_rate="1")),
        Extractor(backbone).with_projection(projection),
    ]
    assert len({extractor.source.fingerprint for extractor in extractors}) == len(extractors)
    assert (
        Extractor(backbone).source.fingerprint
        == Extractor(open_backbone(backbone.path)).source.fingerprint
    )


def test_write_extractor_bundled_backbone_is_not_copied(tmp_path: Path) -> None:
    extractor = Extractor(open_backbone(threads=1))
    folder = write_extractor(extractor, tmp_path)
    assert folder.name == "efficientnet_lite0.source"
    assert sorted(path.name for path in folder.iterdir()) == [EXTRACTION_FILE, "source.json"]
    assert read_extractor(folder).backbone.path == BUNDLED_BACKBONE


def test_read_extractor_folder_that_does_not_fit_is_refused(
    tmp_path: Path, backbone: Backbone
) -> None:
    with pytest.raises(InputError, match="does not say how"):
        read_extractor(tmp_path)
    folder = write_extractor(Extractor(backbone), tmp_path)
    document = read_json(folder / EXTRACTION_FILE)
    write_json(
        folder / EXTRACTION_FILE, {**document, "settings": {**document["settings"], "fit": "crop"}}
    )
    with pytest.raises(InputError, match="do not belong together"):
        read_extractor(folder)
    write_json(folder / EXTRACTION_FILE, {**document, "settings": {"fits": "crop"}})
    with pytest.raises(ConfigError, match="did you mean 'fit'"):
        read_extractor(folder)
    write_json(
        folder / EXTRACTION_FILE, {**document, "backbone": {**document["backbone"], "sha256": "0"}}
    )
    with pytest.raises(InputError, match="another version of the backbone"):
        read_extractor(folder)
    write_json(folder / EXTRACTION_FILE, ["other"])
    with pytest.raises(InputError, match="not a description"):
        read_extractor(folder)


def test_extract_video_progress_counts_seconds(video: Path, backbone: Backbone) -> None:
    seen: list[ExtractionProgress] = []
    extract_video(
        video, Extractor(backbone, ExtractionConfig(frame_rate="10")), progress=seen.append
    )
    assert [item.done_s for item in seen][-1] == pytest.approx(8)
    assert all(item.total_s == pytest.approx(8) for item in seen)
    assert all(earlier.done_s < later.done_s for earlier, later in pairwise(seen))
    assert seen[-1].speed > 0


def test_extract_video_failure_leaves_no_thread(
    tmp_path: Path, video: Path, backbone: Backbone
) -> None:
    before = threading.active_count()
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(InputError, match="not a video"):
        extract_video(tmp_path / "text.mp4", Extractor(backbone))

    def interrupt(_: ExtractionProgress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract_video(
            video, Extractor(backbone, ExtractionConfig(frame_rate="25")), progress=interrupt
        )
    assert threading.active_count() == before
