from fractions import Fraction
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spotkick.commentary.terms import TermReader
from spotkick.commentary.tokens import (
    CELL_MS,
    SEGMENT_START,
    UNKNOWN,
    Vocabulary,
    count_cells,
    fit_vocabulary,
    spoken_words,
)
from spotkick.commentary.transcripts import TranscriptSegment

READER = TermReader(frozenset({"goal", "what", "a", "card", "yellow", "the"}))
segments = st.builds(
    TranscriptSegment,
    st.integers(0, 90_000),
    st.integers(0, 90_000),
    st.sampled_from(["what a goal", "a yellow card!", "Kane. Kane", "♪", "goal"]),
)
halves = st.lists(segments, max_size=12).map(
    lambda own: sorted(own, key=lambda segment: segment.start_ms)
)


def test_words_are_spread_over_their_segment() -> None:
    said, times_ms = spoken_words(
        [TranscriptSegment(1000, 5000, "what a goal"), TranscriptSegment(9000, 9500, "Kane!")],
        READER,
    )
    assert said == [SEGMENT_START, "what", "a", "goal", SEGMENT_START, "<name>", "!"]
    assert times_ms.tolist() == [1000, 1000, 3000, 5000, 9000, 9000, 9500]


def test_a_loop_of_the_recogniser_counts_once() -> None:
    loop = [TranscriptSegment(1000 * second, 1000 * second + 900, "goal") for second in range(9)]
    assert spoken_words(loop, READER)[0] == [SEGMENT_START, "goal"]
    said = spoken_words([loop[0], TranscriptSegment(2000, 3000, "a card"), loop[5]], READER)[0]
    assert said.count("goal") == 2


@given(halves)
def test_times_never_fall_and_every_word_is_there(half: list[TranscriptSegment]) -> None:
    said, times_ms = spoken_words(half, READER)
    assert (np.diff(times_ms) >= 0).all()
    kept = half[:1] + [second for first, second in pairwise(half) if first.text != second.text]
    assert said == [
        word for segment in kept for word in (SEGMENT_START, *READER.words(segment.text))
    ]
    assert len(said) == len(times_ms)


@given(halves)
def test_sequence_numbers_words_and_cells(half: list[TranscriptSegment]) -> None:
    vocabulary = Vocabulary(READER, (SEGMENT_START, "goal", "what"))
    ids, cells = vocabulary.read(half)
    said, times_ms = spoken_words(half, READER)
    names = {2: SEGMENT_START, 3: "goal", 4: "what"}
    assert all(
        names.get(number, "") == word or (number == UNKNOWN and word not in names.values())
        for number, word in zip(ids, said, strict=True)
    )
    np.testing.assert_array_equal(cells, np.floor(times_ms / CELL_MS))
    assert len(vocabulary) == 5


@given(
    st.integers(0, 9000),
    st.sampled_from([Fraction(2), Fraction(1), Fraction(25, 4), Fraction(30000, 1001)]),
)
def test_cells_cover_a_half_and_not_more(num_frames: int, rate: Fraction) -> None:
    cells = count_cells(num_frames, rate)
    assert cells * Fraction(CELL_MS, 1000) >= num_frames / rate
    assert cells == 1 or (cells - 1) * Fraction(CELL_MS, 1000) < num_frames / rate


def test_rare_words_are_unknown() -> None:
    spoken = [
        [TranscriptSegment(0, 1, "a goal")],
        [TranscriptSegment(0, 1, "a card"), TranscriptSegment(5, 6, "yellow card yellow card")],
        [],
    ]
    vocabulary = fit_vocabulary(spoken, READER, min_halves=2)
    assert vocabulary.words == (SEGMENT_START, "a")
    assert fit_vocabulary(spoken, READER, min_halves=1).words == tuple(
        sorted((SEGMENT_START, "a", "card", "goal", "yellow"))
    )
