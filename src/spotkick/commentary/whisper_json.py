"""Reading transcripts from JSON: SoccerNet-Echoes, and what programs around Whisper write.

* SoccerNet-Echoes: ``{"segments": {"0": [start_s, end_s, text], ...}}``
* ``spotkick transcribe``: the same, with ``"words": {"0": [[start_s, end_s, word], ...]}`` and
  ``"duration_s"``
* openai-whisper, faster-whisper, WhisperX: ``{"segments": [{"start", "end", "text", "words"}]}``
* OpenAI's API: the same, with ``words`` beside ``segments``, and ``duration``
* whisper.cpp: ``{"transcription": [{"offsets": {"from", "to"}, "text", "tokens"}]}``, milliseconds
* Transformers: ``{"chunks": [{"timestamp": [start_s, end_s], "text"}]}``

A list of segments without anything around it is read, too.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from spotkick.commentary.transcripts import RawSegment, Transcript, check_segments
from spotkick.errors import InputError


def parse_json_transcript(document: Any, where: str) -> Transcript:
    """Read a transcript of any known JSON family.

    Args:
        document: the parsed file.
        where: names it in messages.

    Warns:
        SpotkickWarning: see `check_segments`.

    Raises:
        InputError: if it is no transcript, or none of its segments can be used.
    """
    if isinstance(document, list):
        document = {"segments": document}
    if not isinstance(document, dict):
        raise _unknown_form(where)

    if isinstance(document.get("transcription"), list):
        items = [_parse_cpp_segment(item) for item in document["transcription"]]
    elif isinstance(document.get("segments"), dict):
        items = _parse_echoes(document["segments"], document.get("words"))
    elif isinstance(document.get("segments"), list):
        items = [_parse_segment(item) for item in document["segments"]]
        _require_segments(items, document["segments"], where)
        items = _distribute_words(items, document.get("words", document.get("word_segments")))
    elif isinstance(document.get("chunks"), list):
        items = [_parse_chunk(item) for item in document["chunks"]]
    else:
        raise _unknown_form(where)

    return Transcript(check_segments(items, where), _read_duration(document))


def _unknown_form(where: str) -> InputError:
    return InputError(
        f"{where}: not a transcript; known are SoccerNet-Echoes "
        '({"segments": {"0": [start_s, end_s, text], ...}}) and the JSON of Whisper, '
        "faster-whisper, WhisperX, whisper.cpp and Transformers"
    )


def _require_segments(
    items: Sequence[RawSegment | None], listed: Sequence[Any], where: str
) -> None:
    """Refuse a list of other objects, such as labels, instead of calling each one malformed."""
    if listed and all(item is None for item in items):
        raise _unknown_form(where)


def _read_duration(document: Mapping[str, Any]) -> int | None:
    """Length of the recording in milliseconds, where the file states it."""
    for key in ("duration_s", "duration"):
        value = document.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf:
            return round(1000 * value)
    return None


def _parse_echoes(segments: Mapping[str, Any], words: Any) -> list[RawSegment | None]:
    words = words if isinstance(words, dict) else {}
    items: list[RawSegment | None] = []
    for key, row in segments.items():
        item = _parse_segment(row)
        if item is not None and key in words:
            item = RawSegment(item.start_s, item.end_s, item.text, _parse_words(words[key]))
        items.append(item)
    return items


def _parse_segment(row: Any) -> RawSegment | None:
    """``[start, end, text]``, or an object with these keys."""
    if isinstance(row, list | tuple):
        return RawSegment(*row) if len(row) == 3 else None
    if not isinstance(row, dict) or "start" not in row or "text" not in row:
        return None
    return RawSegment(row["start"], row.get("end"), row["text"], _parse_words(row.get("words")))


def _parse_words(rows: Any) -> tuple[tuple[Any, Any, Any], ...]:
    """(start_s, end_s, text) of words that have times."""
    found = []
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, list | tuple) and len(row) == 3:
            found.append((row[0], row[1], row[2]))
        elif isinstance(row, dict) and "start" in row and "end" in row:
            found.append((row["start"], row["end"], row.get("word", row.get("text"))))
    return tuple(found)


def _distribute_words(items: Sequence[RawSegment | None], rows: Any) -> list[RawSegment | None]:
    """Give words that stand beside the segments to the segment in which each begins."""
    words = [word for word in _parse_words(rows) if isinstance(word[0], int | float)]
    if not words or any(item is not None and item.words for item in items):
        return list(items)
    filled: list[RawSegment | None] = []
    for item in items:
        times = None if item is None else (item.start_s, item.end_s)
        if item is None or not all(isinstance(time, int | float) for time in times or ()):
            filled.append(item)
            continue
        own = tuple(word for word in words if item.start_s <= word[0] < item.end_s)
        filled.append(RawSegment(item.start_s, item.end_s, item.text, own))
    return filled


def _parse_chunk(row: Any) -> RawSegment | None:
    times = row.get("timestamp") if isinstance(row, dict) else None
    if not isinstance(times, list | tuple) or len(times) != 2 or "text" not in row:
        return None
    return RawSegment(times[0], times[1], row["text"])


def _parse_cpp_segment(row: Any) -> RawSegment | None:
    offsets = row.get("offsets") if isinstance(row, dict) else None
    if not isinstance(offsets, dict) or "text" not in row:
        return None
    start_s, end_s = (_scale_milliseconds(offsets.get(key)) for key in ("from", "to"))
    return RawSegment(start_s, end_s, row["text"], _join_cpp_tokens(row.get("tokens")))


def _join_cpp_tokens(rows: Any) -> tuple[tuple[Any, Any, Any], ...]:
    """Words of whisper.cpp's tokens: a space begins a word, tokens such as ``[_BEG_]`` are none."""
    words: list[tuple[Any, Any, str]] = []
    for row in rows if isinstance(rows, list) else ():
        offsets = row.get("offsets") if isinstance(row, dict) else None
        text = row.get("text") if isinstance(row, dict) else None
        if not isinstance(offsets, dict) or not isinstance(text, str) or text.startswith("[_"):
            continue
        start_s, end_s = (_scale_milliseconds(offsets.get(key)) for key in ("from", "to"))
        if words and not text.startswith(" "):
            words[-1] = (words[-1][0], end_s, words[-1][2] + text)
        else:
            words.append((start_s, end_s, text))
    return tuple(words)


def _scale_milliseconds(value: Any) -> Any:
    """Seconds of a number of milliseconds; anything else stays, to be found malformed."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value / 1000 if is_number else math.nan


def make_transcript_document(transcript: Transcript, **details: Any) -> dict[str, Any]:
    """A transcript in the form of SoccerNet-Echoes, with times of words and the length beside it.

    Args:
        transcript: of one period.
        **details: further values, such as the model and the language.
    """
    segments = {str(number): segment for number, segment in enumerate(transcript.segments)}
    document: dict[str, Any] = {
        "segments": {
            key: [segment.start_ms / 1000, segment.end_ms / 1000, segment.text]
            for key, segment in segments.items()
        },
        "words": {
            key: [[word.start_ms / 1000, word.end_ms / 1000, word.text] for word in segment.words]
            for key, segment in segments.items()
            if segment.words
        },
    }
    if transcript.duration_ms is not None:
        document["duration_s"] = transcript.duration_ms / 1000
    return {**document, **details}
