from dataclasses import replace

import pytest

from spotkick.commentary.novelty import PeriodReader
from spotkick.commentary.tokenizer import SEGMENT_START, Tokenizer, timed_tokens
from spotkick.commentary.transcripts import TranscriptSegment

COMMON = frozenset({"on", "for", "now", "goal", "to"})


def read(*said: tuple[float, str]) -> list[list[str]]:
    reader = PeriodReader(COMMON)
    return [
        [token for token, _ in reader.tokenize(text, round(1000 * start_s))]
        for start_s, text in said
    ]


def test_tokenize_name_is_new_recent_known_or_back() -> None:
    assert read((0, "Kane"), (14, "Kane"), (40, "Kane"), (341, "Kane's")) == [
        ["<name:new>"],
        ["<name:recent>"],
        ["<name>"],
        ["<name:back>"],
    ]


def test_tokenize_first_and_last_name_are_one_and_the_last_decides() -> None:
    assert read((0, "Kane"), (20, "Harry Kane on"), (40, "Kane Junior")) == [
        ["<name:new>"],
        ["<name>", "on"],
        ["<name:new>"],
    ]


def test_tokenize_score_is_new_same_or_an_earlier_one_in_either_order() -> None:
    said = ((0, "1-0"), (1, "0 : 1"), (2, "1-1"), (3, "1-0"), (4, "1\u20130"))
    assert [tokens for (tokens,) in read(*said)] == [
        "<score:new>",
        "<score:same>",
        "<score:new>",
        "<score>",
        "<score:same>",
    ]


def test_tokenize_pairs_of_large_numbers_are_no_scores() -> None:
    assert read((0, "45:30 now")) == [["<45-90>", "<12-44>", "now"]]
    assert read((0, "in 2015-16")) == [["in", "<num>", "<12-44>"]]


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("0", "<0>"),
        ("6th", "<6>"),
        ("11", "<7-11>"),
        ("12", "<12-44>"),
        ("90", "<45-90>"),
        ("91", "<num>"),
        ("123456789", "<num>"),
        ("\u00b2", "<num>"),  # a digit that is no number
    ],
)
def test_tokenize_number_is_known_by_its_size(text: str, token: str) -> None:
    assert read((0, text)) == [[token]]


def test_timed_tokens_novelty_is_of_one_period_alone() -> None:
    tokenizer = Tokenizer(COMMON, marks_novelty=True)
    segments = [TranscriptSegment(0, 1_000, "Kane"), TranscriptSegment(2_000, 3_000, "for Kane 2")]
    for _ in range(2):
        tokens, times_ms = timed_tokens(segments, tokenizer)
        assert tokens == [
            *(SEGMENT_START, "<name:new>"),
            *(SEGMENT_START, "for", "<name:recent>", "<2>"),
        ]
        assert times_ms.tolist() == [0, 0, 2_000, 2_000, 2_500, 3_000]
    plain, plain_ms = timed_tokens(segments, replace(tokenizer, marks_novelty=False))
    assert plain[-2:] == ["<name>", "<num>"]
    assert plain_ms.tolist() == times_ms.tolist()


def test_tokenize_with_offsets_gives_first_character_of_each_token() -> None:
    found = PeriodReader(COMMON).tokenize("goal for Harry Kane! 2 - 1 now", 0)
    assert found == [
        ("goal", 0),
        ("for", 5),
        ("<name:new>", 9),
        ("!", 19),
        ("<score:new>", 21),
        ("now", 27),
    ]
