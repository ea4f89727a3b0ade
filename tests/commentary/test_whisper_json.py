from typing import Any

import pytest

from spotkick.commentary.transcripts import TimedWord, Transcript, TranscriptSegment
from spotkick.commentary.whisper_json import parse_json_transcript
from spotkick.errors import InputError, SpotkickWarning

SEGMENTS = (
    TranscriptSegment(0, 4000, "Underway."),
    TranscriptSegment(61_500, 63_000, "What a goal!"),
)
WORDS = (
    (61.5, 61.9, " What"),
    (61.9, 62.0, " a"),
    (62.0, 63.0, " goal!"),
)
TIMED = (
    TimedWord(61_500, 61_900, "What"),
    TimedWord(61_900, 62_000, "a"),
    TimedWord(62_000, 63_000, "goal!"),
)


def _whisper(**more: Any) -> list[dict[str, Any]]:
    first = {"id": 0, "seek": 0, "start": 0.0, "end": 4.0, "text": " Underway.", "tokens": [1]}
    return [first, {**first, "id": 1, "start": 61.5, "end": 63.0, "text": " What a goal!", **more}]


def _cpp(text: str, first: int, last: int, **more: Any) -> dict[str, Any]:
    return {"timestamps": {}, "offsets": {"from": first, "to": last}, "text": text, **more}


@pytest.mark.parametrize(
    "document",
    [
        {"segments": {"0": [0, 4.0, "Underway."], "1": [61.5, 63, " What a goal!"]}},
        {"segments": [[61.5, 63, "What a goal!"], [0, 4.0, "Underway."]]},
        {"text": "...", "segments": _whisper(), "language": "en"},
        {"segments": _whisper(words=[]), "info": {}},
        _whisper(),
        {"transcription": [_cpp(" Underway.", 0, 4000), _cpp(" What a goal!", 61_500, 63_000)]},
        {
            "text": "",
            "chunks": [
                {"timestamp": [0.0, 4.0], "text": " Underway."},
                {"timestamp": [61.5, 63.0], "text": " What a goal!"},
            ],
        },
    ],
)
def test_parse_json_transcript_every_family_gives_same_segments(document: Any) -> None:
    assert parse_json_transcript(document, "x") == Transcript(SEGMENTS)


@pytest.mark.parametrize(
    "document",
    [
        {
            "segments": {"0": [0, 4, "Underway."], "1": [61.5, 63, "What a goal!"]},
            "words": {"1": [list(word) for word in WORDS]},
        },
        {
            "segments": _whisper(
                words=[{"word": w, "start": a, "end": b, "probability": 0.9} for a, b, w in WORDS]
            )
        },
        {
            "segments": _whisper(
                words=[{"word": w.strip(), "start": a, "end": b, "score": 1} for a, b, w in WORDS]
            ),
            "word_segments": [],
        },
        {
            "segments": _whisper(),
            "words": [{"word": w.strip(), "start": a, "end": b} for a, b, w in WORDS],
        },
        {
            "transcription": [
                _cpp(" Underway.", 0, 4000),
                _cpp(
                    " What a goal!",
                    61_500,
                    63_000,
                    tokens=[
                        _cpp("[_BEG_]", 61_500, 61_500),
                        _cpp(" What", 61_500, 61_900),
                        _cpp(" a", 61_900, 62_000),
                        _cpp(" go", 62_000, 62_400),
                        _cpp("al", 62_400, 62_800),
                        _cpp("!", 62_800, 63_000),
                        _cpp("[_TT_150]", 63_000, 63_000),
                    ],
                ),
            ]
        },
    ],
)
def test_parse_json_transcript_word_times_are_kept(document: Any) -> None:
    first, second = parse_json_transcript(document, "x").segments
    assert (first, second.text, second.words) == (SEGMENTS[0], "What a goal!", TIMED)


def test_parse_json_transcript_word_without_times_is_left_to_its_neighbour() -> None:
    words = [{"word": "Two", "start": 0, "end": 1}, {"word": "2-1"}, {"word": "now"}]
    document = {"segments": [{"start": 0, "end": 3, "text": "Two 2-1 now", "words": words}]}
    (segment,) = parse_json_transcript(document, "x").segments
    assert segment.words == (TimedWord(0, 1000, "Two"),)


def test_parse_json_transcript_segments_without_end_last_until_next() -> None:
    document = {
        "duration": 4142.42,
        "segments": [{"start": 8.98, "text": "a"}, {"start": 10, "text": "b"}],
    }
    transcript = parse_json_transcript(document, "x")
    assert transcript.duration_ms == 4_142_420
    assert [(s.start_ms, s.end_ms) for s in transcript.segments] == [
        (8980, 10_000),
        (10_000, 40_000),
    ]


@pytest.mark.parametrize(
    "document", [{"segments": {}}, {"segments": []}, {"transcription": []}, []]
)
def test_parse_json_transcript_without_segments_is_silence(document: Any) -> None:
    assert parse_json_transcript(document, "x").segments == ()


@pytest.mark.parametrize(
    "document",
    [
        {},
        None,
        "text",
        7,
        {"segments": "none"},
        {"segments": None},
        {"annotations": [{"gameTime": "1 - 00:00"}]},
        {"segments": [{"label": "Goal", "position": 3}]},
        [{"label": "Goal"}],
        {"results": {"v": [{"segment": [1, 2]}]}},
    ],
)
def test_parse_json_transcript_other_document_is_input_error(document: Any) -> None:
    with pytest.raises(InputError, match=r"^1\.json: not a transcript; known are SoccerNet-Echoes"):
        parse_json_transcript(document, "1.json")


@pytest.mark.parametrize(
    "document",
    [
        {"segments": {"0": [1, 2], "1": {"label": 3}}},
        {"segments": [{"start": "0:01", "end": "0:02", "text": "a"}]},
        {"transcription": [{"text": "a", "offsets": {"from": None, "to": 3}}]},
        {"transcription": [{"text": "a"}]},
        {"chunks": [{"timestamp": [None, 3], "text": "a"}]},
    ],
)
def test_parse_json_transcript_all_segments_malformed_is_input_error(document: Any) -> None:
    with pytest.raises(InputError, match=r"^1\.json: all \d segments are malformed"):
        parse_json_transcript(document, "1.json")


def test_parse_json_transcript_some_malformed_segments_are_counted() -> None:
    document = {"segments": [*_whisper(), {"start": None, "text": "x"}, {"id": 3}]}
    with pytest.warns(SpotkickWarning, match="of 4 segments, 2 are malformed and left out"):
        assert parse_json_transcript(document, "x").segments == SEGMENTS
