import pytest

from spotkick.scoreboard.text_reader import TextBox
from spotkick.scoreboard.tokens import Token, find_tokens


def read(text: str) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for token in find_tokens(TextBox(text, 0, 0, 100, 20, 0.9))]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("45:47", [("clock", "45:47")]),
        ("9:03", [("clock", "09:03")]),
        ("O9:O3", [("clock", "09:03")]),
        ("15 :11", [("clock", "15:11")]),
        ("103:20", [("clock", "103:20")]),
        ("07:57BAR", [("clock", "07:57"), ("name", "BAR")]),
        ("3056", [("bare_clock", "30:56")]),
        ("30-56", [("bare_clock", "30:56")]),
        ("63'", [("minute", "63")]),
        ("63\u2019", [("minute", "63")]),
        ("+3", [("added", "3")]),
        ("90+4'", [("minute", "94")]),
        ("45+2", [("minute", "47")]),
        ("90:00+4", [("clock", "90:00"), ("added", "4")]),
        ("(3) 1-1 (2)", [("score", "1-1")]),
        ("1-1 (3-2)", [("score", "1-1")]),
        ("Зенит", [("word", "Зенит")]),
        ("الهلال", [("word", "الهلال")]),
        ("1-0", [("score", "1-0")]),
        ("O-O", [("score", "0-0")]),
        ("2\u00b71", [("score", "2-1")]),
        ("0|1", [("score", "0-1")]),
        ("010", [("score", "0-0")]),
        ("POLO-0", [("name", "POL"), ("score", "0-0")]),
        ("LIV2-OCRY", [("name", "LIV"), ("score", "2-0"), ("name", "CRY")]),
        ("FCB O-O RMA", [("name", "FCB"), ("score", "0-0"), ("name", "RMA")]),
        ("NAP10BAR", [("name", "NAP"), ("score", "1-0"), ("name", "BAR")]),
        ("JUVOOPSG", [("name", "JUV"), ("score", "0-0"), ("name", "PSG")]),
        (
            "03:40RMA00BAR",
            [("clock", "03:40"), ("name", "RMA"), ("score", "0-0"), ("name", "BAR")],
        ),
        ("OMNC", [("digit", "0"), ("name", "MNC")]),
        ("PLLEI", [("name", "LEI")]),
        (">FRA", [("name", "FRA")]),
        ("ARB MUN", [("name", "ARB"), ("name", "MUN")]),
        ("2", [("digit", "2")]),
        ("Heineken", [("word", "Heineken")]),
        ("25%", []),
        ("beko.com", [("word", "beko.com")]),
        ("", []),
    ],
)
def test_find_tokens_line_of_text_gives_its_parts(text: str, tokens: list[tuple[str, str]]) -> None:
    assert read(text) == tokens


def test_find_tokens_joined_line_shares_its_width_among_the_parts() -> None:
    clock, name = find_tokens(TextBox("07:57BAR", 100, 40, 180, 60, 0.9))
    assert (clock.box.left, clock.box.right) == (100, 150)
    assert (name.box.left, name.box.right) == (150, 180)


def test_token_clock_and_score_are_numbers() -> None:
    box = TextBox("", 0, 0, 1, 1, 1)
    assert Token("clock", "45:47", box).clock_s == 2747
    assert Token("score", "3-1", box).score == (3, 1)
