from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotkick.commentary.pieces import NAME, NUMBER
from spotkick.commentary.tokenizer import (
    SEGMENT_START,
    Tokenizer,
    Vocabulary,
    count_bins,
    fit_tokenizer,
    fit_vocabulary,
    timed_tokens,
)
from spotkick.commentary.transcripts import TranscriptSegment
from spotkick.features.token_rows import BIN_MS, UNKNOWN_ID

TOKENIZER = Tokenizer(frozenset({"the", "card", "yellow", "goal", "it", "for", "on", "comes"}))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Yellow card.", ["yellow", "card"]),
        (
            "Kane comes on for Heung-Min Son",
            [NAME, "comes", "on", "for", NAME],
        ),  # first and last name are one
        ("GOAL! It's 2-1", ["goal", "!", "it", NUMBER, NUMBER]),
        ("Kane's goal. Kane\u2019s goal", [NAME, "goal", NAME, "goal"]),
        ("the 77th", ["the", NUMBER]),
        ("\u0130stanbul \u1e9e x", [NAME, "x"]),
        ("...", []),
        ("", []),
    ],
)
def test_ngrams_text_gives_expected_tokens(text: str, words: Sequence[str]) -> None:
    assert [term for term in TOKENIZER.ngrams(text) if " " not in term] == words


def test_ngrams_pairs_stay_inside_sentence() -> None:
    pairs = [term for term in TOKENIZER.ngrams("The card. Goal! For Kane") if " " in term]
    assert pairs == ["the card", "goal !", "! for", f"for {NAME}"]


def test_ngrams_sentences_that_differ_in_names_are_equal() -> None:
    one, other = "Vidal comes on for Thiago Alcantara", "Kane comes on for Alli"
    assert list(TOKENIZER.ngrams(one)) == list(TOKENIZER.ngrams(other))


def test_fit_tokenizer_learns_names_from_capitals_inside_sentences() -> None:
    texts = [
        "Son shoots. Shot by Son!",
        "and the son of",
        "the ball",
        "The ball of Kane",
        "Corner. Corner. The corner",
        "a shot",
    ]
    common = fit_tokenizer(2 * texts).common_words  # a word must be seen twice
    assert {
        "the",
        "ball",
        "corner",
        "shot",
        "of",
        "by",
    } <= common  # a capital at the start of a sentence tells nothing
    assert not {"kane", "son"} & common  # seen as often with a capital as without


@given(st.text(max_size=60))
def test_ngrams_any_text_gives_terms_of_one_or_two_tokens(text: str) -> None:
    tokenizer = fit_tokenizer([text])
    for term in tokenizer.ngrams(text):
        assert term.strip() == term
        assert term
        assert len(term.split(" ")) <= 2


SHORT = Tokenizer(frozenset({"goal", "what", "a", "card", "yellow", "the"}))
segments = st.builds(
    TranscriptSegment,
    st.integers(0, 90_000),
    st.integers(0, 90_000),
    st.sampled_from(["what a goal", "a yellow card!", "Kane. Kane", "♪", "goal"]),
)
halves = st.lists(segments, max_size=12).map(
    lambda own: sorted(own, key=lambda segment: segment.start_ms)
)


def test_timed_tokens_without_word_times_are_spread_evenly() -> None:
    said, times_ms = timed_tokens(
        [TranscriptSegment(1000, 5000, "what a goal"), TranscriptSegment(9000, 9500, "Kane!")],
        SHORT,
    )
    assert said == [SEGMENT_START, "what", "a", "goal", SEGMENT_START, "<name>", "!"]
    assert times_ms.tolist() == [1000, 1000, 3000, 5000, 9000, 9000, 9500]


def test_timed_tokens_repeated_segment_counts_once() -> None:
    loop = [TranscriptSegment(1000 * second, 1000 * second + 900, "goal") for second in range(9)]
    assert timed_tokens(loop, SHORT)[0] == [SEGMENT_START, "goal"]
    said = timed_tokens([loop[0], TranscriptSegment(2000, 3000, "a card"), loop[5]], SHORT)[0]
    assert said.count("goal") == 2


@given(halves)
def test_timed_tokens_never_fall_and_keep_every_token(half: list[TranscriptSegment]) -> None:
    said, times_ms = timed_tokens(half, SHORT)
    assert (np.diff(times_ms) >= 0).all()
    kept = half[:1] + [second for first, second in pairwise(half) if first.text != second.text]
    assert said == [
        word for segment in kept for word in (SEGMENT_START, *SHORT.tokenize(segment.text))
    ]
    assert len(said) == len(times_ms)


@given(halves)
def test_encode_gives_ids_and_bins(half: list[TranscriptSegment]) -> None:
    vocabulary = Vocabulary(SHORT, (SEGMENT_START, "goal", "what"))
    ids, cells = vocabulary.encode(half)
    said, times_ms = timed_tokens(half, SHORT)
    names = {2: SEGMENT_START, 3: "goal", 4: "what"}
    assert all(
        names.get(number, "") == word or (number == UNKNOWN_ID and word not in names.values())
        for number, word in zip(ids, said, strict=True)
    )
    np.testing.assert_array_equal(cells, np.floor(times_ms / BIN_MS))
    assert len(vocabulary) == 5


@given(
    st.integers(0, 9000),
    st.sampled_from([Fraction(2), Fraction(1), Fraction(25, 4), Fraction(30000, 1001)]),
)
def test_count_bins_covers_period_and_no_more(num_frames: int, rate: Fraction) -> None:
    cells = count_bins(num_frames, rate)
    assert cells * Fraction(BIN_MS, 1000) >= num_frames / rate
    assert cells == 1 or (cells - 1) * Fraction(BIN_MS, 1000) < num_frames / rate


def test_fit_vocabulary_leaves_out_rare_tokens() -> None:
    spoken = [
        [TranscriptSegment(0, 1, "a goal")],
        [TranscriptSegment(0, 1, "a card"), TranscriptSegment(5, 6, "yellow card yellow card")],
        [],
    ]
    vocabulary = fit_vocabulary(spoken, SHORT, min_periods=2)
    assert vocabulary.tokens == (SEGMENT_START, "a")
    assert fit_vocabulary(spoken, SHORT, min_periods=1).tokens == tuple(
        sorted((SEGMENT_START, "a", "card", "goal", "yellow"))
    )
