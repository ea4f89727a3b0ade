"""Result files of a study: one per stack, with the scores of all networks and their peaks."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from spotkick.errors import ConfigError
from spotkick.files import atomic_path, reading_arrays
from spotkick.study.peaks import Peaks
from spotkick.study.plan import Block, Recipe
from spotkick.study.scoring import LEVELS

RESULT_SUFFIX: Final = ".npz"

_FIX: Final = "remove it and run the plan again"

_TENTH_MS: Final = 100
"""Resolution of the positions in results of early versions."""


def result_path(out: Path, block: Block, seed: int) -> Path:
    """Where the result of a stack lies."""
    return out / f"{block.name}-{seed}{RESULT_SUFFIX}"


def write_result(path: Path, description: dict[str, Any], peaks: Peaks) -> None:
    """Write a result: positions in milliseconds, ranked confidences as levels.

    Args:
        path: of the file.
        description: of the stack and its networks.
        peaks: of all networks, ranked.

    Raises:
        StorageError: if it cannot be written.
    """
    levels = np.ceil(LEVELS * peaks.confidences).astype(np.uint8)

    # Rounded to tenths, peaks would change their place on the official grid of two frames a
    # second, those of some losses more than of others: tight scores moved by up to three points.
    positions_ms = np.round(peaks.positions_ms) * (levels > 0)
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(
            file,
            description=np.array(json.dumps(description)),
            positions_ms=positions_ms.astype(np.uint32),
            levels=levels,
        )


def pack_result(path: Path, out: Path, networks: Mapping[tuple[str, int], set[int]]) -> None:
    """Copy a result with the peaks that the tables need; the scores of all networks stay.

    Args:
        path: of a result.
        out: folder.
        networks: (arm, draw) -> held periods whose peaks are kept.
    """
    description, peaks = read_result(path)
    rows = description["networks"]
    chosen = [number for number, row in enumerate(rows) if (row["arm"], row["draw"]) in networks]
    before = description.get("peaks_of", list(range(len(rows))))
    kept = peaks.select([before.index(number) for number in chosen])
    for place, number in enumerate(chosen):
        periods = networks[rows[number]["arm"], rows[number]["draw"]]
        unused = [period for period in range(kept.confidences.shape[1]) if period not in periods]
        kept.confidences[place, unused] = 0
    write_result(out / path.name, {**description, "peaks_of": chosen}, kept)


def read_result(path: Path) -> tuple[dict[str, Any], Peaks]:
    """Description and ranked peaks of a result."""
    with reading_arrays(path, "a result of a study", _FIX), np.load(path) as arrays:
        description: dict[str, Any] = json.loads(str(arrays["description"]))
        levels = arrays["levels"].astype(np.float32)
        if "positions_ms" in arrays:
            positions_ms = arrays["positions_ms"].astype(np.int32)
        else:
            positions_ms = arrays["tenths"].astype(np.int32) * _TENTH_MS
    return description, Peaks(positions_ms, (levels - 0.5).clip(min=0) / LEVELS)


def check_result(
    path: Path, block: Block, recipe: Recipe | None = None, checksum: str = ""
) -> None:
    """Refuse a result of another plan or of other data, which would stand in the same tables.

    Args:
        path: of a result.
        block: that it should be of; further seeds may have been added.
        recipe: same; not compared when None.
        checksum: of the data set; not compared when empty, nor with results that have none, as
            those of early versions.

    Raises:
        InputError: if it is damaged.
        ConfigError: if it was made with other arms, data or settings.
    """
    description, _ = read_result(path)
    made_with = Block.parse(description.get("block", {}), str(path))
    other = made_with.replace(seeds=block.seeds) != block
    if recipe is not None and "recipe" in description:
        other = other or Recipe.parse(description["recipe"], str(path)) != recipe
    if other:
        raise ConfigError(
            f"{path} was made with another block '{block.name}' or recipe; choose another folder "
            "for the results of this plan"
        )
    if checksum and description.get("data_sha256", checksum) != checksum:
        raise ConfigError(
            f"{path} was made with another data set '{block.data}'; choose another folder for "
            "results on this one"
        )
