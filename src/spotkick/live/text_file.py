"""What was said in a stream, on disk: a line per step, so that a restart knows it."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spotkick.commentary.transcripts import TimedWord, TranscriptSegment
from spotkick.errors import InputError, StorageError
from spotkick.files import parse_json


class TextFile:
    """Appends segments; the beginning of a line that a killed process has left is cut off."""

    def __init__(self, path: Path) -> None:
        """Open the file of an earlier run, or a new one.

        Raises:
            StorageError: if it cannot be written.
        """
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            os.truncate(path, path.read_bytes().rfind(b"\n") + 1)
        except OSError as error:
            raise self._make_refusal(error) from error

    def read(self) -> tuple[tuple[TranscriptSegment, ...], int]:
        """All segments, and before which time none is missing.

        Raises:
            InputError: if the file is damaged.
        """
        segments: list[TranscriptSegment] = []
        known_ms = 0
        for number, line in enumerate(self.path.read_bytes().splitlines(), start=1):
            where = f"{self.path}, line {number}"
            document = parse_json(line, where)
            try:
                segments += [_parse_segment(row) for row in document["segments"]]
                known_ms = int(document["known_ms"])
            except (KeyError, TypeError, ValueError) as error:
                raise InputError(f"{where}: no segments of a live run") from error
        return tuple(segments), known_ms

    def write(self, segments: Sequence[TranscriptSegment], known_ms: int) -> None:
        """Append a step.

        Args:
            segments: further ones.
            known_ms: no segment that begins before this time is missing.

        Raises:
            StorageError: if the system refuses.
        """
        rows = [
            {
                "start_ms": segment.start_ms,
                "end_ms": segment.end_ms,
                "text": segment.text,
                "words": [[word.start_ms, word.end_ms, word.text] for word in segment.words],
            }
            for segment in segments
        ]

        # A line is complete when its end is there.
        line = json.dumps({"known_ms": known_ms, "segments": rows}, ensure_ascii=False) + "\n"
        try:
            with self.path.open("ab") as file:
                file.write(line.encode(errors="backslashreplace"))
        except OSError as error:
            raise self._make_refusal(error) from error

    def _make_refusal(self, error: OSError) -> StorageError:
        return StorageError(
            f"cannot write {self.path}: {error.strerror or error}; free space or choose another "
            "--out"
        )


def _parse_segment(row: Any) -> TranscriptSegment:
    words = tuple(TimedWord(int(start), int(end), str(text)) for start, end, text in row["words"])
    return TranscriptSegment(int(row["start_ms"]), int(row["end_ms"]), str(row["text"]), words)
