from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.errors import ConfigError, InputError
from spotkick.features.pca import PROJECTION_FILE, fit_projection, read_projection, write_projection


def sample(frames: int = 200, dim: int = 12, seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (
        rng.normal(size=(frames, dim)) * np.linspace(5, 0.1, dim) @ rng.normal(size=(dim, dim)) + 40
    ).astype(np.float32)


def test_fit_projection_equals_singular_value_decomposition() -> None:
    values = sample()
    projection = fit_projection([values[:70], values[70:71], values[71:]], 4)
    centred = values.astype(np.float64) - values.mean(axis=0, dtype=np.float64)
    _, lengths, axes = np.linalg.svd(centred, full_matrices=False)
    for mine, reference in zip(projection.components, axes, strict=False):
        assert abs(float(mine @ reference)) == pytest.approx(1, abs=1e-4)
    assert projection.explained == pytest.approx(
        (lengths[:4] ** 2).sum() / (lengths**2).sum(), rel=1e-5
    )
    projected = projection.apply(values)
    assert projected.shape == (200, 4)
    assert projected.dtype == np.float32
    np.testing.assert_allclose(
        np.abs(projected), np.abs(centred @ axes[:4].T) * projection.scale, atol=1e-3
    )
    assert np.sqrt(np.mean(projected.astype(np.float64) ** 2)) == pytest.approx(1, abs=1e-4)
    np.testing.assert_allclose(projected.mean(axis=0), 0, atol=1e-4)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000), st.integers(1, 199))
def test_fit_projection_is_independent_of_batches_and_order(seed: int, cut: int) -> None:
    values = sample()
    shuffled = np.random.default_rng(seed).permutation(values)
    whole, parts = fit_projection([values], 3), fit_projection([shuffled[:cut], shuffled[cut:]], 3)
    np.testing.assert_allclose(whole.components, parts.components, atol=1e-4)


def test_apply_uses_axes_of_training_set() -> None:
    training, video = sample(seed=1), sample(30, seed=1) + 7
    projection = fit_projection([training], 5)
    np.testing.assert_array_equal(projection.apply(video)[:10], projection.apply(video[:10]))


@pytest.mark.parametrize("kept", [0, 13, 5])
def test_fit_projection_too_many_directions_is_config_error(kept: int) -> None:
    with pytest.raises(ConfigError, match=f"cannot keep {kept} directions"):
        fit_projection([sample(frames=4)] if kept == 5 else [sample()], kept)


def test_write_projection_round_trip_keeps_values(tmp_path: Path) -> None:
    assert read_projection(tmp_path) is None
    projection = fit_projection([sample()], 4)
    write_projection(projection, tmp_path)
    back = read_projection(tmp_path)
    assert back is not None
    assert back.fingerprint() == projection.fingerprint()
    assert back.explained == projection.explained
    np.testing.assert_array_equal(back.apply(sample()), projection.apply(sample()))


def test_read_projection_damaged_file_is_input_error(tmp_path: Path) -> None:
    (tmp_path / PROJECTION_FILE).write_bytes(b"PK\x03\x04 not an archive")
    with pytest.raises(InputError, match="not a stored projection"):
        read_projection(tmp_path)
    np.savez(
        tmp_path / PROJECTION_FILE,
        mean=np.zeros(3),
        components=np.zeros((2, 4)),
        scale=1.0,
        explained=1.0,
    )
    with pytest.raises(InputError, match="do not fit each other"):
        read_projection(tmp_path)
    np.savez(tmp_path / PROJECTION_FILE, mean=np.array([object()]))
    with pytest.raises(InputError, match="not a stored projection"):
        read_projection(tmp_path)
