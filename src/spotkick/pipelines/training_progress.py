"""Showing and recording the course of a training: a progress bar or plain lines, and TensorBoard scalars."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tqdm import tqdm

from spotkick.errors import require_extra
from spotkick.models import CalfNetwork

_LINE_WIDTH: Final = 100


class TrainingProgress:
    """Observer of a training; see `spotkick.training.trainer.TrainingObserver`."""

    def __init__(self, epochs: int, writer: Any = None) -> None:
        """Args: epochs, in all; writer, a TensorBoard writer or None."""
        self._epochs, self._writer = epochs, writer
        self._bar = tqdm(
            total=0,
            leave=False,
            disable=not sys.stderr.isatty(),
            ncols=_LINE_WIDTH,
            file=sys.stderr,
        )

    def on_batch(self, epoch: int, batch: int, batches: int, loss: float) -> None:
        """Advance the bar."""
        if batch == 1:
            self._bar.reset(total=batches)
            self._bar.set_description(f"epoch {epoch}/{self._epochs}")
        self._bar.set_postfix(loss=f"{loss:.4f}", refresh=False)
        self._bar.update()

    def on_epoch(self, entry: dict[str, float], *, is_best: bool, network: CalfNetwork) -> None:
        """Print a line for the epoch, and write its scalars."""
        del network
        score = (
            f"  validation {entry['score']:.4f}{' (best)' if is_best else ''}"
            if "score" in entry
            else ""
        )
        self._bar.write(
            f"epoch {entry['epoch']:.0f}/{self._epochs}  loss {entry['loss']:.4f}{score}",
            file=sys.stderr,
        )
        if self._writer is not None:
            for name in ("loss", "learning_rate", "score"):
                if name in entry:
                    self._writer.add_scalar(name, entry[name], int(entry["epoch"]))

    def close(self) -> None:
        """Finish the bar's line."""
        self._bar.close()


@contextmanager
def training_progress(epochs: int, log_folder: Path | None) -> Iterator[TrainingProgress]:
    """A progress display for the duration of a training.

    Args:
        epochs: in all.
        log_folder: where TensorBoard's scalars go; none are written when None.

    Raises:
        MissingExtraError: if scalars are wanted and TensorBoard is not installed.
    """
    writer: Any = None
    if log_folder is not None:
        require_extra("tensorboard", "train", "recording training curves")
        from torch.utils.tensorboard import SummaryWriter

        writer = SummaryWriter(str(log_folder))
    progress = TrainingProgress(epochs, writer)
    try:
        yield progress
    finally:
        progress.close()
        if writer is not None:
            writer.close()
