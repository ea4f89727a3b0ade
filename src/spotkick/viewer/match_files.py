"""Which matches the given paths hold: labels, predictions, scores and videos that belong together.

They are told by their names, by the rule of `spotkick.datasets.match_folder`. A path may be a
folder (one match, a data set, a folder of predictions, a run) or one file. Only files inside the
given paths are ever opened for the browser; a link that leads out of them is left out with a
warning.
"""

import hashlib
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from spotkick.datasets.match_videos import (
    MatchVideos,
    choose_videos,
    group_by_match,
    read_stated_periods,
)
from spotkick.datasets.periods import PeriodSpan
from spotkick.datasets.video_names import VideoName, is_video_name, parse_video_name
from spotkick.errors import InputError, SpotkickWarning
from spotkick.files import read_json, walk_folders
from spotkick.formats.match_tree import LABEL_FILES
from spotkick.formats.results import RESULTS_FILE
from spotkick.formats.scores import SCORES_FILE
from spotkick.formats.soccernet import match_name_of

CLIPS_FILE: Final = "clips.json"
"""Clips of a highlight reel, beside the predictions they were chosen from."""

REVIEW_FILE: Final = "review.jsonl"
"""Journal of a person's corrections."""

PREDICTION_FILES: Final = (RESULTS_FILE, "Predictions-v2.json", "Predictions-v1.json")
_NAMED_FILES: Final = frozenset((*LABEL_FILES, *PREDICTION_FILES, SCORES_FILE, CLIPS_FILE))


@dataclass(slots=True)
class MatchFiles:
    """The files of one match; what is None is not there.

    Attributes:
        name: ``league/season/match`` or any other name that is unique among the given paths.
        labels: label file.
        predictions: prediction file.
        scores: ``scores.npz``.
        clips: clips of a reel.
        videos: by period, in the order in which they are played; every span has a file.
        notes: what the choice of videos leaves out, for people.
    """

    name: str
    labels: Path | None = None
    predictions: Path | None = None
    scores: Path | None = None
    clips: Path | None = None
    videos: dict[int, tuple[PeriodSpan, ...]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Name of the match in addresses: says nothing about files, and needs no escaping."""
        return hashlib.blake2s(
            self.name.encode("utf-8", "surrogatepass"), digest_size=8
        ).hexdigest()

    @property
    def video_files(self) -> tuple[Path, ...]:
        """All videos, each once, in the order of the periods."""
        spans = (span for own in self.videos.values() for span in own)
        return tuple(dict.fromkeys(span.file for span in spans if span.file is not None))

    def review_path(self, edits: Path | None) -> Path:
        """Where corrections are kept: in the folder ``edits``, else beside the first file.

        Raises:
            InputError: if the match has no file at all.
        """
        if edits is not None:
            return edits / self.name / REVIEW_FILE
        beside = self.predictions or self.labels or self.scores
        if beside is not None:
            named = beside.name in (*PREDICTION_FILES, *LABEL_FILES, SCORES_FILE)
            return beside.with_name(REVIEW_FILE if named else f"{beside.stem}.{REVIEW_FILE}")
        for video in self.video_files:
            named = _belongs_to_folder(parse_video_name(video))
            return video.with_name(REVIEW_FILE if named else f"{video.stem}.{REVIEW_FILE}")
        raise InputError(f"{self.name}: no labels, predictions or video to review")


def find_match_files(paths: Sequence[Path]) -> tuple[MatchFiles, ...]:
    """Gather the matches of all paths, sorted by name; a match may come from several paths.

    Args:
        paths: folders and files, as the user gave them.

    Raises:
        InputError: if a path does not exist, is of no known kind, or there is no match in any.
    """
    if not paths:
        raise InputError(
            "no path was given; name a match folder, a video, predictions, labels or a run folder"
        )
    roots = tuple(_require_path(path).resolve() for path in paths)
    found: dict[str, MatchFiles] = {}
    files = folders = 0

    # Nothing outside the given paths is opened, wherever links lead.
    videos = [parse_video_name(path) for path in paths if path.is_file() and is_video_name(path)]
    _add_given_videos(videos, found)
    for path in paths:
        if path.is_dir():
            more_files, more_folders = _add_folder(path, roots, found)
            files, folders = files + more_files, folders + more_folders
        elif not is_video_name(path):
            _add_file(path, found)
    if files or folders:
        what = f"{files} files" if files else f"{folders} folders"
        also = f" (and {folders} folders)" if files and folders else ""
        warnings.warn(
            f"{what} are links to places outside the given paths{also} and are left out; "
            "give those folders as further paths",
            SpotkickWarning,
            stacklevel=2,
        )
    merged = _merge_suffixes(found)
    if not merged:
        raise InputError(f"{', '.join(map(str, paths))}: no labels, predictions or videos found")
    return tuple(sorted(merged, key=lambda match: match.name))


def is_within(file: Path, roots: Iterable[Path]) -> bool:
    """Whether the file, links followed, lies in one of the resolved roots or is one of them."""
    target = file.resolve()
    return any(target == root or root in target.parents for root in roots)


def _require_path(path: Path) -> Path:
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    return path


def _add_folder(root: Path, roots: Sequence[Path], found: dict[str, MatchFiles]) -> tuple[int, int]:
    """Add the files below a folder to their matches.

    Returns:
        how many files and folders are links to places outside the given paths.
    """
    outside = folders = 0
    for folder in walk_folders(root):
        if not is_within(folder, roots):
            folders += folder.is_symlink()
            continue
        files = [path for path in sorted(folder.iterdir()) if path.is_file()]
        inside = [path for path in files if is_within(path, roots)]
        wanted = [path for path in files if path.name in _NAMED_FILES or is_video_name(path)]
        outside += sum(path not in inside for path in wanted)

        # The match of the folder, and recordings with names of their own.
        relative = folder.relative_to(root).as_posix()
        own = root.resolve().name if relative == "." else relative
        for path in inside:
            if path.name in _NAMED_FILES:
                _assign_file(found.setdefault(own, MatchFiles(own)), path)
        videos = [parse_video_name(path) for path in inside if is_video_name(path)]
        is_match = any(path.name in LABEL_FILES for path in inside)
        stated = read_stated_periods(folder) if videos else ()
        for recording, group in group_by_match(videos, is_match=is_match).items():
            alone = recording if relative == "." else f"{relative}/{recording}"
            name = alone if recording else own
            _add_videos(found.setdefault(name, MatchFiles(name)), choose_videos(group, stated))
    return outside, folders


def _add_videos(match: MatchFiles, chosen: MatchVideos) -> None:
    for period, spans in chosen.periods.items():
        if all(span.file is not None for span in spans):
            match.videos.setdefault(period, spans)
    match.videos = dict(sorted(match.videos.items()))
    match.notes += chosen.describe_missing_parts() + chosen.describe_left_out()


def _add_given_videos(videos: Iterable[VideoName], found: dict[str, MatchFiles]) -> None:
    """Add videos that the user names; periods and parts of one recording are one match."""
    recordings: dict[tuple[Path, str], list[VideoName]] = {}
    for video in videos:
        base = "" if _belongs_to_folder(video) else video.base
        recordings.setdefault((video.path.parent, base), []).append(video)
    for (folder, base), own in recordings.items():
        alone = own[0].path.stem if len(own) == 1 else base
        name = alone if base else folder.resolve().name
        chosen = choose_videos(own, read_stated_periods(folder))
        _add_videos(found.setdefault(name, MatchFiles(name)), chosen)


def _add_file(path: Path, found: dict[str, MatchFiles]) -> None:
    """Add a file other than a video that a user names to its match."""
    if path.name == SCORES_FILE:
        name = path.resolve().parent.name
    elif path.suffix.lower() == ".json":
        document = read_json(path)
        standard = path.name in (*LABEL_FILES, *PREDICTION_FILES)
        named = isinstance(document, dict) and document.get("UrlLocal")
        name = match_name_of(document, None, str(path)) if standard or named else path.stem
    else:
        raise InputError(
            f"{path}: not a kind of file that can be shown (folder, json, {SCORES_FILE}, or a "
            f"video such as .mp4)"
        )
    _assign_file(found.setdefault(name, MatchFiles(name)), path)


def _belongs_to_folder(video: VideoName) -> bool:
    """Whether a video is named by its period or size alone, so that its folder names the match."""
    return video.is_prefix or video.is_whole_match or (video.period is not None and not video.base)


def _assign_file(match: MatchFiles, path: Path) -> None:
    """Put a file into its place; of several candidates the first one found stays."""
    name = path.name
    if name == SCORES_FILE:
        match.scores = match.scores or path
    elif name == CLIPS_FILE:
        match.clips = match.clips or path
    elif name in LABEL_FILES:
        match.labels = min((match.labels or path, path), key=_rank_label_file)
    elif name in PREDICTION_FILES:
        match.predictions = match.predictions or path
    else:
        # A file of another name is recognised by its content.
        document = read_json(path)
        keys = document.keys() if isinstance(document, dict) else ()
        if "predictions" in keys:
            match.predictions = match.predictions or path
        elif "annotations" in keys:
            match.labels = match.labels or path
        elif "clips" in keys:
            match.clips = match.clips or path
        else:
            raise InputError(
                f"{path}: neither labels ('annotations'), predictions ('predictions') nor clips "
                "('clips')"
            )


def _rank_label_file(path: Path) -> int:
    """A file that the user named is preferred to those found by their usual names."""
    return LABEL_FILES.index(path.name) if path.name in LABEL_FILES else -1


def _merge_suffixes(found: dict[str, MatchFiles]) -> list[MatchFiles]:
    """Join ``predictions/league/season/match`` of a run with ``league/season/match`` of labels."""
    merged = dict(found)
    for name in sorted(found, key=len, reverse=True):
        parts = name.split("/")
        shorter = next(
            (
                tail
                for tail in ("/".join(parts[i:]) for i in range(1, len(parts)))
                if tail in merged
            ),
            None,
        )
        if shorter is None:
            continue

        # The shorter name is that of the match; what it has itself is kept.
        extra, kept = merged.pop(name), merged[shorter]
        kept.labels = kept.labels or extra.labels
        kept.predictions = kept.predictions or extra.predictions
        kept.scores = kept.scores or extra.scores
        kept.clips = kept.clips or extra.clips
        kept.notes += extra.notes
        kept.videos = dict(sorted((extra.videos | kept.videos).items()))
    return list(merged.values())
