from pathlib import Path

import pytest

from spotkick.commentary.descriptions import read_texts, reading_description
from spotkick.errors import InputError
from spotkick.files import write_json


def _read(path: Path, content: object) -> tuple[str, ...]:
    write_json(path, content)
    with reading_description(path, "form-1", "a model") as described:
        return read_texts(described, "words")


def test_read_texts_list_of_texts_is_returned(tmp_path: Path) -> None:
    assert _read(tmp_path / "a.json", {"format": "form-1", "words": ["b", "a"]}) == ("b", "a")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {"format": "form-2", "words": []},
            "format 'form-2' is not 'form-1'; fit the features again",
        ),
        ({"format": "form-1"}, "not a model: KeyError 'words'"),
        ({"format": "form-1", "words": [1]}, "not a model: TypeError words must be text"),
        ({"format": "form-1", "words": 1}, "not a model: TypeError"),
        ({}, "not a model: KeyError 'format'"),
        ([], "not a model: TypeError"),
    ],
)
def test_reading_description_other_content_is_input_error(
    tmp_path: Path, content: object, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        _read(tmp_path / "a.json", content)
