"""Names of periods as providers, tables and analysts write them: ``1H``, ``E2``, ``2nd half``."""

import re
from typing import Final

_ORDINALS: Final = {
    "1": 1,
    "1st": 1,
    "first": 1,
    "i": 1,
    "2": 2,
    "2nd": 2,
    "second": 2,
    "ii": 2,
    "3": 3,
    "3rd": 3,
    "third": 3,
    "iii": 3,
    "4": 4,
    "4th": 4,
    "fourth": 4,
    "iv": 4,
    "5": 5,
    "5th": 5,
    "fifth": 5,
    **{str(number): number for number in range(6, 10)},
}
_NUMBER: Final = "|".join(sorted(_ORDINALS, key=len, reverse=True))
_REGULAR: Final = re.compile(
    rf"(?:(?:half|period|h|p|q|quarter|set)[ ]?(?P<after>{_NUMBER})"
    rf"|(?P<before>{_NUMBER})[ ]?(?:half|period|h|p|q|quarter|set|t))"
)
_EXTRA: Final = re.compile(
    rf"(?:e|et|ot|extra|extra ?time|overtime)[ ]?(?:half|period|h|p)?[ ]?(?P<after>{_NUMBER})"
    r"(?:[ ]?(?:half|period|h))?"
    rf"|(?P<before>{_NUMBER})[ ]?(?:half|period|h|p)?[ ]?(?:of )?(?:e|et|extra ?time|overtime)"
    rf"|extra ?time[ ](?P<middle>{_NUMBER})[ ]?(?:half|period)"
)
_PENALTIES: Final = frozenset({"p", "pen", "pens", "penalties", "penalty shootout", "shootout"})
_SHORT: Final = re.compile(r"[pqt] ?\d|\d ?[pqt]")
"""Too short to mean a period on a code button: ``P1`` may be a player."""

_START: Final = re.compile(
    r"^(?:start|begin|beginning|kick ?off)(?: of)?(?: the)? | (?:start|begin|kick ?off)$"
)


def parse_period_name(text: str) -> int | None:
    """Number of a period, None where the text names none.

    Example:
        >>> [parse_period_name(t) for t in ("2", "1H", "FIRST_HALF", "E2", "2nd Extra Time", "P")]
        [2, 1, 1, 4, 4, 5]
    """
    plain = re.sub(r"[\s_\-.:]+", " ", text).strip().lower()
    if plain.isdecimal():
        return int(plain)
    if plain in _PENALTIES:
        return 5

    # "first half", then "second half of extra time".
    found = _REGULAR.fullmatch(plain)
    if found is not None:
        return _ORDINALS[found["after"] or found["before"]]
    found = _EXTRA.fullmatch(plain)
    if found is None:
        return None
    return 2 + _ORDINALS[found["after"] or found["before"] or found["middle"]]


def parse_period_start(text: str) -> tuple[int, bool] | None:
    """Number of the period whose start a code marks, None for any other code.

    Analysts mark where a half starts by an instance such as ``Start 1st Half`` or ``2H``.

    Returns:
        the period, and whether the code speaks of a start.

    Example:
        >>> [parse_period_start(text) for text in ("Start 2nd half", "1st Half", "End 1st half")]
        [(2, True), (1, False), None]
    """
    plain = re.sub(r"[\s_\-.:]+", " ", text).strip().lower()
    bare = _START.sub("", plain)
    if bare.isdecimal() or bare in _PENALTIES or _SHORT.fullmatch(bare):
        return None
    period = parse_period_name(bare)
    return None if period is None else (period, bare != plain)
