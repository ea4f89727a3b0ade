"""Examine whatever a path holds: a data set, a video, or labels and predictions in any format."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from spotkick.actions import ActionClasses, MatchActions
from spotkick.datasets.match_folder import MatchFolder, open_folder
from spotkick.doctor.alignment import check_alignment
from spotkick.doctor.clocks import check_clocks, check_names
from spotkick.doctor.findings import DoctorReport, Finding, Severity
from spotkick.doctor.labels import check_labels
from spotkick.doctor.media import check_media
from spotkick.doctor.options import DoctorOptions
from spotkick.doctor.pairing import Pairing
from spotkick.doctor.positions import check_positions
from spotkick.doctor.predictions import check_against_labels, check_predictions, check_scale
from spotkick.doctor.raw_rows import RawDocument
from spotkick.doctor.reading import ActionFile, collect_warnings, read_action_file
from spotkick.doctor.soccer import SOCCER, check_both_halves
from spotkick.doctor.spelling import check_match_names
from spotkick.doctor.videos import check_header, check_packets, check_sound
from spotkick.errors import InputError, SpotkickError
from spotkick.files import read_json
from spotkick.formats.reading import Kind
from spotkick.formats.soccernet import read_labels
from spotkick.tasks import Task, task_of
from spotkick.video.probe import probe
from spotkick.video_names import is_video_name


def examine(
    path: Path,
    *,
    classes: ActionClasses | None = None,
    frame_rate: Fraction | None = None,
    feature: str | None = None,
    labels: Path | None = None,
    rate: Fraction | None = None,
    sport: str | None = None,
    skip: Collection[str] = (),
) -> DoctorReport:
    """Examine a path.

    Args:
        path: root of a data set, match folder, video, or labels or predictions in any format that
            can be converted.
        classes: see `DoctorOptions`, as for all further ones.
        frame_rate: see there.
        feature: see there.
        labels: see there.
        rate: see there.
        sport: see there.
        skip: see there.

    Raises:
        InputError: if there is nothing of a known kind.
        ConfigError: if the sport is not known.
    """
    options = DoctorOptions(
        classes, frame_rate, feature, labels=labels, rate=rate, sport=sport, skip=tuple(skip)
    )
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    report = _examine_kind(path, options)
    kept = tuple(item for item in report.findings if item.check not in options.skip)
    return replace(report, findings=kept)


def _examine_kind(path: Path, options: DoctorOptions) -> DoctorReport:
    """Examine what a path is: match folders, a video, or labels and predictions."""
    if path.is_dir() and options.labels is None:
        folders = open_folder(path)
        return _examine_folders(path, folders, options) if folders else _examine_file(path, options)
    if is_video_name(path):
        return _examine_video(path)
    return _examine_file(path, options)


def _examine_file(path: Path, options: DoctorOptions) -> DoctorReport:
    """Examine labels or predictions of one file, folder or archive."""
    wanted: Kind | None = "predictions" if options.labels is not None else None
    given = read_action_file(path, rate=options.rate, wanted=wanted)
    task = options.task_for(given.matches)
    classes = None if task is None else task.classes
    findings = list(given.findings)

    # Each match alone.
    for match in given.matches:
        if given.scored:
            findings += check_predictions(match, classes, frame_rate=options.grid_rate(task))
        else:
            findings += _check_match_labels(match, task, options)

    # The set as a whole, then against its labels.
    is_soccer = options.sport_of(task) == SOCCER
    findings += check_positions(given.matches, str(path), is_soccer=is_soccer, scored=given.scored)
    if given.scored:
        findings += check_scale(given.matches, str(path))
    elif is_soccer:
        findings += check_both_halves(given.matches)
    if options.labels is not None:
        findings += _compare_with_labels(path, given, options)
    kind = f"{'predictions' if given.scored else 'labels'} ({given.kind})"
    return _make_report(path, kind, given.matches, findings)


def _check_match_labels(
    match: MatchActions, task: Task | None, options: DoctorOptions
) -> Iterator[Finding]:
    return check_labels(
        match,
        None if task is None else task.classes,
        frame_rate=options.grid_rate(task),
        sport=options.sport_of(task),
        periods=task.periods if task is not None else (),
    )


def _compare_with_labels(
    path: Path, given: ActionFile, options: DoctorOptions
) -> Iterator[Finding]:
    """Which matches only one side has, and what keeps predictions from agreeing with labels."""
    labels = read_action_file(options.labels or path, rate=options.rate, wanted="labels")
    names = [match.match for match in labels.matches]
    pairs, misnamed = check_match_names([match.match for match in given.matches], names)
    yield from misnamed
    predicted = [
        replace(match, match=pairs.get(match.match, match.match)) for match in given.matches
    ]
    yield from check_against_labels(predicted, names)

    # What both sides have is compared in time.
    by_name = {match.match: match for match in predicted}
    both = [match for match in labels.matches if match.match in by_name]
    task = options.task_for(both) or options.task_for(given.matches)
    if both and given.scored:
        task = task or task_of(_classes_of(both))
        found = tuple(by_name[match.match] for match in both)
        yield from check_alignment(Pairing(found, tuple(both), task, str(path)))


def _classes_of(matches: Iterable[MatchActions]) -> ActionClasses:
    labels = dict.fromkeys(action.label for match in matches for action in match.actions)
    return ActionClasses(tuple(labels) or ("action",))


def _examine_video(path: Path) -> DoctorReport:
    info = probe(path)
    findings = [
        *check_header(path.name, info),
        *check_packets(path.name, path),
        *check_sound(path.name, info),
    ]
    return _make_report(path, "video", (), findings, count=1)


def _examine_folders(
    path: Path, folders: Sequence[MatchFolder], options: DoctorOptions
) -> DoctorReport:
    findings: list[Finding] = []
    labelled: dict[str, list[MatchActions]] = {}
    first: dict[str, MatchActions | None] = {}

    # Label files of each folder, by name: a set may hold several kinds.
    for folder in folders:
        found, problems = _read_folder(folder)
        findings += problems
        for name, labels in found.items():
            labelled.setdefault(name, []).append(labels)
        first[folder.match] = next(iter(found.values()), None)
        if not found and not problems:
            findings.append(_report_unlabelled(folder.match))
    tasks = {name: options.task_for(matches) for name, matches in labelled.items()}

    # Media against labels; then the labels.
    sports = {options.sport_of(task) for task in tasks.values()} or {options.sport or SOCCER}
    for folder in folders:
        findings += check_media(
            folder, first[folder.match], options.feature, is_soccer=SOCCER in sports
        )
    for name, matches in labelled.items():
        task = tasks[name]
        for match in matches:
            findings += _check_match_labels(match, task, options)
        is_soccer = options.sport_of(task) == SOCCER
        findings += check_positions(matches, name, is_soccer=is_soccer, scored=False)
        if is_soccer:
            findings += check_both_halves(matches)
    kind = "match folder" if len(folders) == 1 else "data set"
    everything = [match for matches in labelled.values() for match in matches]
    holds = f"{kind} ({', '.join(labelled) or 'no labels'})"
    return _make_report(path, holds, everything, findings, count=len(folders))


def _report_unlabelled(match: str) -> Finding:
    return Finding(
        Severity.INFO,
        "no-labels",
        match,
        "there is no label file",
        "nothing to do when it is only to be spotted",
    )


def _read_folder(folder: MatchFolder) -> tuple[dict[str, MatchActions], list[Finding]]:
    """Labels by file name, and what is wrong with the files themselves."""
    found: dict[str, MatchActions] = {}
    problems: list[Finding] = []
    for path in folder.label_files():
        try:
            with collect_warnings(problems, folder.match):
                found[path.name] = read_labels(path, match=folder.match)
            document = RawDocument(folder.match, folder.match, read_json(path))
        except SpotkickError as error:
            problems.append(
                Finding(
                    Severity.ERROR,
                    "unreadable-labels",
                    folder.match,
                    str(error),
                    "restore the file",
                )
            )
            continue

        # The file itself may contradict what its reader took from it.
        problems += [*check_clocks([document]), *check_names([document])]
    return found, problems


def _make_report(
    path: Path,
    kind: str,
    matches: Sequence[MatchActions],
    findings: Iterable[Finding],
    count: int | None = None,
) -> DoctorReport:
    actions = sum(len(match.actions) for match in matches)
    return DoctorReport(
        str(path), kind, len(matches) if count is None else count, actions, tuple(findings)
    )
