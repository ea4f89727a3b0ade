"""Splitting matches over runs that know nothing of each other, such as the jobs of an array."""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spotkick.errors import ConfigError, InputError
from spotkick.files import read_json, write_json_once

_SHARD: Final = re.compile(r"(\d+)/(\d+)")
SLURM: Final = "slurm"


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several equal parts of the matches.

    Attributes:
        number: from 1.
        count: of parts.
    """

    number: int
    count: int

    @property
    def part(self) -> str:
        """For names of files."""
        return f"{self.number}-of-{self.count}"

    def choose(self, names: Iterable[str]) -> list[str]:
        """The matches of this part, sorted: every ``count``-th of the sorted names.

        Example:
            >>> Shard(2, 3).choose(["d", "a", "b", "e", "c"])
            ['b', 'e']
        """
        return sorted(names)[self.number - 1 :: self.count]

    def claim(self, folder: Path, title: str, names: Sequence[str]) -> None:
        """Make sure that all parts were cut from the same matches.

        The first one writes down what it cut; a match that came or went in the meantime would shift
        all others, and some would be lost, others done twice.

        Raises:
            InputError: if another part was cut from other matches.
            StorageError: if the folder cannot be written.
        """
        path = folder / f"{title}.shards-{self.count}.json"
        digest = hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()
        cut = {"shards": self.count, "matches": len(names), "sha256": digest}
        if write_json_once(path, cut):
            return
        known = read_json(path)
        if known != cut:
            before = known.get("matches", "other") if isinstance(known, dict) else "other"
            raise InputError(
                f"{path}: another shard was cut from {before} matches, and here are {len(names)}, "
                "or others; give all shards the same inputs, or remove the file to cut anew"
            )


def parse_shard(text: str, environment: Mapping[str, str] | None = None) -> Shard:
    """Read ``--shard``: ``3/8``, or ``slurm`` for the number of the job in its array.

    Raises:
        ConfigError: if it is neither, or there is no array.

    Example:
        >>> parse_shard("3/8")
        Shard(number=3, count=8)
    """
    if text == SLURM:
        return _read_array(os.environ if environment is None else environment)
    matched = _SHARD.fullmatch(text)
    if matched is None or not 1 <= int(matched[1]) <= int(matched[2]):
        raise ConfigError(
            f"--shard must be a part such as 1/8 to 8/8, or slurm for job arrays, got '{text}'"
        )
    return Shard(int(matched[1]), int(matched[2]))


def _read_array(environment: Mapping[str, str]) -> Shard:
    """The part of a Slurm job array: its numbers may begin anywhere, and have gaps of one size."""
    try:
        number = int(environment["SLURM_ARRAY_TASK_ID"])
        count = int(environment["SLURM_ARRAY_TASK_COUNT"])
        first = int(environment.get("SLURM_ARRAY_TASK_MIN", "1"))
        last = int(environment.get("SLURM_ARRAY_TASK_MAX", str(first + count - 1)))
    except (KeyError, ValueError):
        raise ConfigError(
            "--shard slurm needs a job array (SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT); "
            "submit with 'sbatch --array=1-8', or give --shard 3/8"
        ) from None

    # (last - first) / (count - 1) is the step of '--array=0-15:5'.
    step = max(1, (last - first) // max(1, count - 1))
    index, rest = divmod(number - first, step)
    if rest or not 0 <= index < count:
        raise ConfigError(
            f"--shard slurm: job {number} of {count} from {first} to {last} has no place in an "
            "array of equal steps; give --shard 3/8"
        )
    return Shard(index + 1, count)
