from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotkick.commentary.terms import NAME, NUMBER, TermReader, fit_term_reader

READER = TermReader(frozenset({"the", "card", "yellow", "goal", "it", "for", "on", "comes"}))


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
def test_words(text: str, words: Sequence[str]) -> None:
    assert [term for term in READER.terms(text) if " " not in term] == words


def test_pairs_stay_inside_a_sentence() -> None:
    pairs = [term for term in READER.terms("The card. Goal! For Kane") if " " in term]
    assert pairs == ["the card", "goal !", "! for", f"for {NAME}"]


def test_sentences_that_differ_in_names_are_alike() -> None:
    one, other = "Vidal comes on for Thiago Alcantara", "Kane comes on for Alli"
    assert list(READER.terms(one)) == list(READER.terms(other))


def test_names_are_learned_from_capitals_inside_sentences() -> None:
    texts = [
        "Son shoots. Shot by Son!",
        "and the son of",
        "the ball",
        "The ball of Kane",
        "Corner. Corner. The corner",
        "a shot",
    ]
    common = fit_term_reader(2 * texts).common  # a word must be seen twice
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
def test_any_text_is_read(text: str) -> None:
    reader = fit_term_reader([text])
    for term in reader.terms(text):
        assert term.strip() == term
        assert term
        assert len(term.split(" ")) <= 2
