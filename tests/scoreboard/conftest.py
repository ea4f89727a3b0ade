import pytest

from spotkick.scoreboard.text_reader import TextReader


@pytest.fixture(scope="session")
def text_reader() -> TextReader:
    return TextReader()
