"""Showing and recording the course of a training: progress, lines, and TensorBoard scalars."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spotkick.errors import require_extra
from spotkick.models import SpotterNetwork
from spotkick.reporter import ProgressTask, Reporter


class TrainingProgress:
    """Observer of a training; see `spotkick.training.trainer.TrainingObserver`."""

    def __init__(
        self, epochs: int, reporter: Reporter, task: ProgressTask, writer: Any = None
    ) -> None:
        """Report to a task that counts batches.

        Args:
            epochs: in all.
            reporter: receives a line per epoch.
            task: receives the batches that are done.
            writer: of TensorBoard, or None.
        """
        self._epochs, self._reporter, self._task = epochs, reporter, task
        self._writer = writer

    def on_batch(self, epoch: int, batch: int, batches: int, loss: float) -> None:
        """Advance the progress."""
        done = (epoch - 1) * batches + batch
        self._task.update(
            done,
            total=self._epochs * batches,
            note=f"epoch {epoch}/{self._epochs}, loss {loss:.4f}",
        )

    def on_epoch(self, entry: dict[str, float], *, is_best: bool, network: SpotterNetwork) -> None:
        """Write a line for the epoch, and its scalars."""
        del network
        line = f"epoch {entry['epoch']:.0f}/{self._epochs}  loss {entry['loss']:.4f}"
        if "score" in entry:
            line += f"  validation {entry['score']:.4f}{' (best)' if is_best else ''}"
        self._reporter.line(line)

        if self._writer is not None:
            for name in ("loss", "learning_rate", "score"):
                if name in entry:
                    self._writer.add_scalar(name, entry[name], int(entry["epoch"]))


@contextmanager
def training_progress(
    epochs: int, reporter: Reporter, log_folder: Path | None
) -> Iterator[TrainingProgress]:
    """Show and record a training while it lasts.

    Args:
        epochs: in all.
        reporter: receives progress and lines.
        log_folder: where TensorBoard's scalars go; none are written when None.

    Raises:
        MissingExtraError: if scalars are wanted and TensorBoard is not installed.
    """
    writer: Any = None
    if log_folder is not None:
        require_extra("tensorboard", "train", "recording training curves")
        from torch.utils.tensorboard import SummaryWriter

        writer = SummaryWriter(str(log_folder))
    try:
        with reporter.task("training", None, "batches") as task:
            yield TrainingProgress(epochs, reporter, task, writer)
    finally:
        if writer is not None:
            writer.close()
