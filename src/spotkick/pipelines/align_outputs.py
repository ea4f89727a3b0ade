"""What ``spotkick align`` writes: a match folder of labels and spots, XML, numbers and a chart."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from spotkick.actions import SOCCERNET_BALL, MatchActions
from spotkick.datasets.periods import PERIODS_FILE, write_periods
from spotkick.errors import InputError
from spotkick.events.alignment import PeriodFit
from spotkick.events.residual_chart import residual_chart_svg
from spotkick.files import check_outputs, read_bytes, read_json, write_json, write_text
from spotkick.formats.results import RESULTS_FILE, results_document
from spotkick.formats.soccernet import write_labels
from spotkick.formats.sportscode import write_sportscode
from spotkick.pipelines.align import Alignment
from spotkick.pipelines.spot_outputs import INPUTS_FILE, record_inputs

ALIGNMENT_FILE: Final = "alignment.json"
CHART_FILE: Final = "residuals.svg"
XML_FILE: Final = "events.xml"

_LABELS: Final = "Labels-v2.json"
_BALL_LABELS: Final = "Labels-ball.json"


_WRITTEN: Final = (
    ALIGNMENT_FILE,
    CHART_FILE,
    XML_FILE,
    RESULTS_FILE,
    _LABELS,
    _BALL_LABELS,
    INPUTS_FILE,
    PERIODS_FILE,
)


def check_alignment_outputs(
    folder: Path,
    inputs: Sequence[Path],
    *,
    videos: Sequence[Path] = (),
    spots: Path | None = None,
    overwrite: bool = False,
) -> None:
    """Check before any work that no file that is written would replace an input or a stranger.

    Args:
        folder: that is written.
        inputs: other files that are read.
        videos: files or folders; ``periods.json`` beside them is read, too.
        spots: file of predictions, or its folder.
        overwrite: replace files that ``align`` did not write.

    Raises:
        InputError: naming the two that are the same file, or the file that would be lost.
    """
    beside = [
        (path if path.is_dir() else path.parent) / PERIODS_FILE for path in dict.fromkeys(videos)
    ]
    read = [*inputs, *videos, *(path for path in dict.fromkeys(beside) if path.is_file())]
    if spots is not None:
        read.append(spots / RESULTS_FILE if spots.is_dir() else spots)
    check_outputs({f"--out ({name})": folder / name for name in _WRITTEN}, read)

    # What an earlier run wrote is known by its content: a corrected file is kept, too.
    known = {} if overwrite else _read_digests(folder / ALIGNMENT_FILE)
    for name in () if overwrite else _WRITTEN:
        file = folder / name
        if name != ALIGNMENT_FILE and file.is_file() and _digest_of(file) != known.get(name):
            raise InputError(
                f"--out {folder} holds {name} that 'spotkick align' did not write, or that was "
                "changed since; choose another folder, or give --overwrite"
            )


def _read_digests(path: Path) -> Mapping[str, str]:
    """Names and SHA-256 of the files of an earlier run."""
    document = read_json(path) if path.is_file() else {}
    files = document.get("files") if isinstance(document, dict) else None
    return files if isinstance(files, dict) else {}


def _digest_of(path: Path) -> str:
    return hashlib.sha256(read_bytes(path)).hexdigest()


def write_alignment(folder: Path, alignment: Alignment) -> list[Path]:
    """Write the folder of a match.

    ``highlights`` and ``view`` take it as they take one of ``spot``; labels of two halves train a
    network.

    Returns:
        the files.

    Raises:
        StorageError: if a file cannot be written.
    """
    match = alignment.match
    written = [folder / CHART_FILE]
    write_text(written[0], residual_chart_svg(match.match, alignment.fits))
    if alignment.is_aligned:
        written += _write_match(folder, alignment)
    digests = {
        path.name: _digest_of(path) for path in (*written, folder / INPUTS_FILE) if path.is_file()
    }
    document = {**alignment_document(alignment), "files": digests}
    write_json(folder / ALIGNMENT_FILE, document)
    return [folder / ALIGNMENT_FILE, *written]


def _write_match(folder: Path, alignment: Alignment) -> list[Path]:
    match = alignment.match

    # Certain spots, the files that they are about, labels, and XML in the time of the video.
    certain = tuple(replace(action, confidence=1.0) for action in match.actions)
    write_json(folder / RESULTS_FILE, results_document(MatchActions(match.match, certain)))
    record_inputs(folder, alignment.videos)
    ball = all(action.label in SOCCERNET_BALL for action in match)
    labels = folder / (_BALL_LABELS if ball else _LABELS)
    plain = tuple(replace(action, details=()) for action in match.actions)
    write_labels(labels, MatchActions(match.match, plain))
    write_sportscode(folder / XML_FILE, (match,))
    written = [folder / RESULTS_FILE, labels, folder / XML_FILE]
    if match.period_starts_ms:
        spans = [span for spans in alignment.videos.values() for span in spans]
        written.append(write_periods(folder, spans))
    return written


def alignment_document(alignment: Alignment) -> dict[str, Any]:
    """The numbers of an alignment as plain values."""
    return {
        "match": alignment.match.match,
        "events": len(alignment.match.actions),
        "outside_of_video": alignment.outside,
        "periods": [_period_document(fit) for fit in alignment.fits],
    }


def _period_document(fit: PeriodFit) -> dict[str, Any]:
    return {
        "period": fit.period,
        "aligned": not fit.problem,
        "problem": fit.problem,
        "found_by": fit.found_by,
        "offset_s": round(fit.offset_s, 3),
        "drift_ppm": round(1e6 * fit.drift, 1),
        "uncertainty_s": _rounded(fit.uncertainty_s),
        "median_residual_s": _rounded(fit.residual_s),
        "lead": _rounded(fit.lead),
        "events": fit.num_events,
        "paired": len(fit.pairs),
        "used": fit.num_used,
        "pairs": [
            {
                "label": pair.label,
                "event_s": round(pair.event_s, 3),
                "spot_s": round(pair.spot_s, 3),
                "residual_s": round(pair.residual_s, 3),
                "used": pair.used,
            }
            for pair in fit.pairs
        ],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
