"""Periods in a video of the whole match: times of the video become times of periods, and back.

Tools that know videos only count from the start of the file; SoccerNet counts from the start of a
period. Where periods start in the video (``--period 2=3610``) leads from one to the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from spotkick.actions import Action, MatchActions
from spotkick.formats.recordings import parse_recording
from spotkick.formats.segments import MILLISECONDS, Segment, VideoSegments


def place_matches(
    matches: Sequence[MatchActions], starts_s: Mapping[int, float]
) -> tuple[MatchActions, ...]:
    """Matches with stated starts of periods.

    A match with actions in several periods keeps them, and the starts say where the periods lie in
    its video. In any other match positions count from the start of the video, and are split into
    the periods: an action belongs to the last one that starts before it.

    Args:
        matches: as they were read.
        starts_s: period -> seconds since the start of the video.
    """
    starts_ms = {period: round(MILLISECONDS * start) for period, start in starts_s.items()}
    return tuple(_place_match(match, starts_ms) for match in matches)


def _place_match(match: MatchActions, starts_ms: Mapping[int, int]) -> MatchActions:
    known = tuple(sorted((dict(match.period_starts_ms) | dict(starts_ms)).items()))
    if match.period_starts_ms or any(action.period != 1 for action in match.actions):
        return replace(match, period_starts_ms=known)
    actions = tuple(_split_action(action, starts_ms) for action in match.actions)
    return replace(match, actions=actions, period_starts_ms=known)


def _split_action(action: Action, starts_ms: Mapping[int, int]) -> Action:
    period = _period_at(action.position_ms, starts_ms)
    return replace(action, period=period, position_ms=action.position_ms - starts_ms[period])


def _period_at(position: float, starts: Mapping[int, int] | Mapping[int, float]) -> int:
    begun = [period for period, start in starts.items() if start <= position]
    return max(begun, key=starts.__getitem__) if begun else min(starts, key=starts.__getitem__)


def place_videos(
    videos: Sequence[VideoSegments], starts_s: Mapping[int, float]
) -> tuple[VideoSegments, ...]:
    """The same for segments: recordings of periods get their places, other videos are split."""
    placed: list[VideoSegments] = []
    for video in videos:
        _, period = parse_recording(video.video)
        if period is not None:
            start_s = starts_s.get(period, video.start_in_match_s)
            placed.append(replace(video, start_in_match_s=start_s))
        else:
            placed += _split_video(video, starts_s)
    return tuple(placed)


def _split_video(video: VideoSegments, starts_s: Mapping[int, float]) -> list[VideoSegments]:
    grouped: dict[int, list[Segment]] = {period: [] for period in sorted(starts_s)}
    for segment in video.segments:
        period = _period_at(segment.start_s, starts_s)
        start_s, end_s = (bound - starts_s[period] for bound in (segment.start_s, segment.end_s))
        grouped[period].append(replace(segment, start_s=start_s, end_s=end_s))
    return [
        VideoSegments(
            f"{video.video}/{period}",
            None,
            tuple(segments),
            subset=video.subset,
            start_in_match_s=starts_s[period],
        )
        for period, segments in grouped.items()
    ]


def join_matches(matches: Sequence[MatchActions]) -> tuple[MatchActions, ...]:
    """Matches in the time of their videos: the periods of each that has places become one."""
    return tuple(_join_match(match) for match in matches)


def _join_match(match: MatchActions) -> MatchActions:
    starts_ms = dict(match.period_starts_ms)
    if any(action.period not in starts_ms for action in match.actions):
        return match
    actions = tuple(
        replace(action, period=1, position_ms=action.position_ms + starts_ms[action.period])
        for action in match.actions
    )
    return MatchActions(match.match, actions)


def join_videos(videos: Sequence[VideoSegments]) -> tuple[VideoSegments, ...]:
    """The same for segments: recordings of periods that have places become one video."""
    joined: dict[str, VideoSegments] = {}
    for video in videos:
        name, start_s = parse_recording(video.video)[0], video.start_in_match_s
        if start_s is None:
            joined[video.video] = video
            continue
        moved = tuple(
            replace(item, start_s=item.start_s + start_s, end_s=item.end_s + start_s)
            for item in video.segments
        )
        before = joined.get(name, VideoSegments(name, None, (), subset=video.subset))
        joined[name] = replace(before, segments=before.segments + moved)
    return tuple(joined.values())
