"""Names of devices, the same in every command: auto, cpu, cuda, cuda:1."""

from typing import Literal, NamedTuple

from spotkick.errors import ConfigError


class Device(NamedTuple):
    """A processor, or one of several GPUs.

    Attributes:
        kind: ``auto`` is CUDA where whatever runs finds it, else the CPU.
        gpu: which one.
    """

    kind: Literal["auto", "cpu", "cuda"]
    gpu: int = 0


def parse_device(name: str) -> Device:
    """Read the name of a device.

    Raises:
        ConfigError: if it is none.

    Example:
        >>> parse_device("cuda:1")
        Device(kind='cuda', gpu=1)
    """
    kind, colon, index = name.partition(":")
    if kind in ("auto", "cpu") and not colon:
        return Device("auto" if kind == "auto" else "cpu")
    if kind == "cuda" and (not colon or (index.isascii() and index.isdigit())):
        return Device("cuda", int(index or 0))
    raise ConfigError(f"--device must be auto, cpu, cuda or cuda:1, got '{name}'")
