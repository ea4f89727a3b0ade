import random

import pytest

from spotkick.commentary.loops import drop_loops, find_said_once
from spotkick.commentary.speech import RecognisedSegment

ATTACK = ["messi", "for", "suarez", "who", "shoots", "and", "carrizo", "saves"]


def make_segment(text: str, start_s: float = 0.0) -> RecognisedSegment:
    """A segment whose words last half a second each."""
    words = [
        (start_s + 0.5 * number, start_s + 0.5 * number + 0.5, word)
        for number, word in enumerate(text.split())
    ]
    return RecognisedSegment(start_s, words[-1][1], text, tuple(words))


def test_drop_loops_segment_that_comes_again_is_left_out() -> None:
    heard = [
        RecognisedSegment(0, 1, "Goal!"),
        RecognisedSegment(1, 2, "goal!"),
        RecognisedSegment(2, 3, "Goal!"),
        RecognisedSegment(3, 4, "What a strike."),
        RecognisedSegment(4, 5, "Goal!"),
        RecognisedSegment(5, 6, ""),
    ]
    assert [segment.start_s for segment in drop_loops(heard)] == [0, 3, 4]


def test_drop_loops_sentences_that_alternate_are_said_once() -> None:
    said = ["The ball reaches Luis Suarez now.", "He puts it back to Messi.", "Corner."]
    heard = [make_segment(text, 3.0 * number) for number, text in enumerate(6 * said[:2] + said)]
    assert [segment.text for segment in drop_loops(heard)] == said


def test_drop_loops_words_around_a_loop_stay_with_their_times() -> None:
    loop = "he has the ball, " * 12
    (kept,) = drop_loops([make_segment(f"Vanega scores! {loop}and it is 2-1.", start_s=10.0)])
    assert kept.text == "Vanega scores! he has the ball, and it is 2-1."
    assert kept.words[1] == (10.5, 11.0, "scores!")
    assert kept.words[-1] == (kept.end_s - 0.5, kept.end_s, "2-1.")
    assert kept.end_s == 10 + 0.5 * (2 + 12 * 4 + 4)


def test_drop_loops_text_without_word_times_is_said_once_too() -> None:
    heard = [RecognisedSegment(0, 9, "Corner! " + "no, no, " * 9)]
    assert [segment.text for segment in drop_loops(heard)] == ["Corner! no,"]


def test_drop_loops_speech_without_loops_is_the_same() -> None:
    heard = [make_segment("Goal! Goal! Goal! It is 1-0, 1-0 to the home side.")]
    assert list(drop_loops(heard)) == heard


def test_drop_loops_text_that_stays_repetitive_is_left_out() -> None:
    phrases = random.Random(0).choices(["he scores and", "he shoots and"], k=60)
    assert not list(drop_loops([make_segment(" ".join(phrases))]))


@pytest.mark.parametrize("size", [1, 2, 5, 16])
@pytest.mark.parametrize("cut", [0, 1])
def test_find_said_once_planted_loop_is_found_whole(size: int, cut: int) -> None:
    phrase = [f"w{number}" for number in range(size)]
    loop = 7 * phrase + phrase[: cut * (size // 2)]
    kept = find_said_once([*ATTACK, *loop])
    assert kept == list(range(len(ATTACK) + size))


def test_find_said_once_any_words_keep_their_order_and_short_texts_stay() -> None:
    generator = random.Random(0)
    for _ in range(200):
        words = generator.choices("ab", k=generator.randrange(40))
        kept = find_said_once(words)
        assert kept == sorted(set(kept))
        assert set(kept) <= set(range(len(words)))
        assert len(kept) == len(words) or len(words) >= 5


def test_find_said_once_what_people_repeat_stays() -> None:
    words = ["no", "no", "no", "no", "he", "goes", "and", "he", "goes", "and", "scores"]
    assert find_said_once(words) == list(range(len(words)))
