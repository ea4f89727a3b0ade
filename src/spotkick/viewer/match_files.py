"""Which matches the given paths hold: labels, predictions, scores and videos that belong together by their names.

A path may be a folder (one match, a data set, a folder of predictions, a run) or one file. Only
files inside the given paths are ever opened for the browser; a link that leads out of them is left
out with a warning.
"""

import hashlib
import os
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from spotkick.errors import InputError, SpotkickWarning
from spotkick.files import read_json
from spotkick.formats.match_tree import LABEL_FILES
from spotkick.formats.results import RESULTS_FILE
from spotkick.formats.scores import SCORES_FILE
from spotkick.formats.soccernet import match_name_of

CLIPS_FILE: Final = "clips.json"
"""Clips of a highlight reel, beside the predictions they were chosen from."""

REVIEW_FILE: Final = "review.jsonl"
"""Journal of a person's corrections."""

PREDICTION_FILES: Final = (RESULTS_FILE, "Predictions-v2.json", "Predictions-v1.json")
_VIDEO_SUFFIXES: Final = (".mp4", ".m4v", ".mov", ".webm", ".mkv")
_PERIOD_VIDEO: Final = re.compile(r"^(?:([1-9])_)?(?:(\d+)p|HQ|video)$|^([1-9])$", re.IGNORECASE)
_HIDDEN: Final = (".", "__pycache__")


@dataclass(slots=True)
class MatchFiles:
    """The files of one match; what is None is not there.

    Attributes:
        name: ``league/season/match`` or any other name that is unique among the given paths.
        labels: label file.
        predictions: prediction file.
        scores: ``scores.npz``.
        clips: clips of a reel.
        videos: by period.
    """

    name: str
    labels: Path | None = None
    predictions: Path | None = None
    scores: Path | None = None
    clips: Path | None = None
    videos: dict[int, Path] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Name of the match in addresses: says nothing about files, and needs no escaping."""
        return hashlib.blake2s(
            self.name.encode("utf-8", "surrogatepass"), digest_size=8
        ).hexdigest()

    def review_path(self, edits: Path | None) -> Path:
        """Where corrections are kept: in the folder ``edits`` when given, else beside the first file of the match.

        Raises:
            InputError: if the match has no file at all.
        """
        if edits is not None:
            return edits / self.name / REVIEW_FILE
        beside = self.predictions or self.labels or self.scores
        if beside is not None:
            named = beside.name in (*PREDICTION_FILES, *LABEL_FILES, SCORES_FILE)
            return beside.with_name(REVIEW_FILE if named else f"{beside.stem}.{REVIEW_FILE}")
        for video in self.videos.values():
            named = _PERIOD_VIDEO.match(video.stem) is not None
            return video.with_name(REVIEW_FILE if named else f"{video.stem}.{REVIEW_FILE}")
        raise InputError(f"{self.name}: no labels, predictions or video to review")


def find_match_files(paths: Sequence[Path]) -> tuple[MatchFiles, ...]:
    """Gather the matches of all paths, sorted by name; files of one match may come from several paths.

    Args:
        paths: folders and files, as the user gave them.

    Raises:
        InputError: if a path does not exist, is of no known kind, or there is no match in any.
    """
    if not paths:
        raise InputError(
            "no path was given; name a match folder, a video, predictions, labels or a run folder"
        )
    roots = tuple(_existing(path).resolve() for path in paths)
    found: dict[str, MatchFiles] = {}
    outside = 0
    for path in paths:
        for name, file in _walk(path) if path.is_dir() else _single(path):
            if not is_within(file, roots):
                outside += 1
                continue
            _assign(found.setdefault(name, MatchFiles(name)), file)
    if outside:
        warnings.warn(
            f"{outside} files are links to places outside the given paths and are left out; give those folders as further paths",
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


def _existing(path: Path) -> Path:
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    return path


def _walk(root: Path) -> Iterator[tuple[str, Path]]:
    """Files of interest under a folder, each with the name of its match."""
    root_name = root.resolve().name
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith(_HIDDEN))
        relative = Path(folder).relative_to(root).as_posix()
        match = root_name if relative == "." else relative
        for name in sorted(names):
            path = Path(folder) / name
            if name in (*LABEL_FILES, *PREDICTION_FILES, SCORES_FILE, CLIPS_FILE):
                yield match, path
            elif path.suffix.lower() in _VIDEO_SUFFIXES and not name.startswith("."):
                period = _PERIOD_VIDEO.match(path.stem)
                alone = path.stem if relative == "." else f"{relative}/{path.stem}"
                yield (match if period else alone), path


def _single(path: Path) -> Iterator[tuple[str, Path]]:
    if path.suffix.lower() in _VIDEO_SUFFIXES:
        period = _PERIOD_VIDEO.match(path.stem)
        yield (path.resolve().parent.name if period else path.stem), path
    elif path.name == SCORES_FILE:
        yield path.resolve().parent.name, path
    elif path.suffix.lower() == ".json":
        document = read_json(path)
        standard = path.name in (*LABEL_FILES, *PREDICTION_FILES)
        named = isinstance(document, dict) and document.get("UrlLocal")
        yield (match_name_of(document, None, str(path)) if standard or named else path.stem), path
    else:
        kinds = ", ".join(("folder", "json", SCORES_FILE, *_VIDEO_SUFFIXES))
        raise InputError(f"{path}: not a kind of file that can be shown ({kinds})")


def _assign(match: MatchFiles, path: Path) -> None:
    """Put a file into its place; of several candidates the first one found stays."""
    name = path.name
    if path.suffix.lower() in _VIDEO_SUFFIXES:
        parts = _PERIOD_VIDEO.match(path.stem)
        period = int((parts[1] or parts[3] or 1) if parts else 1)
        current = match.videos.get(period)
        if current is None or _lines(path) < _lines(
            current
        ):  # the smallest picture plays and seeks best
            match.videos[period] = path
        match.videos = dict(sorted(match.videos.items()))
    elif name == SCORES_FILE:
        match.scores = match.scores or path
    elif name == CLIPS_FILE:
        match.clips = match.clips or path
    elif name in LABEL_FILES:
        match.labels = min((match.labels or path, path), key=_preference)
    elif name in PREDICTION_FILES:
        match.predictions = match.predictions or path
    else:
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
                f"{path}: neither labels ('annotations'), predictions ('predictions') nor clips ('clips')"
            )


def _preference(path: Path) -> int:
    """A file that the user named is preferred to those found by their usual names."""
    return LABEL_FILES.index(path.name) if path.name in LABEL_FILES else -1


def _lines(path: Path) -> int:
    digits = re.findall(r"(\d+)p", path.stem)
    return int(digits[-1]) if digits else 10**6


def _merge_suffixes(found: dict[str, MatchFiles]) -> list[MatchFiles]:
    """Join ``predictions/league/season/match`` of a run folder with ``league/season/match`` of the labels."""
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
        extra, kept = merged.pop(name), merged[shorter]
        kept.labels = kept.labels or extra.labels
        kept.predictions = kept.predictions or extra.predictions
        kept.scores = kept.scores or extra.scores
        kept.clips = kept.clips or extra.clips
        kept.videos = dict(sorted((extra.videos | kept.videos).items()))
    return list(merged.values())
