"""What is to be transcribed: files and their periods, where transcripts go, which are there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

from spotkick.commentary.transcript_files import SOUND_SUFFIXES
from spotkick.datasets.match_folder import open_folder
from spotkick.datasets.match_names import name_match_folder
from spotkick.datasets.period_files import PeriodFile
from spotkick.datasets.periods import PeriodSpan, find_periods
from spotkick.errors import ConfigError, InputError
from spotkick.files import check_outputs, read_json, walk_folders
from spotkick.formats.match_tree import clean_match_name
from spotkick.video_names import parse_video_name

RECORDING_KEY: Final = "recording"
"""In a transcript: what it was made from."""


@dataclass(frozen=True, slots=True)
class TranscriptionRequest:
    """What to transcribe.

    Attributes:
        inputs: videos, sound files, match folders, folders of matches or recordings.
        out: folder for ``<match>/<period>_asr.json``.
        period: of a single file whose name does not say it.
        spans: periods of a file that holds several; their ``file`` is None.
        language: code of what is spoken; None finds it out.
        translate: into English.
    """

    inputs: tuple[Path, ...]
    out: Path
    period: int | None = None
    spans: tuple[PeriodSpan, ...] = ()
    language: str | None = None
    translate: bool = False

    def output(self, file: PeriodFile) -> Path:
        """Where the transcript of a period belongs."""
        match = clean_match_name(file.match, str(file.path))
        return self.out / match / f"{file.period}_asr.json"


def find_recordings(request: TranscriptionRequest) -> Iterator[PeriodFile]:
    """The periods of all inputs, each once.

    Raises:
        InputError: if an input is missing or holds nothing to transcribe.
    """
    for path in request.inputs:
        if path.is_dir():
            yield from _find_in_folder(path, request)
        elif path.is_file():
            yield from _find_in_file(path, request)
        else:
            raise InputError(f"{path}: no such file or folder")


def _find_in_file(path: Path, request: TranscriptionRequest) -> list[PeriodFile]:
    """Periods of one file: as options say, else ``periods.json``, else its name."""
    spans = tuple(replace(span, file=path) for span in request.spans) or find_periods(path)
    name = parse_video_name(path)
    match = name_match_folder(path.parent) if name.is_prefix else path.stem
    if spans and request.period is None:
        return [PeriodFile(match, span.period, path, (span,)) for span in spans]
    return [PeriodFile(match, request.period or name.period or 1, path)]


def _find_in_folder(path: Path, request: TranscriptionRequest) -> list[PeriodFile]:
    """Periods of match folders by their videos; without any, by their sound files."""
    if request.period is not None or request.spans:
        raise ConfigError(
            f"--period is for single files, and {path} is a folder; state periods in periods.json"
        )
    found = [
        PeriodFile(folder.match, period, cast("Path", spans[0].file), spans)
        for folder in open_folder(path)
        for period, spans in folder.videos().periods.items()
    ]
    if not found:
        sounds = (
            file
            for folder in walk_folders(path)
            for file in sorted(folder.iterdir())
            if file.suffix.lower() in SOUND_SUFFIXES and file.is_file()
        )
        found = [period for file in sounds for period in _find_in_file(file, request)]
    if not found:
        raise InputError(
            f"{path}: no videos and no sound files below it; <match>/1_224p.mkv, <match>/1.wav, "
            "... or single files are needed"
        )
    return found


def check_transcript_places(outputs: Mapping[PeriodFile, Path]) -> None:
    """Check before any work that each period has a place of its own that can be written.

    Args:
        outputs: period -> its transcript.

    Raises:
        InputError: if two periods have the same place, or it is one of the inputs or no folder.
    """
    named: dict[Path, PeriodFile] = {}
    for file, path in outputs.items():
        other = named.setdefault(path, file)
        if other is not file:
            raise InputError(
                f"{other.path} and {file.path} are both period {file.period} of {file.match!r}; "
                "give one of them, or say with --period which period a file is"
            )
        check_outputs({"--out": path}, [span.file or file.path for span in file.parts()])
    folders = [folder for path in outputs.values() for folder in path.parents if folder.exists()]
    blocked = next((folder for folder in folders if not folder.is_dir()), None)
    if blocked is not None:
        raise InputError(f"--out {blocked}: a folder is needed, this is a file")


def find_finished(path: Path, file: PeriodFile) -> bool:
    """Whether the transcript of a period is there already.

    Raises:
        InputError: if it is that of another recording, or of another stretch of it.
    """
    if not path.is_file():
        return False
    document = read_json(path)
    recorded = document.get(RECORDING_KEY) if isinstance(document, dict) else None
    if recorded is not None and recorded != describe_recording(file):
        raise InputError(
            f"{path}: a transcript of another recording, or of another stretch of it; "
            "remove it, or choose another --out"
        )
    return True


def describe_recording(file: PeriodFile) -> list[dict[str, Any]]:
    """Which stretches of which files a period is."""
    return [
        {
            "file": (span.file or file.path).name,
            "size_bytes": (span.file or file.path).stat().st_size,
            "start_s": span.start_s,
            "end_s": span.end_s,
        }
        for span in file.parts()
    ]
