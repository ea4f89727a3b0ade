from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from spotkick.errors import ConfigError, InputError
from spotkick.features.backbone import BUNDLED_BACKBONE, Backbone, Normalisation, open_backbone
from support.pattern_video import draw_number

GOLDEN = {468: (3.5065, 3.7446), 989: (1.8974, 3.3785), 755: (1.5369, 3.3462)}
"""Feature -> its values for the two images below."""


def write_average(
    path: Path, shape: list[int | str], *, number_type: int = TensorProto.FLOAT, pool: bool = True
) -> None:
    """A backbone whose features are the image's mean colour, or the image itself as a map."""
    nodes = [helper.make_node("GlobalAveragePool" if pool else "Identity", ["images"], ["pooled"])]
    nodes.append(helper.make_node("Flatten" if pool else "Identity", ["pooled"], ["features"]))
    images = helper.make_tensor_value_info("images", number_type, shape)
    features = helper.make_tensor_value_info("features", number_type, None)
    graph = helper.make_graph(nodes, "average", [images], [features])
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
        str(path),
    )


def random_images(count: int, size: int) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def bundled() -> Backbone:
    return open_backbone(threads=1)


def test_open_backbone_bundled_file_is_small_and_declares_its_input(bundled: Backbone) -> None:
    assert BUNDLED_BACKBONE.stat().st_size <= 9_000_000
    assert (bundled.name, bundled.size_px, bundled.dim) == ("efficientnet_lite0", (224, 224), 1280)
    assert bundled.normalisation is None
    notice = BUNDLED_BACKBONE.with_name("NOTICE.md").read_text()
    assert "Apache License 2.0" in notice
    assert BUNDLED_BACKBONE.name in notice


def test_embed_with_bundled_backbone_gives_golden_features(bundled: Backbone) -> None:
    colours = np.stack([draw_number(number, (224, 224)) for number in (0, 87_381)])
    colours[:, :, :, 2] //= 2  # so that an exchange of red and blue would show
    features = bundled.embed(colours)
    assert features.shape == (2, 1280)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features[:, list(GOLDEN)].T, list(GOLDEN.values()), rtol=5e-3)
    np.testing.assert_allclose(bundled.embed(colours[1:]), features[1:], atol=1e-4)


def test_embed_float_input_normalises_and_moves_channels(tmp_path: Path) -> None:
    write_average(tmp_path / "mean.onnx", ["n", 3, 16, 16])
    backbone = open_backbone(
        tmp_path / "mean.onnx", normalisation=Normalisation(mean=(0.5, 0.25, 0), std=(0.5, 1, 2))
    )
    images = random_images(3, 16)
    assert (backbone.size_px, backbone.dim) == ((16, 16), 3)
    expected = (images / 255 - [0.5, 0.25, 0]).mean(axis=(1, 2)) / [0.5, 1, 2]
    np.testing.assert_allclose(backbone.embed(images), expected, atol=1e-5)


def test_open_backbone_without_normalisation_takes_that_of_imagenet(tmp_path: Path) -> None:
    write_average(tmp_path / "mean.onnx", ["n", 3, "h", "w"])
    backbone = open_backbone(tmp_path / "mean.onnx")
    assert backbone.size_px == (224, 224)
    grey = np.full((1, 224, 224, 3), 255, dtype=np.uint8)
    expected = [[(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225]]
    np.testing.assert_allclose(backbone.embed(grey), expected, rtol=1e-3)


def test_embed_fixed_batch_fills_up_the_last_one(tmp_path: Path) -> None:
    write_average(tmp_path / "mean.onnx", [4, 3, 8, 8])
    write_average(tmp_path / "free.onnx", ["n", 3, 8, 8])
    images = random_images(6, 8)
    fixed, free = open_backbone(tmp_path / "mean.onnx"), open_backbone(tmp_path / "free.onnx")
    np.testing.assert_array_equal(fixed.embed(images), free.embed(images))
    assert fixed.digest != free.digest


def test_embed_map_output_is_averaged(tmp_path: Path) -> None:
    write_average(tmp_path / "map.onnx", ["n", 3, 8, 8], pool=False)
    write_average(tmp_path / "mean.onnx", ["n", 3, 8, 8])
    images = random_images(2, 8)
    expected = open_backbone(tmp_path / "mean.onnx").embed(images)
    np.testing.assert_allclose(
        open_backbone(tmp_path / "map.onnx").embed(images), expected, atol=1e-6
    )


@pytest.mark.parametrize(
    ("shape", "number_type", "message"),
    [
        (["n", 3], TensorProto.FLOAT, "one image input"),
        (["n", 4, 8, 8], TensorProto.FLOAT, "3 colour channels"),
        (["n", 3, 8, 8], TensorProto.INT64, "one image input"),
    ],
)
def test_open_backbone_without_image_input_is_refused(
    tmp_path: Path, shape: list[int | str], number_type: int, message: str
) -> None:
    write_average(tmp_path / "x.onnx", shape, number_type=number_type, pool=False)
    with pytest.raises(InputError, match=message):
        open_backbone(tmp_path / "x.onnx")


def test_open_backbone_unusable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such backbone file"):
        open_backbone(tmp_path / "missing.onnx")
    (tmp_path / "text.onnx").write_text("not a network")
    with pytest.raises(InputError, match="not an ONNX file") as caught:
        open_backbone(tmp_path / "text.onnx")
    assert "\n" not in str(caught.value)


def test_open_backbone_missing_device_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(ConfigError, match="onnxruntime-gpu"):
        open_backbone(device="cuda")
