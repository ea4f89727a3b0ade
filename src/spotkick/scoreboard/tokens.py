"""From recognised text to the tokens of a scoreboard: clocks, minutes, scores, added time, names.

A recogniser often joins what stands close together ("07:57BAR", "LIV2-OCRY") and reads zeros as
letters. Lines are cut into tokens by pattern, and each token takes its share of the line's width.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from spotkick.scoreboard.text_reader import TextBox

Kind = Literal["clock", "bare_clock", "minute", "score", "digit", "added", "name", "word"]

_LETTERS: Final = dict(zip("OoQDIlSB", "00001158", strict=True))
"""Letters that a recogniser gives for digits."""

AS_DIGIT: Final = str.maketrans(_LETTERS)
"""What those letters stand for where a number must be."""

_DIGIT: Final = "0-9" + "".join(_LETTERS)
_TENS: Final = "0-5" + "".join(letter for letter, digit in _LETTERS.items() if digit < "6")
_CLOCK: Final = rf"(?<![0-9])[{_DIGIT}]{{1,3}}\s?[:;]\s?[{_TENS}][{_DIGIT}](?![0-9])"
_SEPARATOR: Final = "\\s?[-\u2013\u2014\u2212\u00b7\u2022:.|~_]\\s?"
_SCORE: Final = rf"(?<![0-9])[{_DIGIT}]{{1,2}}{_SEPARATOR}[{_DIGIT}]{{1,2}}(?![0-9])"
_NAME: Final = r"[A-Z][A-Z0-9&.]{1,3}"

_WHOLE_CLOCK: Final = re.compile(_CLOCK)
_PRIME: Final = "'`\u00b4\u2019\u2032"
_MINUTE: Final = re.compile(rf"^([0-9]{{1,3}})\s?[{_PRIME}]$")
_PENALTIES: Final = re.compile(r"[(\[]\s?[0-9]{1,2}(\s?[-:]\s?[0-9]{1,2})?\s?[)\]]")
_MINUTE_ADDED: Final = re.compile(rf"^(45|90|105|120)\s?\+\s?([0-9]{{1,2}})\s?[{_PRIME}]?$")
_ADDED: Final = re.compile(rf"^\+\s?([0-9]{{1,2}})[{_PRIME}]?$")
_NAMES_AND_SCORE: Final = re.compile(
    rf"^[^A-Za-z0-9]?(?P<home>[A-Z][A-Z0-9]{{1,3}})?\s?"
    rf"(?P<first>[{_DIGIT}]{{1,2}}){_SEPARATOR}(?P<second>[{_DIGIT}]{{1,2}})\s?"
    rf"(?P<away>[A-Z][A-Z0-9]{{1,3}})?$"
)
_NAMES_AND_DIGITS: Final = re.compile(
    r"^(?P<home>[A-Z]{3})\s?(?P<first>[0-9O])[|1Il]?(?P<second>[0-9O])\s?(?P<away>[A-Z]{3})?$"
)
_BARE_CLOCK: Final = re.compile(r"^([0-9]{2})[.·-]?([0-5][0-9])$")
_NAME_AND_DIGIT: Final = re.compile(rf"^(?P<name>[A-Z]{{3}})\s?(?P<digit>[{_DIGIT}])$")
_DIGIT_AND_NAME: Final = re.compile(rf"^(?P<digit>[{_DIGIT}])\s?(?P<name>[A-Z]{{3}})$")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of text with a meaning.

    Attributes:
        kind: ``clock`` (MM:SS), ``bare_clock`` (the same without a legible colon), ``minute``
            (63', and 94 for 90+4'), ``score`` (both numbers), ``digit`` (one number of a score),
            ``added`` (+3), ``name`` (abbreviation of a team) or ``word`` (other letters, which may
            be a longer name).
        text: as it stands on the scoreboard; of scores ``"1-0"``.
        box: its place.
    """

    kind: Kind
    text: str
    box: TextBox

    @property
    def clock_s(self) -> int:
        """Seconds that a clock shows."""
        minutes, _, seconds = self.text.partition(":")
        return 60 * int(minutes) + int(seconds)

    @property
    def score(self) -> tuple[int, int]:
        """Both numbers of a score."""
        first, _, second = self.text.partition("-")
        return int(first), int(second)


def find_tokens(box: TextBox) -> list[Token]:
    """The tokens of a line of text, from left to right."""
    text = unicodedata.normalize("NFKC", box.text).strip()
    clock = _WHOLE_CLOCK.search(text)
    if clock is not None:
        # What stands before and after a clock is read on its own.
        before = _cut_box(box, text, 0, clock.start())
        after = _cut_box(box, text, clock.end(), len(text))
        found = Token("clock", _clean_clock(clock.group()), _cut_box(box, text, *clock.span()))
        return [*find_tokens(before), found, *find_tokens(after)]
    return list(_simple_tokens(text, box))


def _simple_tokens(text: str, box: TextBox) -> Iterator[Token]:
    """Tokens of a line that holds no clock with a colon."""
    # penalties scored in a shoot-out stand in brackets beside the score
    text = _PENALTIES.sub("", text).strip() or text
    if found := _MINUTE.match(text):
        yield Token("minute", found[1], box)
    elif found := _MINUTE_ADDED.match(text):
        yield Token("minute", str(int(found[1]) + int(found[2])), box)
    elif found := _ADDED.match(text):
        yield Token("added", found[1], box)
    elif found := _BARE_CLOCK.match(text):
        yield Token("bare_clock", f"{found[1]}:{found[2]}", box)
    elif found := _split_names_and_score(text):
        yield from _score_tokens(found, text, box)
    else:
        yield from _name_tokens(text, box)


def _name_tokens(text: str, box: TextBox) -> Iterator[Token]:
    """Tokens of a line that holds names, or a single number, or both."""
    for pattern in (_NAME_AND_DIGIT, _DIGIT_AND_NAME):
        if found := pattern.match(text):
            digit = found["digit"].translate(AS_DIGIT)
            name = Token("name", found["name"], _cut_box(box, text, *found.span("name")))
            number = Token("digit", digit, _cut_box(box, text, *found.span("digit")))
            yield from sorted((name, number), key=lambda token: token.box.left)
            return

    # a number, a score without a dash, or names
    if re.fullmatch(r"[0-9Oo]{1,2}", text):
        yield Token("digit", text.translate(AS_DIGIT), box)
    elif re.fullmatch(r"[0-9OoIl][|1Il][0-9OoIl]", text):
        # A thin divider between the numbers reads like a 1.
        yield Token("score", _clean_score(text[0], text[2]), box)
    elif found := re.fullmatch(r"([A-Z]{3})\s+([A-Z]{3})", text):
        for group in (1, 2):
            yield Token("name", found[group], _cut_box(box, text, *found.span(group)))
    elif found := re.fullmatch(rf"[^A-Za-z0-9]?({_NAME})", text):
        yield Token("name", found[1], box)
    elif found := re.fullmatch(r"[A-Z]{2,3}([A-Z]{3})", text):
        # A league's logo beside a name is read as part of it ("PLLEI").
        yield Token("name", found[1], _cut_box(box, text, *found.span(1)))
    elif _is_word(text):
        yield Token("word", text, box)


def _is_word(text: str) -> bool:
    """Letters of any script, with signs that names hold; a letter may be misread as a digit."""
    letters = sum(letter.isalpha() for letter in text)
    digits = sum(letter.isdigit() for letter in text)
    return letters >= 2 and digits <= 1 and all(x.isalnum() or x in " .'&-" for x in text)


def _split_names_and_score(text: str) -> re.Match[str] | None:
    """Split ``POLO-0`` into POL and 0-0: names of three letters are tried first."""
    three = re.match(
        rf"^[^A-Za-z0-9]?(?P<home>[A-Z][A-Z0-9]{{2}})\s?(?P<first>[{_DIGIT}]){_SEPARATOR}"
        rf"(?P<second>[{_DIGIT}])\s?(?P<away>[A-Z][A-Z0-9]{{2}})?$",
        text,
    )
    return three or _NAMES_AND_SCORE.match(text) or _NAMES_AND_DIGITS.match(text)


def _score_tokens(found: re.Match[str], text: str, box: TextBox) -> Iterator[Token]:
    if found["home"]:
        yield Token("name", found["home"], _cut_box(box, text, *found.span("home")))
    place = (found.start("first"), found.end("second"))
    yield Token("score", _clean_score(found["first"], found["second"]), _cut_box(box, text, *place))
    if found["away"]:
        yield Token("name", found["away"], _cut_box(box, text, *found.span("away")))


def _cut_box(box: TextBox, text: str, start: int, end: int) -> TextBox:
    """The share of a line's width that its characters ``start`` to ``end`` take."""
    width = (box.right - box.left) / max(len(text), 1)
    return TextBox(
        text[start:end].strip(),
        left=box.left + start * width,
        top=box.top,
        right=box.left + end * width,
        bottom=box.bottom,
        confidence=box.confidence,
    )


def _clean_clock(text: str) -> str:
    minutes, seconds = re.split(r"\s?[:;]\s?", text.translate(AS_DIGIT))
    return f"{int(minutes):02d}:{seconds}"


def _clean_score(first: str, second: str) -> str:
    return "-".join(str(int(number.translate(AS_DIGIT))) for number in (first, second))
