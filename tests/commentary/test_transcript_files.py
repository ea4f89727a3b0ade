import json
from dataclasses import replace
from pathlib import Path

import pytest

from spotkick.commentary.transcript_files import find_transcripts, read_period, read_transcript
from spotkick.commentary.transcripts import Transcript, TranscriptSegment
from spotkick.datasets.period_files import PeriodFile
from spotkick.datasets.periods import PeriodSpan, write_periods
from spotkick.errors import InputError

GOAL = (TranscriptSegment(1000, 2500, "¡Gol de Müller!"),)
CONTENTS = {
    "1_asr.json": json.dumps({"segments": {"0": [1, 2.5, "¡Gol de Müller!"]}}),
    "1.srt": "1\n00:00:01,000 --> 00:00:02,500\n¡Gol de Müller!\n",
    "1.vtt": "WEBVTT\n\n00:01.000 --> 00:02.500\n¡Gol de Müller!\n",
    "1.csv": "start,end,text\n1,2.5,¡Gol de Müller!\n",
    "1.TSV": "start\tend\ttext\n1000\t2500\t¡Gol de Müller!\n",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("name", CONTENTS)
def test_read_transcript_every_form_and_encoding_gives_same_segments(
    tmp_path: Path, name: str, encoding: str
) -> None:
    if name.endswith(".json") and encoding in ("utf-16", "cp1252"):
        encoding = "utf-8"  # JSON is UTF-8 by its standard
    path = tmp_path / name
    path.write_bytes(CONTENTS[name].encode(encoding))
    assert read_transcript(path).segments == GOAL


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("1.txt", b"Goal", r"'\.txt' is no transcript; known are \.json"),
        ("1.json", b'{"segments": {"0": [1, 2', "not valid JSON"),
        ("1.json", b"", "not valid JSON"),
        ("1.srt", b"", "no subtitles found"),
        ("1.srt", b"\0\1\2\3" * 9, "not text"),
        ("1.vtt", b'{"segments": {}}', "no subtitles found"),
        ("1.csv", b"\n", "the table is empty"),
    ],
)
def test_read_transcript_other_file_is_input_error(
    tmp_path: Path, name: str, data: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=message) as caught:
        read_transcript(tmp_path / name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def _touch(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()


def _found(root: Path) -> dict[tuple[str, int], str]:
    return {(file.match, file.period): file.path.name for file in find_transcripts(root)}


def test_find_transcripts_names_match_by_folder_and_period_by_file(tmp_path: Path) -> None:
    folder = tmp_path / "league" / "season" / "a - b"
    _touch(folder, "1_asr.json", "2_asr.json", "Labels-v2.json", "1_boxes.json", "notes.txt")
    match = "league/season/a - b"
    assert find_transcripts(tmp_path) == tuple(
        PeriodFile(match, period, folder / f"{period}_asr.json") for period in (1, 2)
    )
    assert {file.match for file in find_transcripts(folder)} == {"a - b"}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["1.srt", "2.srt"], {1: "1.srt", 2: "2.srt"}),
        (["1_224p.mkv", "1_224p.json", "2_224p.en.vtt"], {1: "1_224p.json", 2: "2_224p.en.vtt"}),
        (["match.mp4", "match.vtt"], {1: "match.vtt"}),
        (["final.mp4", "final.json", "Labels.json"], {1: "final.json"}),
        (["transcript.json", "Labels-v2.json"], {1: "transcript.json"}),
        (
            ["a_1st_half.mkv", "a_1st_half.srt", "a_2nd_half.srt"],
            {1: "a_1st_half.srt", 2: "a_2nd_half.srt"},
        ),
        (["1.json", "1.srt", "1.tsv", "1.txt"], {1: "1.json"}),
        (["1.json", "1_asr.json"], {1: "1_asr.json"}),
        (["1.wav", "1.csv", "second half.srt"], {1: "1.csv", 2: "second half.srt"}),
        (["1_whisper.json", "2_transcript.csv"], {1: "1_whisper.json", 2: "2_transcript.csv"}),
    ],
)
def test_find_transcripts_knows_the_names_people_use(
    tmp_path: Path, names: list[str], expected: dict[int, str]
) -> None:
    _touch(tmp_path / "m", *names)
    assert _found(tmp_path) == {("m", period): name for period, name in expected.items()}


def test_find_transcripts_several_recordings_of_a_folder_are_matches(tmp_path: Path) -> None:
    _touch(tmp_path / "cup", "the_final.mp4", "the_final.srt", "semi.mp4", "semi.de.vtt")
    _touch(tmp_path / "pod", "a_asr.json")
    assert _found(tmp_path) == {
        ("cup/the_final", 1): "the_final.srt",
        ("cup/semi", 1): "semi.de.vtt",
        ("pod/a", 1): "a_asr.json",
    }


def test_find_transcripts_whole_match_is_cut_into_stated_periods(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    _touch(folder, "match.mp4")
    (folder / "match.csv").write_text("start,end,text\n50,52,a\n110,112,b\n119,140,c\n500,501,d\n")
    spans = [PeriodSpan(1, 40, 100), PeriodSpan(2, 110, 130)]
    write_periods(folder, [replace(span, file=folder / "match.mp4") for span in spans])
    first, second = find_transcripts(tmp_path)
    assert (first.match, first.period, second.period) == ("m", 1, 2)
    assert read_period(first) == Transcript((TranscriptSegment(10_000, 12_000, "a"),), 60_000)
    assert read_period(second) == Transcript(
        (TranscriptSegment(0, 2000, "b"), TranscriptSegment(9000, 20_000, "c")), 20_000
    )


def test_find_transcripts_single_file_is_named_by_itself_or_its_folder(tmp_path: Path) -> None:
    _touch(tmp_path / "m", "final.srt", "2_asr.json")
    assert _found(tmp_path / "m" / "final.srt") == {("final", 1): "final.srt"}
    assert _found(tmp_path / "m" / "2_asr.json") == {("m", 2): "2_asr.json"}


def test_find_transcripts_links_to_folders_are_followed_once(tmp_path: Path) -> None:
    _touch(tmp_path / "elsewhere" / "season" / "m", "1_asr.json")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "league").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "loop").symlink_to(tmp_path / "data")
    assert _found(tmp_path / "data") == {("league/season/m", 1): "1_asr.json"}


@pytest.mark.parametrize("names", [[], ["Labels-v2.json", "match.mp4", "readme.txt"]])
def test_find_transcripts_none_is_input_error(tmp_path: Path, names: list[str]) -> None:
    _touch(tmp_path / "m", *names)
    for root in (tmp_path, tmp_path / "missing"):
        with pytest.raises(InputError, match="no commentary below it; files such as"):
            find_transcripts(root)
