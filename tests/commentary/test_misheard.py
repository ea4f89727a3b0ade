import pytest

from spotkick.commentary.misheard import correct_mishearings
from spotkick.commentary.speech import RecognisedSegment


def make_segment(*words: str) -> RecognisedSegment:
    """A segment whose words last a second each."""
    timed = tuple((float(n), n + 1.0, word) for n, word in enumerate(words))
    return RecognisedSegment(0.0, float(len(words)), " ".join(words), timed)


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("And that's off-site!", "And that's offside!"),
        ("Off sight again.", "Offside again."),
        ("He is off-side, offsite.", "He is offside, offside."),
        (
            "A goal kit, then a free-kid and a corner cut.",
            "A goal kick, then a free kick and a corner kick.",
        ),
        ("It's a flow in for Roma.", "It's a throw-in for Roma."),
        ("A yellow guard!", "A yellow card!"),
        ("Gold! What a gold by Messi.", "Goal! What a goal by Messi."),
    ],
)
def test_correct_mishearings_words_of_football_are_put_right(heard: str, meant: str) -> None:
    segment = correct_mishearings(make_segment(*heard.split()))
    assert segment.text == meant
    assert " ".join(word for _, _, word in segment.words) == meant


@pytest.mark.parametrize(
    "text",
    [
        "Offside, a goal, the ball.",
        "The Gold Cup of the small hall.",
        "On the far side of them alley.",
    ],
)
def test_correct_mishearings_other_text_is_the_same(text: str) -> None:
    segment = make_segment(*text.split())
    assert correct_mishearings(segment) == segment


def test_correct_mishearings_words_keep_their_times() -> None:
    segment = correct_mishearings(make_segment("He's", "off", "sight,", "a", "free-kit", "now."))
    assert segment.words == (
        (0.0, 1.0, "He's"),
        (1.0, 3.0, "offside,"),
        (3.0, 4.0, "a"),
        (4.0, 5.0, "free kick"),
        (5.0, 6.0, "now."),
    )


def test_correct_mishearings_text_without_word_times_is_put_right() -> None:
    segment = correct_mishearings(RecognisedSegment(0, 2, "Clearly off-site."))
    assert (segment.text, segment.words) == ("Clearly offside.", ())
