"""Where the results of spotting go, period by period, and what they were made from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from spotkick.actions import Action, MatchActions
from spotkick.datasets.periods import PeriodSpan
from spotkick.errors import InputError
from spotkick.files import read_json, write_json
from spotkick.formats.match_tree import clean_match_name
from spotkick.formats.results import RESULTS_FILE, parse_results, read_results, results_document
from spotkick.formats.scores import SCORES_FILE, MatchScores, read_scores, write_scores

INPUTS_FILE: Final = "spotting_inputs.json"
"""Name of the file beside results that says which files they were made from."""

_FORMAT: Final = "spotkick-spotting-inputs-1"

Files = Mapping[int, tuple[PeriodSpan, ...]]


def is_folder(out: Path) -> bool:
    """Whether results go into a folder, and not into one file."""
    return out.suffix not in (".zip", ".json")


def transcripts_folder(out: Path) -> Path:
    """Where transcripts of recordings are kept: among the results, or beside the file of them."""
    return out if is_folder(out) else out.with_suffix(".transcripts")


@dataclass(frozen=True, slots=True)
class MatchOutput:
    """The files of one match's results.

    Attributes:
        results: predictions.
        scores: scores of every frame.
        inputs: what they were made from; None where only one file is wanted.
    """

    results: Path
    scores: Path
    inputs: Path | None

    @classmethod
    def of_match(cls, out: Path, match: str) -> "MatchOutput":
        """The files of a match below a folder, or beside a ``.json`` file.

        Raises:
            InputError: if the name of the match could lead out of the folder.
        """
        if not is_folder(out):
            return cls(out, out.with_suffix(f".{SCORES_FILE}"), None)
        folder = out / clean_match_name(match, str(out))
        return cls(folder / RESULTS_FILE, folder / SCORES_FILE, folder / INPUTS_FILE)

    def is_current(self, files: Files) -> bool:
        """Whether results of these very files are there, for all their periods."""
        if not self.results.is_file():
            return False
        if self.inputs is None or not self.inputs.is_file():
            return True  # results of an older version say nothing of their files
        recorded = _read_inputs(self.inputs)
        return all(
            recorded.get(str(period)) == _describe_files(spans) for period, spans in files.items()
        )

    def write(
        self, predicted: MatchActions, scores: MatchScores, files: Files, *, keep_scores: bool
    ) -> tuple[int, ...]:
        """Write the results of some periods; those of other periods that are there stay.

        Scores come first: a match that has results is done.

        Returns:
            the periods of an earlier run that stayed.

        Raises:
            InputError: if results of another period are there and cannot be joined with these.
            StorageError: if a file cannot be written.
        """
        periods = set(scores.periods)
        known = _read_inputs(self.inputs) if self.inputs and self.inputs.is_file() else {}
        former = self._read_former(predicted.match, periods)
        kept = {action.period for action in former} | ({*map(int, known)} - periods)
        if keep_scores:
            write_scores(self.scores, self._add_scores(scores, kept))

        # The record of inputs is written before the results, which say that the match is done.
        if self.inputs is not None:
            recorded = {name: value for name, value in known.items() if int(name) in kept}
            recorded |= {str(period): _describe_files(spans) for period, spans in files.items()}
            write_json(self.inputs, {"format": _FORMAT, "periods": dict(sorted(recorded.items()))})
        actions = sorted([*former, *predicted.actions], key=lambda action: action.period)
        merged = MatchActions(predicted.match, tuple(actions)) if former else predicted
        write_json(self.results, results_document(merged))
        return tuple(sorted(kept))

    def _read_former(self, match: str, periods: set[int]) -> list[Action]:
        """Predictions that are there for other periods."""
        if not self.results.is_file():
            return []
        former = parse_results(read_json(self.results), str(self.results), match=match)
        return [action for action in former.actions if action.period not in periods]

    def _add_scores(self, scores: MatchScores, former: set[int]) -> MatchScores:
        if not former or not self.scores.is_file():
            return scores

        # Columns of one file have one meaning, for all periods.
        other = read_scores(self.scores, scores.match, keep_sides=True)
        if (other.classes, other.frame_rate) != (scores.classes, scores.frame_rate):
            raise InputError(
                f"{self.scores}: holds another period with other classes or another frame rate; "
                "choose another --out"
            )
        kept = {period: values for period, values in other.periods.items() if period in former}
        merged = dict(sorted({**kept, **scores.periods}.items()))
        return replace(scores, periods=merged)


def read_outputs(out: Path, matches: Iterable[str]) -> tuple[MatchActions, ...]:
    """Read back what was written for some matches.

    Args:
        out: folder, ``.zip`` or ``.json``.
        matches: their names.

    Raises:
        InputError: if results are missing or damaged.
    """
    if is_folder(out):
        return tuple(
            parse_results(read_json(path), str(path), match=match)
            for match in matches
            for path in (MatchOutput.of_match(out, match).results,)
        )
    return tuple(read_results(out))


def read_spotted_periods(folder: Path) -> tuple[PeriodSpan, ...]:
    """Where the periods lay in the files that results of a folder were made from.

    Args:
        folder: of the results.

    Returns:
        by period; ``file`` holds the name alone. Nothing where no videos are recorded.

    Raises:
        InputError: if the record is damaged.
    """
    path = folder / INPUTS_FILE
    if not path.is_file():
        return ()
    try:
        return tuple(
            PeriodSpan(
                int(period),
                float(row["start_s"]),
                None if row["end_s"] is None else float(row["end_s"]),
                Path(row["file"]),
                position_s=float(row.get("position_s", 0.0)),
            )
            for period, rows in sorted(_read_inputs(path).items())
            for row in rows
            if row["file"]
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: not a record of inputs of format {_FORMAT}; delete it"
        ) from error


def _read_inputs(path: Path) -> dict[str, Any]:
    document = read_json(path)
    periods = document.get("periods") if isinstance(document, dict) else None
    if not isinstance(periods, dict) or document.get("format") != _FORMAT:
        raise InputError(f"{path}: not a record of inputs of format {_FORMAT}; delete it")
    return {name: value for name, value in periods.items() if name.isdecimal()}


def _describe_files(spans: Iterable[PeriodSpan]) -> list[dict[str, Any]]:
    """What tells a file from another of the same name, without reading it."""
    rows = []
    for span in spans:
        status = span.file.stat() if span.file is not None and span.file.is_file() else None
        rows.append(
            {
                "file": span.file.name if span.file is not None else "",
                "bytes": status.st_size if status else 0,
                "modified_ns": status.st_mtime_ns if status else 0,
                "start_s": span.start_s,
                "end_s": span.end_s,
                **({"position_s": span.position_s} if span.position_s else {}),
            }
        )
    return rows


def record_inputs(folder: Path, files: Files) -> Path:
    """Write which files, and which stretches of them, results of a folder are about.

    Args:
        folder: of the results.
        files: period -> its stretches.

    Raises:
        StorageError: if the file cannot be written.
    """
    path = folder / INPUTS_FILE
    periods = {str(period): _describe_files(spans) for period, spans in sorted(files.items())}
    write_json(path, {"format": _FORMAT, "periods": periods})
    return path
