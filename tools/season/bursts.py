"""Short bursts of play by hand: more of the events that two computer teams rarely cause.

One player a side, the one nearest to the ball, is under outside control and nearly always does what
the engine's own computer player would do. Now and then he slides at the ball carrier, runs the ball
over a line or shoots from afar.
"""

from dataclasses import dataclass

import numpy as np

# Chance per tenth of a second that a burst starts when its situation is there.
TACKLE_RATE = 0.07
TOUCH_RUN_RATE = 0.035
OWN_LINE_RUN_RATE = 0.08
SHOT_RATE = 0.05
FEWEST_PLAYERS = 8  # a side with fewer players slides no more: its match would fall apart

Plan = tuple[tuple[str, ...], ...]  # for each tenth of a second, the engine's actions to press


@dataclass(frozen=True)
class Situation:
    """What the controlled player sees, in metres; x points at the goal, y to the top of the image.

    Attributes:
        x: His position along the pitch, within [-54, 54].
        y: His position across the pitch, within [-36, 36].
        ball_dx: Ball minus player along the pitch.
        ball_dy: Ball minus player across the pitch.
        attacks_right: Whether his team attacks to the right of the picture.
        has_ball: Whether he has the ball.
        opponent_has_ball: Whether the other side has it.
        players: How many of his side are on the pitch.
    """

    x: float
    y: float
    ball_dx: float
    ball_dy: float
    attacks_right: bool
    has_ball: bool
    opponent_has_ball: bool
    players: int


def direction(dx: float, dy: float, attacks_right: bool) -> str:
    """The nearest of the engine's eight directions; they are named as seen in the picture.

    Args:
        dx: Component towards the opponent's goal.
        dy: Component towards the top of the picture.
        attacks_right: Whether the opponent's goal is on the right.

    Returns:
        Name of the engine's action.
    """
    names = (
        "right",
        "top_right",
        "top",
        "top_left",
        "left",
        "bottom_left",
        "bottom",
        "bottom_right",
    )
    angle = np.arctan2(dy, dx if attacks_right else -dx)
    return names[round(float(angle) / (np.pi / 4)) % 8]


def plan_burst(situation: Situation, rng: np.random.Generator) -> Plan | None:
    """Decides whether a burst starts now, and which.

    Args:
        situation: What the player sees.
        rng: Source of chance; one number is drawn a call.

    Returns:
        The actions of the burst, None for the computer player.
    """
    s = situation
    chance = rng.random()
    if s.opponent_has_ball and np.hypot(s.ball_dx, s.ball_dy) < 3.0 and s.players >= FEWEST_PLAYERS:
        return tackle(s) if chance < TACKLE_RATE else None
    if not s.has_ball:
        return None
    if s.x < -36.0 and abs(s.y) > 9.0:
        return run(s, -1.0, 0.0, 25) if chance < OWN_LINE_RUN_RATE else None
    if abs(s.y) > 20.0:
        return run(s, 0.0, float(np.sign(s.y)), 30) if chance < TOUCH_RUN_RATE else None
    if s.x > 24.0:
        return shot(s) if chance < SHOT_RATE else None
    return None


def tackle(situation: Situation) -> Plan:
    """A sliding tackle at the ball."""
    aim = direction(situation.ball_dx, situation.ball_dy, situation.attacks_right)
    return ((aim, "sprint"), (aim, "sliding"), (aim, "sliding"), *(((aim,),) * 6))


def run(situation: Situation, dx: float, dy: float, steps: int) -> Plan:
    """A run straight ahead with the ball, over the line if nobody comes between."""
    aim = direction(dx, dy, situation.attacks_right)
    return ((aim, "sprint"),) * steps


def shot(situation: Situation) -> Plan:
    """A shot at goal."""
    aim = direction(54.0 - situation.x, -situation.y, situation.attacks_right)
    return ((aim,), (aim, "shot"), (aim, "shot"), (aim,), (aim,))
