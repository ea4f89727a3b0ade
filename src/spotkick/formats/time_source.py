"""Which field of a SoccerNet label says when the action happened."""

from enum import StrEnum


class TimeSource(StrEnum):
    """Which field of a label says when it happened.

    The official evaluator reads ``position`` (milliseconds) since 2022; numbers published in 2021
    and before come from ``gameTime`` (whole seconds). A label without ``position`` is always read
    from ``gameTime``.
    """

    POSITION = "position"
    GAME_TIME = "gameTime"
