"""Files of one match that lie in several places are joined; none takes the place of another.

Predictions of several systems stay apart, each with the scores and clips beside them. Of labels
and videos that are found twice the first are shown, and a note names the others.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from spotkick.viewer.match_files import MatchFiles, SystemFiles

_LABEL_FOLDERS: Final = frozenset(
    {"labels", "label", "annotations", "truth", "ground_truth", "gt", "data", "dataset", "videos"}
)
_PREDICTION_FOLDERS: Final = frozenset(
    {"predictions", "prediction", "preds", "results", "outputs", "output", "out", "spots"}
)


def join_matches(found: Iterable[Mapping[str, MatchFiles]]) -> list[MatchFiles]:
    """Join what several paths hold, by the names of the matches.

    Args:
        found: matches by name, of one path after the other.
    """
    # equal names first, then names that continue each other
    joined: dict[str, MatchFiles] = {}
    for matches in found:
        for name, match in matches.items():
            if name in joined:
                _add_match(joined[name], match)
            else:
                joined[name] = match
    for join in (_find_shorter_name, _find_twin_folder):
        for name in sorted(joined):
            other = join(name, joined) if name in joined else None
            if other is not None:
                _add_match(joined[other], joined.pop(name))
    for match in joined.values():
        _note_systems(match)
    return list(joined.values())


def join_given_files(matches: list[MatchFiles]) -> list[MatchFiles]:
    """Join the only video that a user gives with the files of labels or predictions given with it.

    Their names may differ then. Files of several matches, and several videos, are joined by their
    names alone.
    """
    shown = [match for match in matches if match.videos]
    others = [match for match in matches if not match.videos]
    several = any(not entry.is_only for match in others for entry in match.entries.values())
    if len(shown) != 1 or several:
        return matches
    for match in others:
        _add_match(shown[0], match)
    _note_systems(shown[0])
    return shown


def join_named_results(matches: list[MatchFiles], video: str) -> list[MatchFiles]:
    """Join the only video that a user gives with the results that `spotkick spot` names after it.

    A video such as ``match.mkv`` is named by its folder otherwise.

    Args:
        matches: of all paths.
        video: name of the file, without its suffix.
    """
    shown = [match for match in matches if match.videos]
    named = next((match for match in matches if match.name == video and not match.videos), None)
    if named is None or len(shown) != 1 or shown[0].systems or shown[0].labels is not None:
        return matches
    _add_match(named, shown[0])
    return [match for match in matches if match is not shown[0]]


def _find_shorter_name(name: str, joined: Mapping[str, MatchFiles]) -> str | None:
    """``league/season/match`` for ``predictions/league/season/match``."""
    parts = name.split("/")
    tails = ("/".join(parts[i:]) for i in range(1, len(parts)))
    return next((tail for tail in tails if tail in joined), None)


def _find_twin_folder(name: str, joined: Mapping[str, MatchFiles]) -> str | None:
    """``labels/league/match`` for ``predictions/league/match`` in one project folder."""
    match = joined[name]
    if match.labels is not None or not match.systems:
        return None
    parts = name.split("/")
    for i in range(1, len(parts)):
        tail = "/".join(parts[i:])
        twins = [
            other
            for other in joined
            if other != name
            and other.partition("/")[2] == tail
            and (joined[other].labels is not None or joined[other].videos)
        ]
        if len(twins) == 1 and _has_roles(parts[0], twins[0].partition("/")[0]):
            return twins[0]
    return None


def _has_roles(ours: str, theirs: str) -> bool:
    return ours.lower() in _PREDICTION_FOLDERS or theirs.lower() in _LABEL_FOLDERS


def _add_match(kept: MatchFiles, extra: MatchFiles) -> None:
    """Add the files of ``extra``; what ``kept`` has itself stays."""
    # the first labels stay
    if kept.labels is None:
        kept.labels = extra.labels
    elif extra.labels is not None and extra.labels != kept.labels:
        kept.notes.append(f"labels were found twice: {kept.labels} is shown, {extra.labels} is not")

    # One system may have its files in several places; two systems are never mixed.
    for system in extra.systems:
        if _completes(kept, system):
            kept.predictions = kept.predictions or system.predictions
            kept.scores = kept.scores or system.scores
            kept.clips = kept.clips or system.clips
        elif system not in kept.systems:
            kept.others.append(system)

    # the first video of a period stays
    twice = sorted(set(kept.videos) & set(extra.videos))
    for period in twice:
        if kept.videos[period] != extra.videos[period]:
            shown, left = kept.videos[period][0].file, extra.videos[period][0].file
            kept.notes.append(
                f"videos of period {period} were found twice: {shown} is shown, {left} is not"
            )
    kept.videos = dict(sorted((extra.videos | kept.videos).items()))
    kept.notes += extra.notes
    kept.entries = extra.entries | kept.entries


def _completes(kept: MatchFiles, system: SystemFiles) -> bool:
    """Whether files that are nowhere else stand for a system that lacks them."""
    ours = kept.systems[0] if kept.systems else None
    return ours is None or all(
        mine is None or theirs is None or mine == theirs
        for mine, theirs in (
            (ours.predictions, system.predictions),
            (ours.scores, system.scores),
            (ours.clips, system.clips),
        )
    )


def _note_systems(match: MatchFiles) -> None:
    """Name the systems by what tells their paths apart."""
    systems = match.systems
    if len(systems) < 2:
        return
    names = name_systems(systems)
    match.notes.append(
        f"there are predictions of {len(systems)} systems: {names[0]} is reviewed, and "
        f"{', '.join(names[1:])} can be compared with it"
    )


def name_systems(systems: Iterable[SystemFiles]) -> list[str]:
    """The part of each path in which it differs from the others.

    Example:
        >>> from pathlib import Path
        >>> paths = [Path("runs/a/test/m1/r.json"), Path("runs/b/test/m1/r.json")]
        >>> name_systems([SystemFiles(path) for path in paths])
        ['a', 'b']
    """
    paths = [system.place.resolve().parts for system in systems]
    if len(paths) < 2:
        return [path[-1] if path else "" for path in paths]
    shortest = min(map(len, paths))
    head = next((i for i in range(shortest) if len({path[i] for path in paths}) > 1), shortest)
    tail = next((i for i in range(shortest) if len({path[-1 - i] for path in paths}) > 1), 0)
    names = ["/".join(path[head : len(path) - tail]) or path[-1] for path in paths]
    return [name.removesuffix(".json") for name in names]
