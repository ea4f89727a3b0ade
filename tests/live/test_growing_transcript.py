"""Rows of a transcript that grows against those of the whole one."""

import random
from collections import Counter
from typing import Any

import numpy as np
import pytest

from spotkick.commentary.features import make_frames
from spotkick.commentary.token_model import TokenModel, fit_tokens
from spotkick.commentary.tokenizer import SegmentReader
from spotkick.commentary.transcripts import Transcript, TranscriptSegment
from spotkick.features.token_rows import BIN_RATE
from spotkick.live import growing_tokens, growing_transcript
from spotkick.live.growing_transcript import GrowingTranscript

TEXTS = ("Kane for Son", "a corner", "goal by Kane! 1-0", "Messi shoots wide", "it is 1-0 still")


def draw_segments(seed: int, count: int) -> list[TranscriptSegment]:
    """Segments that overlap now and then, in order of their starts."""
    rng, start_ms, drawn = random.Random(seed), 0, []
    for _ in range(count):
        start_ms += rng.randint(1, 5_000)
        drawn.append(
            TranscriptSegment(start_ms, start_ms + rng.randint(200, 6_000), rng.choice(TEXTS))
        )
    return drawn


def fit_model() -> TokenModel:
    return fit_tokens([draw_segments(seed, 40) for seed in range(12)])


def grow(growing: GrowingTranscript, segments: list[TranscriptSegment]) -> np.ndarray:
    """Rows at the end, as a ring of features takes them; each segment comes when it has ended."""
    waiting, rows = list(segments), np.zeros((0, growing.model.frame_dim))
    for now_ms in range(0, max(item.end_ms for item in segments) + 1_000, 1_000):
        ended = [item for item in waiting if item.end_ms <= now_ms]
        waiting = [item for item in waiting if item.end_ms > now_ms]
        open_ms = [item.start_ms for item in waiting if item.start_ms < now_ms]
        new = growing.add(ended[::-1], min(open_ms, default=now_ms))
        rows = rows if new is None else np.concatenate([rows[: new.first], new.rows])
    last = growing.finish()
    return rows if last is None else np.concatenate([rows[: last.first], last.rows])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_growing_transcript_ends_with_the_rows_of_the_whole(seed: int) -> None:
    model, segments = fit_model(), draw_segments(seed, 60)
    expected = make_frames(model, "m", Transcript(tuple(segments)), BIN_RATE)
    np.testing.assert_array_equal(grow(GrowingTranscript(model, BIN_RATE), segments), expected)


def test_growing_transcript_reads_each_segment_a_few_times_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count, read = Counter[str](), SegmentReader.read

    def count_reads(reader: SegmentReader, segment: TranscriptSegment) -> Any:
        count["reads"] += 1
        return read(reader, segment)

    monkeypatch.setattr(SegmentReader, "read", count_reads)
    model, segments = fit_model(), draw_segments(4, 80)
    count.clear()
    grow(GrowingTranscript(model, BIN_RATE), segments)
    assert len(segments) <= count["reads"] < 6 * len(segments)


def test_growing_transcript_segment_that_comes_too_late_is_sorted_in() -> None:
    model, segments = fit_model(), draw_segments(5, 30)
    growing = GrowingTranscript(model, BIN_RATE)
    growing.add([*segments[:10], *segments[11:20]], segments[20].start_ms)
    growing.add(segments[10:11], segments[20].start_ms)
    growing.add(segments[20:], segments[-1].end_ms)

    found = growing._tokens.read(model.vocabulary, segments, [])
    assert found.ids.tolist() == model.vocabulary.encode(segments).ids.tolist()


def test_growing_transcript_of_many_hours_keeps_the_newest_segments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (growing_tokens, growing_transcript):
        monkeypatch.setattr(module, "MAX_SEGMENTS", 30)
    model, segments = fit_model(), draw_segments(6, 200)
    growing = GrowingTranscript(model, BIN_RATE)
    expected = make_frames(model, "m", Transcript(tuple(segments)), BIN_RATE)
    found = grow(growing, segments)
    assert len(growing._segments) <= 30
    np.testing.assert_array_equal(found, expected)
