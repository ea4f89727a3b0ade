"""Names of devices."""

import pytest

from spotkick.devices import Device, parse_device
from spotkick.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "device"),
    [
        ("auto", Device("auto")),
        ("cpu", Device("cpu")),
        ("cuda", Device("cuda", 0)),
        ("cuda:0", Device("cuda", 0)),
        ("cuda:3", Device("cuda", 3)),
    ],
)
def test_parse_device_names(name: str, device: Device) -> None:
    assert parse_device(name) == device


@pytest.mark.parametrize(
    "name", ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "cpu:0", "Cuda", "cuda:²"]
)
def test_parse_device_other_name_is_one_line(name: str) -> None:
    with pytest.raises(ConfigError, match="--device must be auto, cpu, cuda or cuda:1, got"):
        parse_device(name)
