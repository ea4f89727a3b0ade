"""Which matches the given paths hold: labels, predictions, scores and videos that belong together.

They are told by their names, by the rule of `spotkick.datasets.match_folder`. A path may be a
folder (one match, a data set, a folder of predictions, a run) or one file. Only files inside the
given paths are ever opened for the browser; a link that leads out of them is left out with a
warning.
"""

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

from spotkick.datasets.match_videos import (
    MatchVideos,
    choose_videos,
    group_by_match,
    read_stated_periods,
)
from spotkick.errors import InputError, SpotkickWarning
from spotkick.files import read_json, walk_folders
from spotkick.formats.match_tree import LABEL_FILES
from spotkick.formats.scores import SCORES_FILE
from spotkick.formats.soccernet import match_name_of
from spotkick.video_names import VideoName, is_video_name, parse_video_name
from spotkick.viewer.action_files import detect_action_file, list_entries
from spotkick.viewer.match_files import (
    CLIPS_FILE,
    NAMED_FILES,
    PREDICTION_FILES,
    MatchFiles,
    is_within,
)
from spotkick.viewer.match_joining import join_given_files, join_matches, join_named_results


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
    found: list[dict[str, MatchFiles]] = [{}]
    files = folders = 0

    # Nothing outside the given paths is opened, wherever links lead.
    videos = [parse_video_name(path) for path in paths if path.is_file() and is_video_name(path)]
    _add_given_videos(videos, found[0])
    for path in paths:
        found.append({})
        if path.is_dir():
            more_files, more_folders = _add_folder(path, roots, found[-1])
            files, folders = files + more_files, folders + more_folders
            if not found[-1] and not videos:
                _add_folder_of_files(path, roots, found[-1])
        elif not is_video_name(path):
            _add_file(path, found[-1], [video.path for video in videos])
    if files or folders:
        what = f"{files} files" if files else f"{folders} folders"
        also = f" (and {folders} folders)" if files and folders else ""
        warnings.warn(
            f"{what} are links to places outside the given paths{also} and are left out; "
            "give those folders as further paths",
            SpotkickWarning,
            stacklevel=2,
        )
    merged = join_matches(found)
    if all(path.is_file() for path in paths):
        merged = join_given_files(merged)
    elif len(videos) == 1:
        merged = join_named_results(merged, videos[0].path.stem)
    if not merged:
        raise InputError(f"{', '.join(map(str, paths))}: no labels, predictions or videos found")
    return tuple(sorted(merged, key=lambda match: match.name))


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
        wanted = [path for path in files if path.name in NAMED_FILES or is_video_name(path)]
        outside += sum(path not in inside for path in wanted)

        # The match of the folder, and recordings with names of their own.
        relative = folder.relative_to(root).as_posix()
        own = root.resolve().name if relative == "." else relative
        for path in inside:
            if path.name in NAMED_FILES:
                _assign_file(found.setdefault(own, MatchFiles(own)), path)
        videos = [parse_video_name(path) for path in inside if is_video_name(path)]
        is_match = any(path.name in LABEL_FILES for path in inside)
        stated = read_stated_periods(folder) if videos else ()
        groups = group_by_match(videos, is_match=is_match)
        for recording, group in groups.items():
            alone = recording if relative == "." else f"{relative}/{recording}"
            # The only recording of a folder that is called like it is the match of the folder.
            is_own = len(groups) == 1 and recording == own.rpartition("/")[2]
            name = alone if recording and not is_own else own
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
        base = "" if video.belongs_to_folder else video.base
        recordings.setdefault((video.path.parent, base), []).append(video)
    for (folder, base), own in recordings.items():
        alone = own[0].path.stem if len(own) == 1 else base
        name = alone if base else folder.resolve().name
        chosen = choose_videos(own, read_stated_periods(folder))
        _add_videos(found.setdefault(name, MatchFiles(name)), chosen)


def _add_folder_of_files(path: Path, roots: Sequence[Path], found: dict[str, MatchFiles]) -> None:
    """Add a folder that is one source of labels, as THUMOS has them; any other stays unknown."""
    # The readers of formats follow links, so none of them may lead out.
    if not all(
        is_within(file, roots) for folder in walk_folders(path) for file in folder.iterdir()
    ):
        return
    try:
        form = detect_action_file(path)
    except InputError:
        return
    if form is not None:
        _add_entries(path, form, (), found)


def _add_entries(
    path: Path, form: str, videos: Sequence[Path], found: dict[str, MatchFiles]
) -> None:
    """Add the matches that a file of any format holds."""
    for actions in list_entries(path, form, videos):
        match = found.setdefault(actions.name, MatchFiles(actions.name))
        match.entries[path] = actions.entry
        if actions.kind == "labels":
            match.labels = match.labels or path
        else:
            match.predictions = match.predictions or path


def _add_file(path: Path, found: dict[str, MatchFiles], videos: Sequence[Path] = ()) -> None:
    """Add a file other than a video that a user names to its match."""
    form = None if path.name == SCORES_FILE or _holds_clips(path) else detect_action_file(path)
    if form is not None:
        _add_entries(path, form, videos, found)
        return
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


def _holds_clips(path: Path) -> bool:
    """Whether a file holds the clips of a reel, as ``spotkick highlights --json`` writes them."""
    if path.suffix.lower() != ".json":
        return False
    document = read_json(path)
    return isinstance(document, dict) and "clips" in document


def _assign_file(match: MatchFiles, path: Path) -> None:
    """Put a file into its place; of several candidates in one folder the first one stays."""
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
