"""Words that the glossary replaced."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import check_words
from spotkick.cli.main import COMMANDS, build_app

GLOSSARY = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "line", ["who mends it", "a Remedy", "nobody knows", "dropped in silence", "log-odds", "bells"]
)
def test_find_words_replaced_word_is_found(line: str) -> None:
    ((number, _, instead),) = check_words.find_words(f"first\n{line}\n")
    assert number == 2
    assert instead


@pytest.mark.parametrize(
    "line", ["recommended", "amendment", "a doorbell.wav", "labels", "mend  # word: quoted"]
)
def test_find_words_other_words_are_left_alone(line: str) -> None:
    assert list(check_words.find_words(line)) == []


def test_program_and_documentation_use_the_words_of_the_glossary() -> None:
    found = [
        f"{path.name}:{number}: {word}"
        for pattern in check_words.SEARCHED
        for path in check_words.ROOT.glob(pattern)
        if path.name != "check_words.py"
        for number, word, _ in check_words.find_words(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_command_uses_the_words_of_the_glossary(command: str) -> None:
    text = CliRunner().invoke(build_app([command]), [command, "--help"]).output
    assert list(check_words.find_words(text)) == []


def test_glossary_has_about_forty_terms_each_once() -> None:
    terms = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", GLOSSARY, re.MULTILINE)[1:]
    assert 40 <= len(terms) <= 70
    assert len(set(terms)) == len(terms)
