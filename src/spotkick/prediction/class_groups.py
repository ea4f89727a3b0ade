"""Answers for classes that are unions of a network's own.

A network of 17 classes answers for three: a card is a yellow, a red or a second yellow card.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spotkick.actions import ActionClasses
from spotkick.errors import ConfigError
from spotkick.prediction.decoding import Candidates
from spotkick.tasks import Task, merge_side_names, split_side_name, split_sides


@dataclass(frozen=True, slots=True)
class ClassGroups:
    """Which classes of a network make up each wanted class.

    Attributes:
        classes: that are wanted.
        columns: of the network's own scores, for each wanted class.
    """

    classes: ActionClasses
    columns: tuple[tuple[int, ...], ...]

    @classmethod
    def find(
        cls, own: ActionClasses, wanted: ActionClasses, sides: Sequence[str] = ()
    ) -> "ClassGroups":
        """Group the classes of a network by what the wanted list counts them as.

        Args:
            own: classes of the network, in the order of its columns.
            wanted: class list whose names, aliases or words know the network's classes.
            sides: teams that the network's classes tell apart; the groups then do so, too.

        Raises:
            ConfigError: if a wanted class is none of the network's.

        Example:
            >>> from spotkick.actions import SOCCERNET_V1, SOCCERNET_V2
            >>> ClassGroups.find(SOCCERNET_V2, SOCCERNET_V1).columns
            ((2,), (14, 15, 16), (3,))
        """
        split = [split_side_name(name, sides) for name in own]
        found = [(wanted.index(label), side) for label, side in split]
        groups = [(number, side) for number in range(len(wanted)) for side in sides or (None,)]
        columns = tuple(
            tuple(column for column, group in enumerate(found) if group == place)
            for place in groups
        )
        lost = {
            wanted.names[place[0]]: None
            for place, group in zip(groups, columns, strict=True)
            if not group
        }
        if lost:
            known = ", ".join(merge_side_names(own.names, sides))
            raise ConfigError(f"this network does not spot {', '.join(lost)}; it knows {known}")
        return cls(split_sides(Task(wanted), sides).classes if sides else wanted, columns)

    def join_scores(self, scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Scores of the wanted classes: the probability that one of the group happens.

        Args:
            scores: (..., own classes) between 0 and 1, taken as independent.

        Returns:
            (..., wanted classes).
        """
        return np.stack(
            [self._join_group(scores[..., list(group)]) for group in self.columns], axis=-1
        )

    def join_candidates(self, candidates: Candidates) -> Candidates:
        """Spots of a spotting module under their wanted classes; others are left out."""
        number_of_column = {
            column: number for number, group in enumerate(self.columns) for column in group
        }
        numbers = np.array(
            [number_of_column.get(column, -1) for column in candidates.classes.tolist()],
            dtype=np.intp,
        )
        kept = numbers >= 0
        return Candidates(candidates.frames[kept], numbers[kept], candidates.confidences[kept])

    def join_displacements(
        self, displacements: npt.NDArray[np.float64], scores: npt.NDArray[np.float32]
    ) -> npt.NDArray[np.float64]:
        """Displacements (frames, wanted classes): of the class of the group that scores most."""
        joined = []
        for group in self.columns:
            best = np.array(group)[scores[:, list(group)].argmax(axis=1)]
            joined.append(displacements[np.arange(len(best)), best])
        return np.stack(joined, axis=1)

    @staticmethod
    def _join_group(scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        # One class stays as it is, bit by bit.
        if scores.shape[-1] == 1:
            return scores[..., 0]
        joined: npt.NDArray[np.float32] = 1 - np.prod(1 - scores, axis=-1, dtype=np.float32)
        return joined
