"""The demo's part on commentary: transcripts of one match, spotted by the checkpoint for matches.

A short invented commentary ships. The folder of a real match's transcripts can be given instead,
with the goals that are known of it.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from spotkick.actions import Action, MatchActions
from spotkick.checkpoint import Checkpoint, read_checkpoint
from spotkick.commentary.transcript_files import find_transcripts, read_period
from spotkick.demo.data import COMMENTARY
from spotkick.demo.results import DemoCommentary, DemoMatch
from spotkick.errors import ConfigError, InputError
from spotkick.formats.results import read_results
from spotkick.formats.scores import read_scores
from spotkick.formats.soccernet import read_labels
from spotkick.pipelines.spot import network_for, run_spotting
from spotkick.pipelines.spot_inputs import jobs_for
from spotkick.pipelines.spot_outputs import MatchOutput
from spotkick.shipped_folders import find_shipped

CHECKPOINT: Final = "commentary"
"""The shipped checkpoint for real matches."""

GOAL: Final = "Goal"
_REGULAR_MINUTES: Final = {1: 45, 2: 90, 3: 105, 4: 120}
"""Period -> minute of the match at which it ends, but for added time."""

_MINUTE: Final = re.compile(r"([0-9]{1,3})(?:\+([0-9]{1,2}))?'?").fullmatch


def parse_goal_minute(text: str) -> Action:
    """A goal by the minute that reports state, such as ``26`` or ``45+2``.

    The 26th minute lies between 25:00 and 26:00 on the clock; the goal is put into its middle.

    Raises:
        ConfigError: if it is no minute of a match.

    Example:
        >>> parse_goal_minute("46").game_time
        '2 - 00:30'
        >>> parse_goal_minute("45+2").game_time
        '1 - 46:30'
    """
    found = _MINUTE(text.strip())
    minute, added = (int(part or 0) for part in found.groups()) if found else (0, 0)
    period = next((number for number, end in _REGULAR_MINUTES.items() if minute <= end), None)
    if period is None or minute < 1 or (added and minute != _REGULAR_MINUTES[period]):
        raise ConfigError(
            f"--goal {text}: a minute of a match is needed, such as 26 or 45+2, from 1 to 120"
        )
    before = _REGULAR_MINUTES.get(period - 1, 0)
    return Action(GOAL, period, round(60_000 * (minute + added - before - 0.5)))


def spot_commentary(folder: Path | None, goals: Sequence[str], out: Path) -> DemoCommentary | None:
    """Spot the transcripts of one match with the shipped checkpoint.

    Args:
        folder: match folder or transcript; None for the invented commentary.
        goals: minutes of the goals that are known.
        out: folder for the spots.

    Returns:
        None where this installation has no checkpoint for commentary.

    Raises:
        InputError: if the folder does not hold the transcripts of one match.
        ConfigError: if a minute is none.
    """
    shipped = find_shipped(CHECKPOINT)
    if shipped is None:
        return None
    known = [parse_goal_minute(goal) for goal in goals]
    checkpoint = read_checkpoint(shipped)
    given = folder or COMMENTARY
    jobs = jobs_for([given], checkpoint)
    files = find_transcripts(given)
    if len(jobs) != 1 or not files:
        raise InputError(
            f"{given} holds {len(jobs)} matches with {len(files)} transcripts; "
            "the demo needs the transcripts of one match"
        )

    # Spots as any other match has them; what is known comes from the user, else from its labels.
    run_spotting(jobs, network_for(checkpoint), checkpoint, out)
    output = MatchOutput.of_match(out, jobs[0].match)
    found = next(iter(read_results(output.results)))
    scores = read_scores(output.scores)
    actions = tuple(known) or _read_known_actions(given, checkpoint)
    return DemoCommentary(
        DemoMatch(scores, found, MatchActions(found.match, actions)),
        {file.period: read_period(file) for file in files},
        checkpoint.config.thresholds,
        is_invented=folder is None,
        results=output.results,
    )


def _read_known_actions(given: Path, checkpoint: Checkpoint) -> tuple[Action, ...]:
    """Labels beside the transcripts, of the classes that the checkpoint spots."""
    labels = (given if given.is_dir() else given.parent) / checkpoint.task.label_files[0]
    if not labels.is_file():
        return ()
    return checkpoint.classes.select(read_labels(labels).actions)
