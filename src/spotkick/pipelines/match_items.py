"""Files of periods as items: one for each match."""

from collections.abc import Iterable

from spotkick.cluster.work import WorkItem
from spotkick.datasets.period_files import PeriodFile


def group_by_match(files: Iterable[PeriodFile]) -> list[WorkItem]:
    """An item for each match, with its files as the payload."""
    found: dict[str, list[PeriodFile]] = {}
    for file in files:
        found.setdefault(file.match, []).append(file)
    return [WorkItem(match, tuple(own)) for match, own in found.items()]
