"""The check of every command that writes: no output may take the place of what is read."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from spotkick.files import check_outputs

_DATA_FILES: Final = re.compile(
    r"Labels.*\.json|results_spotting\.json|.*\.(npy|npz|h5|onnx|safetensors|zip|parquet|"
    r"mp4|m4v|mov|mkv|webm|avi|ts|m2ts|mpg|mpeg|mxf|flv|toml|txt)|.*_asr\.json",
    re.IGNORECASE,
)
"""Names of files that are read from inside a folder, so that no report may have them."""


def check_command_outputs(
    outputs: Mapping[str, Path | None], inputs: Iterable[Path | str | None]
) -> None:
    """Check before any work that no output replaces an input, a data file of one, or an output.

    Args:
        outputs: option -> path; None where nothing is written.
        inputs: files and folders that are read; None where there is none.

    Raises:
        InputError: naming the two that are the same file.
    """
    read = [Path(path) for path in inputs if path is not None]
    folders = [path.resolve() for path in read if path.is_dir()]

    # A report may lie in a folder that is read, but not in place of its labels or videos.
    replaced = [
        path
        for path in outputs.values()
        if path is not None
        and path.is_file()
        and _DATA_FILES.fullmatch(path.name)
        and any(path.resolve().is_relative_to(folder) for folder in folders)
    ]
    check_outputs(outputs, [*read, *replaced])
