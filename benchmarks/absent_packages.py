"""Stand-ins for packages that training imports and does not use; import this before spotkick."""

import importlib.util
import sys
from unittest.mock import MagicMock

STAND_INS = [
    name
    for name in ("onnx", "onnxruntime", "rapidfuzz", "tqdm")
    if importlib.util.find_spec(name) is None
]
"""Packages that are missing on this machine."""

for missing in STAND_INS:
    sys.modules[missing] = MagicMock()
    for child in ("helper", "numpy_helper", "checker", "process", "distance", "fuzz"):
        sys.modules[f"{missing}.{child}"] = MagicMock()
