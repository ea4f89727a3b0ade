"""The registry's entry of BMN."""

from spotkick.localization.network import BmnArchitecture, BmnNetwork
from spotkick.localization.onnx_graph import bmn_onnx_bytes
from spotkick.models.registry import DataSizes, NetworkKind


def choose_bmn_sizes(config: BmnArchitecture, data: DataSizes) -> BmnArchitecture:
    """The sizes of the ``[model]`` table as they are: a localizer's are in steps already."""
    del data
    return config


BMN = NetworkKind(
    name="bmn",
    purpose="localization",
    config=BmnArchitecture,
    architecture=BmnArchitecture,
    choose_sizes=choose_bmn_sizes,
    build=BmnNetwork,
    onnx_bytes=bmn_onnx_bytes,
)
