"""Run folders of trainings: one experiment each, which a later call may go on with.

A folder holds ``experiment.json`` (the configuration), ``state.safetensors`` (where the training
stands), ``results.json``, and the checkpoints ``best/`` and ``last/``. A start that fails before
the first epoch is done leaves the folder free.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from spotkick.errors import InputError
from spotkick.files import read_json, write_json
from spotkick.stored_checkpoint import BEST, LAST

EXPERIMENT_FILE: Final = "experiment.json"
STATE_FILE: Final = "state.safetensors"
RUN_RESULTS_FILE: Final = "results.json"

_MOST_KEYS: Final = 3
"""Differing keys that a message names."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A run folder.

    Attributes:
        path: of the folder.
    """

    path: Path

    @property
    def state(self) -> Path:
        """File of the training's state."""
        return self.path / STATE_FILE

    @property
    def best(self) -> Path:
        """Checkpoint of the best validation."""
        return self.path / BEST

    @property
    def last(self) -> Path:
        """Checkpoint of the last epoch."""
        return self.path / LAST

    def holds_run(self) -> bool:
        """Whether an experiment was begun here."""
        return (self.path / EXPERIMENT_FILE).is_file()

    def write_results(self, results: Mapping[str, Any]) -> None:
        """Write what the training achieved.

        Raises:
            StorageError: if it cannot be written.
        """
        write_json(self.path / RUN_RESULTS_FILE, dict(results))

    def check(
        self,
        described: Mapping[str, Any],
        *,
        resume: bool,
        defaults: Mapping[str, Any],
        free: Collection[str] = (),
        paths: Collection[str] = (),
        hints: Mapping[str, str] | None = None,
    ) -> None:
        """Refuse to mix two experiments; nothing is written.

        Args:
            described: the configuration as plain tables.
            resume: whether to go on with what the folder holds.
            defaults: tables with every default, for keys that an older run did not have.
            free: dotted keys that may differ.
            paths: dotted keys that hold paths, which may be written in two ways.
            hints: key -> what to do when it differs, instead of the usual advice.

        Raises:
            InputError: if the folder holds a run and ``resume`` is False, or another experiment.
        """
        path = self.path / EXPERIMENT_FILE
        if not path.is_file():
            return
        if not resume:
            raise InputError(
                f"{self.path} already holds a run; go on with --resume, or choose another --out"
            )

        # Dotted keys, paths resolved.
        known = _flatten_tables(defaults)
        former = {**known, **_flatten_tables(read_json(path))}
        now = {**known, **_flatten_tables(described)}
        different = [
            key
            for key in sorted({*former, *now} - set(free))
            if _make_comparable(former.get(key), key in paths)
            != _make_comparable(now.get(key), key in paths)
        ]
        if different:
            raise InputError(self._describe_difference(different, former, now, hints=hints or {}))

    def _describe_difference(
        self,
        different: list[str],
        former: Mapping[str, Any],
        now: Mapping[str, Any],
        *,
        hints: Mapping[str, str],
    ) -> str:
        shown = ", ".join(
            f"{key} is {former.get(key)!r} there and {now.get(key)!r} here"
            for key in different[:_MOST_KEYS]
        )
        more = (
            f", and {len(different) - _MOST_KEYS} more keys" if len(different) > _MOST_KEYS else ""
        )
        usual = "resume with its own configuration, or choose another --out"
        advice = hints.get(different[0], usual) if len(different) == 1 else usual
        return f"{self.path} holds another experiment: {shown}{more}; {advice}"

    @contextmanager
    def claim(self, described: Mapping[str, Any]) -> Iterator[None]:
        """Hold the folder while a training runs in it.

        The folder is free again when the training fails before its first epoch is done.

        Raises:
            StorageError: if it cannot be written.
        """
        path = self.path / EXPERIMENT_FILE
        was_there = path.is_file()
        write_json(path, dict(described))
        try:
            yield
        except BaseException:
            if not was_there and not self.state.is_file():
                path.unlink(missing_ok=True)
            raise


def _flatten_tables(tables: Any, prefix: str = "") -> dict[str, Any]:
    """Values by dotted key."""
    flat: dict[str, Any] = {}
    for name, value in tables.items() if isinstance(tables, Mapping) else ():
        if isinstance(value, Mapping) and value:
            flat.update(_flatten_tables(value, f"{prefix}{name}."))
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _make_comparable(value: Any, is_path: bool) -> Any:
    if is_path and isinstance(value, str) and value:
        return str(Path(value).resolve())
    return list(value) if isinstance(value, tuple) else value
