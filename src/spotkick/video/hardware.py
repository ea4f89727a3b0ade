"""Decode on the video unit of a GPU (NVDEC), through FFmpeg.

Frames come back to the memory of the host, so that everything behind the decoder stays as it is.
"""

from av.codec.hwaccel import HWAccel, hwdevices_available

from spotkick.devices import parse_device

_CUDA = "cuda"


def hardware_decoder(device: str) -> HWAccel | None:
    """What decodes on a device; None for the CPU, and where FFmpeg was built without CUDA.

    A codec that the card cannot decode is decoded on the CPU, frame by frame the same.

    Args:
        device: ``cpu``, ``cuda`` or ``cuda:1``; ``auto`` stands for ``cpu`` here, since looking for
            a card would cost each file a failed start.

    Raises:
        ConfigError: if it is no name of a device.
    """
    chosen = parse_device(device)
    if chosen.kind != _CUDA or _CUDA not in hwdevices_available():
        return None
    return HWAccel(device_type=_CUDA, device=str(chosen.gpu), allow_software_fallback=True)
