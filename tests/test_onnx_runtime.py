"""What models run on, by the name of a device."""

from types import SimpleNamespace
from typing import Any

import pytest

from spotkick.errors import ConfigError
from spotkick.onnx_runtime import CPU, CUDA, check_session_device, choose_providers


@pytest.fixture
def with_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """An ONNX Runtime that was built for CUDA."""
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: [CUDA, CPU])


@pytest.fixture
def without_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """An ONNX Runtime for the CPU."""
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: [CPU])


@pytest.mark.usefixtures("with_cuda")
def test_choose_providers_cuda_has_its_index_and_exact_products() -> None:
    assert choose_providers("cuda:1") == [(CUDA, {"device_id": "1", "use_tf32": "0"}), CPU]
    assert choose_providers("auto") == [(CUDA, {"device_id": "0", "use_tf32": "0"}), CPU]
    assert choose_providers("cpu") == [CPU]


@pytest.mark.usefixtures("without_cuda")
def test_choose_providers_without_cuda_auto_is_the_cpu() -> None:
    assert choose_providers("auto") == [CPU]
    with pytest.raises(ConfigError, match="device 'cuda' is not available to ONNX Runtime here"):
        choose_providers("cuda")


def test_check_session_device_refuses_a_fall_back() -> None:
    session: Any = SimpleNamespace(get_providers=lambda: [CPU])
    check_session_device(session, "auto")
    with pytest.raises(ConfigError, match="'cuda:1': ONNX Runtime cannot start CUDA here"):
        check_session_device(session, "cuda:1")
