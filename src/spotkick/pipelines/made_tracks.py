"""What came of the feature tracks of matches, and the sum of it."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace

from spotkick.cluster.work import Outcome
from spotkick.datasets.period_files import ExtractionSummary
from spotkick.errors import InputError, SpotkickWarning


@dataclass(frozen=True, slots=True)
class MadeTracks:
    """What came of the tracks of one match.

    Attributes:
        summary: counts.
        problems: why a track is missing.
    """

    summary: ExtractionSummary
    problems: tuple[str, ...] = ()

    def describe_problem(self) -> str:
        """One line; empty where nothing is missing."""
        return "; ".join(self.problems)


def add_made(outcomes: Iterable[Outcome[MadeTracks]]) -> ExtractionSummary:
    """The sum over matches; one that fails as a whole is left out with a warning.

    Raises:
        StorageError: if the system refuses to write; every match would fail.
        ConfigError: likewise, for what is wrong with options.
    """
    total = ExtractionSummary(0, 0)
    for outcome in outcomes:
        if outcome.result is not None:
            one = outcome.result.summary
            total = ExtractionSummary(
                total.written + one.written,
                total.frames + one.frames,
                silent=total.silent + one.silent,
                failed=total.failed + one.failed,
            )
            continue

        # What is wrong with options or the disk would fail every match.
        if outcome.kind not in ("", InputError.__name__):
            raise outcome.make_error()
        warnings.warn(
            f"{outcome.item} was left out: {outcome.error}", SpotkickWarning, stacklevel=2
        )
        total = replace(total, failed=total.failed + 1)
    return total
