"""Recordings: how a match with periods becomes one or several videos, and what tools call them.

SoccerNet keeps the halves of a match under one name; most other formats know videos only. A
recording is named ``match/1``, ``match/2`` and so on, as E2E-Spot does for SoccerNet, or ``match``
alone when the whole set has first periods only. Annotation tools refer to a recording by a path, an
upload or an address, which `name_recordings` turns into such names.
"""

import posixpath
import re
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from spotkick.actions import Action, MatchActions
from spotkick.errors import InputError, SpotkickWarning
from spotkick.video_names import parse_video_name

MAX_PERIOD: Final = 9
"""Largest period that a recording's name can state, with one digit."""

_VIDEO: Final = "mp4|mkv|avi|mov|webm|m4v|ts|mts|m2ts|mpg|mpeg|mxf|wmv|flv|ogv|3gp"
_AUDIO: Final = "wav|mp3|m4a|aac|flac|ogg|opus|wma"
_MEDIA_SUFFIX: Final = re.compile(rf"\.(?:{_VIDEO}|{_AUDIO}|npy|parquet|h5)$", re.IGNORECASE)
_PERIOD_NAME: Final = re.compile(r"^(?P<match>.+)/(?P<period>[1-9])$", re.DOTALL)
_SIZE: Final = r"(?i:\d+p|[HL]Q|[HS]D)"
_PERIOD_VIDEO: Final = re.compile(rf"^(?P<match>.+)/(?P<period>[1-9])(?:_{_SIZE})?$", re.DOTALL)
_PERIOD_FEATURES: Final = re.compile(r"^(?P<match>.+)/(?P<period>[1-9])(?:_[^/]*)?$", re.DOTALL)
_BARE_PERIOD: Final = re.compile(rf"^(?P<period>[1-9])_{_SIZE}$")
_SOCCERNET_VIDEO: Final = re.compile(r"[^/]+/\d{4}-\d{4}/[^/]+/[^/]+$")

_ADDRESS: Final = re.compile(r"^(?P<scheme>[a-z][a-z0-9+-]+)://[^/]*", re.IGNORECASE)
_DRIVE: Final = re.compile(r"^/?[a-z]:(?=/)", re.IGNORECASE)
_LOCAL_FILE: Final = re.compile(r"^/?data/local-files/?\?d=(?P<path>[^&]*)")
_UPLOAD: Final = re.compile(r"^/?data/upload/(?:\d+/)?(?P<file>.+)$")
_PARENTS: Final = re.compile(r"^(?:\.\./)+")
_UPLOAD_MARK: Final = re.compile(r"^[0-9a-f]{8}-(?=.)")


@dataclass(frozen=True, slots=True)
class RecordedActions:
    """The actions of one video; their periods are set when recordings are grouped into matches.

    Attributes:
        name: of the video, without a file suffix.
        actions: in file order.
    """

    name: str
    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class MediaReference:
    """How a tool refers to a recording.

    Attributes:
        text: path, upload or address as the tool wrote it.
        folder: of the file that refers to it, relative to the set; empty for a set of one file.
        escaped: whether ``%20`` stands for a blank in paths, too; it always does in addresses.
    """

    text: str
    folder: str = ""
    escaped: bool = False


def parse_recording(name: str) -> tuple[str, int | None]:
    """Split ``match/2`` into the match and the period, which is None when the name has none.

    Example:
        >>> parse_recording("league/season/match/2"), parse_recording("video_test_0000004")
        (('league/season/match', 2), ('video_test_0000004', None))
    """
    found = _PERIOD_NAME.match(name)
    return (found["match"], int(found["period"])) if found else (name, None)


def recording_of_path(path: str) -> str:
    """Name of the recording that a video or feature file holds: no suffix, no resolution.

    Example:
        >>> recording_of_path("season/match/1_720p.mkv"), recording_of_path("clips/rally 3.mp4")
        ('season/match/1', 'clips/rally 3')
        >>> recording_of_path("season/match/first_half.mp4")
        'season/match/1'
    """
    path = path.replace("\\", "/")
    suffix = _MEDIA_SUFFIX.search(path)
    if suffix is None:
        return path
    stem = path[: suffix.start()]
    found = (_PERIOD_FEATURES if suffix[0].lower() == ".npy" else _PERIOD_VIDEO).match(stem)
    if found is not None:
        return f"{found['match']}/{found['period']}"
    folder, _, file = path.rpartition("/")
    period = _period_in_words(file)
    return f"{folder}/{period}" if folder and period is not None else stem


def _period_in_words(file: str) -> int | None:
    """The period of a video whose name states a period in words, and nothing else but its size.

    The words are those by which the videos of a match folder are told apart.

    Example:
        >>> _period_in_words("second half.mkv"), _period_in_words("second half of the final.mkv")
        (2, None)
    """
    name = parse_video_name(Path(file))
    says_more = name.is_prefix or name.base or name.part is not None
    return None if says_more else name.period


def name_recordings(references: Sequence[MediaReference], default_match: str) -> list[str]:
    """Names of recordings, from the paths, uploads and addresses by which tools refer to them.

    A relative path is the name. Of an absolute path or an address, whose beginning belongs to a
    machine and not to a match, the file name counts, with as many folders before it as are needed
    to tell different matches of the set apart. ``1_720p.mkv`` without a folder is period 1 of
    ``default_match``.

    Args:
        references: in any order, repeated or not.
        default_match: name of the match of period videos without a folder.

    Returns:
        One name for each reference.

    Example:
        >>> texts = ["/data/upload/3/ab12cd34-final.mp4", "s3://b/cup%201/2_HQ.mkv", "1_HQ.mkv"]
        >>> name_recordings([MediaReference(text) for text in texts], "replay")
        ['final', 'cup 1/2', 'replay/1']
    """
    places = {reference: _media_place(reference) for reference in dict.fromkeys(references)}
    uploads = Counter(_upload_name(place) for place in set(places.values()))
    candidates = {
        reference: _candidate_names(
            _possible_tails(reference, place, uploads), reference.folder or default_match
        )
        for reference, place in places.items()
    }
    levels = dict.fromkeys(places, 0)

    # One more folder for those that share a match with a video of another place, until none can
    # grow.
    while True:
        names = {reference: candidates[reference][level] for reference, level in levels.items()}
        homes = defaultdict(set)
        for reference, name in names.items():
            homes[parse_recording(name)[0]].add(_match_home(name, places[reference]))
        growing = [
            reference
            for reference, name in names.items()
            if len(homes[parse_recording(name)[0]]) > 1
            and levels[reference] + 1 < len(candidates[reference])
        ]
        if not growing:
            return [names[reference] for reference in references]
        for reference in growing:
            levels[reference] += 1


def _media_place(reference: MediaReference) -> str:
    """Path of the media file: from the root of its machine with ``/``, else relative to the set."""
    path = reference.text.strip().replace("\\", "/")
    address = _ADDRESS.match(path)
    path = path[address.end() :] if address else path

    # Label Studio: a file of its own storage, or one that was uploaded into the project.
    local = _LOCAL_FILE.match(path)
    if local is not None:
        return _normal_path(unquote(local["path"]), reference.folder)
    if address is not None and address["scheme"].lower() != "file":
        path = re.split(r"[?#]", path, maxsplit=1)[0]
    if address is not None or reference.escaped or _UPLOAD.match(path):
        path = unquote(path)
    return _normal_path(_DRIVE.sub("/", path).replace("//", "/"), reference.folder)


def _normal_path(path: str, folder: str) -> str:
    if path.startswith("/"):
        return posixpath.normpath(path)
    return posixpath.normpath(posixpath.join(folder, path)) if path else folder


def _upload_name(place: str) -> str:
    """Name of a file before it was uploaded into Label Studio; empty for other files."""
    upload = _UPLOAD.match(place)
    return _UPLOAD_MARK.sub("", upload["file"]) if upload else ""


def _possible_tails(reference: MediaReference, place: str, uploads: Mapping[str, int]) -> list[str]:
    """Ends of a path that may name the recording, the preferred one first."""
    upload = _UPLOAD.match(place)
    if upload is not None:
        name = _upload_name(place)
        return [name if uploads[name] == 1 else upload["file"]]
    if not place.startswith("/"):
        stated = replace(reference, folder="")
        return [_PARENTS.sub("", path) for path in (_media_place(stated), place)]
    parts = place.strip("/").split("/")
    tails = ["/".join(parts[-count:]) for count in range(1, len(parts) + 1)]
    soccernet = _SOCCERNET_VIDEO.search(place)
    return [soccernet[0], *tails] if soccernet else tails


def _candidate_names(tails: Sequence[str], default_match: str) -> list[str]:
    """Names of the recording at possible ends of its path.

    A period video belongs to the folder around it, or to the default match where there is none.
    """
    names = []
    for number, tail in enumerate(tails, start=1):
        name = recording_of_path(tail)
        bare = _bare_period(tail, name)
        has_folder = number < len(tails) and tail != tails[-1]
        if has_folder and (bare is not None or re.fullmatch("[1-9]", name)):
            continue
        names.append(name if bare is None else f"{default_match}/{bare}")
    return names


def _bare_period(tail: str, name: str) -> int | None:
    """The period of a video file without a folder whose name states nothing but a period."""
    found = _BARE_PERIOD.match(name)
    if found is not None:
        return int(found["period"])
    is_file = "/" not in tail and _MEDIA_SUFFIX.search(tail) is not None
    return _period_in_words(tail) if is_file else None


def _match_home(name: str, place: str) -> str:
    """What two recordings of one match share: the folder of their periods, else the file."""
    return posixpath.dirname(place) if parse_recording(name)[1] is not None else place


def split_periods(matches: Sequence[MatchActions]) -> tuple[RecordedActions, ...]:
    """Cut each match into its recordings.

    When no match of the set needs periods in its name, recordings are called as the matches are.
    Otherwise each match has recordings ``/1`` and ``/2``, even when one is empty, and those of
    further periods that have actions.

    Raises:
        InputError: if an action's period is not within 1 and 9.
    """
    if not any(_needs_periods(match) for match in matches):
        return tuple(RecordedActions(match.match, match.actions) for match in matches)
    recordings = []
    for match in matches:
        for period in sorted({1, 2} | {action.period for action in match.actions}):
            if not 1 <= period <= MAX_PERIOD:
                raise InputError(
                    f"{match.match}: a period must lie within 1 and {MAX_PERIOD} to be part of a "
                    f"video name, got {period}"
                )
            actions = tuple(action for action in match.actions if action.period == period)
            recordings.append(RecordedActions(f"{match.match}/{period}", actions))
    return tuple(recordings)


def _needs_periods(match: MatchActions) -> bool:
    named = (
        parse_recording(match.match)[1] is not None
        or recording_of_path(f"{match.match}.mp4") != match.match
        or _bare_period(f"{match.match}.mp4", match.match) is not None
    )
    return named or any(action.period != 1 for action in match.actions)


def group_recordings(recordings: Iterable[RecordedActions]) -> tuple[MatchActions, ...]:
    """Join recordings into matches, in order of first appearance.

    A period in the name replaces the one of the actions.

    A recording that is listed twice is kept once with the actions of both, with a warning.
    """
    actions: dict[str, list[Action]] = {}
    seen: set[str] = set()
    repeated = 0
    for recording in recordings:
        match, period = parse_recording(recording.name)
        repeated += recording.name in seen
        seen.add(recording.name)
        found = (
            recording.actions
            if period is None
            else tuple(replace(action, period=period) for action in recording.actions)
        )
        actions.setdefault(match, []).extend(found)
    if repeated:
        warnings.warn(
            f"{repeated} videos are listed more than once; their actions were joined",
            SpotkickWarning,
            stacklevel=2,
        )
    return tuple(MatchActions(match, tuple(found)) for match, found in actions.items())
