"""Find words that the glossary replaced: one word, one meaning.

    python tools/check_words.py    # lists them with file and line; exit code 1 where there are any

docs/glossary.md says which terms are used. Here stand the words that were used for the same things
before, or that a reader of the field stumbles over. Names of files and of other people's software
are no words: a line that has to quote one ends with the comment ``# word: quoted``.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent

SEARCHED: Final = (
    "src/spotkick/**/*.py",
    "docs/*.md",
    "README.md",
    "CONTRIBUTING.md",
    "configs/*.toml",
    "tools/*.py",
    "examples/*.py",
    "notebooks/*.ipynb",
)

REPLACED: Final = {
    r"mend(s|ed|ing)?": "fix",
    r"remed(y|ies)": "fix",
    r"bells?": "Gaussian targets",
    r"log-odds": "logits",
    r"evidence": "logits",
    r"(some|no)body": "the plain statement: who does what",
    r"whoever": "the plain statement: who does what",
    r"is told of": "callback, log, reporter",
    r"(tells?|says?) of": "the plain statement: who does what",
    r"in silence": "silently",
    r"without a word": "silently",
    r"sign of speech": "speech flag",
    r"greatest value": "maximum, max pooling",
    r"learn(s|ed|t)? by heart": "overfits",
    r"(un)?spotted moments?": "unspotted peaks",
    r"possible moments?": "unspotted peaks",
    r"hidden values": "dropout",
    r"read by the network": "out-of-fold prediction",
}
"""Word or phrase, as a pattern -> what is used instead."""

_QUOTED: Final = "word: quoted"
_PATTERNS: Final = {
    re.compile(rf"(?<![\w/.-]){pattern}(?![\w-])", re.IGNORECASE): instead
    for pattern, instead in REPLACED.items()
}


def find_words(text: str) -> Iterator[tuple[int, str, str]]:
    """Line number, the word, and what is used instead, of each word that was replaced."""
    for number, line in enumerate(text.splitlines(), start=1):
        if _QUOTED in line:
            continue
        for pattern, instead in _PATTERNS.items():
            for found in pattern.finditer(line):
                yield number, found.group(), instead


def main() -> None:
    """Search all files."""
    problems = [
        f"{path.relative_to(ROOT)}:{number}: '{word}', use: {instead}"
        for pattern in SEARCHED
        for path in sorted(ROOT.glob(pattern))
        if path != Path(__file__).resolve()
        for number, word, instead in find_words(path.read_text(encoding="utf-8"))
    ]
    print(f"{len(problems)} words that docs/glossary.md replaces")
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
