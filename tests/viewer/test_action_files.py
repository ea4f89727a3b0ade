"""Every format that is read is opened with its video; all that is exported comes back."""

import json
import zipfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest

from spotkick.actions import Action, MatchActions, Visibility
from spotkick.errors import InputError
from spotkick.formats.capabilities import fit
from spotkick.formats.registry import FORMATS, writable_formats
from spotkick.viewer import action_files
from spotkick.viewer.exporting import export_labels
from spotkick.viewer.match_data import Match
from spotkick.viewer.match_store import Library
from support.event_feeds import write_statsbomb
from support.pattern_video import Pattern, write_pattern_video

RATE = Fraction(25)
LABELS = MatchActions(
    "cup/final",
    (
        Action("Goal", 1, 1000, team="home", visibility=Visibility.VISIBLE),
        Action("Foul", 1, 2000, team="away", visibility=Visibility.NOT_SHOWN),
    ),
)

CVAT = """<?xml version="1.0"?><annotations><version>1.1</version>
<meta><task><name>x</name><source>final.mp4</source></task></meta>
<track id="0" label="Goal"><box frame="25" outside="0" xtl="1" ytl="1" xbr="2" ybr="2"/>
<box frame="26" outside="1" xtl="1" ytl="1" xbr="2" ybr="2"/></track></annotations>"""
TEXT_GRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 8
tiers? <exists>
size = 1
item []:
    item [1]:
        class = "TextTier"
        name = "spots"
        xmin = 0
        xmax = 8
        points: size = 1
        points [1]:
            number = 1
            mark = "Goal"
"""
MINIMAL = [
    {
        "video": "final.mp4",
        "timelines": [{"ranges": [{"start": 26, "end": 26}], "timelinelabels": ["Goal"]}],
        "id": 1,
        "annotator": 1,
        "annotation_id": 2,
    }
]
SAMPLES = {
    "samples": [
        {
            "filepath": "data/final.mp4",
            "metadata": {"_cls": "VideoMetadata", "frame_rate": 25.0, "duration": 8.0},
            "events": {
                "_cls": "TemporalDetections",
                "detections": [{"_cls": "TemporalDetection", "label": "Goal", "support": [26, 26]}],
            },
        }
    ]
}


def write_only_read(name: str, folder: Path) -> Path:
    """A file of a format that is not written, with a goal at one second."""
    if name == "cvat":
        (folder / "x.xml").write_text(CVAT)
        return folder / "x.xml"
    if name == "textgrid":
        (folder / "x.TextGrid").write_text(TEXT_GRID)
        return folder / "x.TextGrid"
    if name == "label-studio-min":
        (folder / "x.json").write_text(json.dumps(MINIMAL))
        return folder / "x.json"
    if name == "fiftyone-samples":
        (folder / "samples.json").write_text(json.dumps(SAMPLES))
        return folder / "samples.json"
    return write_statsbomb(folder / "x.json")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "evening.mp4"
    write_pattern_video(path, Pattern(200))
    return path


def open_with(paths: Sequence[Path]) -> Match:
    library = Library(paths)
    (key,) = library.keys
    files = library.files(key)
    assert files is not None
    return library.match(files)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_file_of_every_format_is_opened_with_its_video(
    name: str, tmp_path: Path, video: Path
) -> None:
    if name in writable_formats():
        download = export_labels(LABELS, name, RATE)
        path = tmp_path / download.name
        path.write_bytes(download.data)
        ((expected,), _) = fit((LABELS,), FORMATS[name].capabilities, RATE)
        wanted = [(action.label, action.period, action.position_ms) for action in expected.actions]
    else:
        path, wanted = write_only_read(name, tmp_path), []
    match = open_with([video, path])
    assert list(match.videos) == [1]
    spots = match.predictions if FORMATS[name].capabilities.needs_confidence else match.labels
    found = [(spot.action.label, spot.action.period, spot.action.position_ms) for spot in spots]
    if wanted:
        assert sorted(found) == sorted(wanted)
    elif name == "provider-events":  # of a whole match, which is longer than this video
        assert found
        return
    else:
        assert found == [("Goal", 1, 1000)]
    assert match.warnings == ()


def test_file_of_many_matches_is_read_for_each_of_them(tmp_path: Path) -> None:
    matches = [
        MatchActions(f"cup/{number}", (Action("Goal", 1, 1000 * number, 0.5),))
        for number in range(1, 4)
    ]
    path = tmp_path / "all.csv"
    FORMATS["csv"].write(path, matches, RATE)
    library = Library([path])
    found = {}
    journals = set()
    for key in library.keys:
        files = library.files(key)
        assert files is not None
        found[files.name] = library.match(files).predictions[0].action.position_ms
        journals.add(files.review_path(None))
    assert found == {"cup/1": 1000, "cup/2": 2000, "cup/3": 3000}
    assert len(journals) == 3
    assert all(journal.parent == tmp_path for journal in journals)


def test_file_that_changes_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    FORMATS["csv"].write(path, [LABELS], RATE)
    library = Library([path])
    files = library.files(library.keys[0])
    assert files is not None
    assert len(library.match(files).labels) == 2
    FORMATS["csv"].write(path, [MatchActions("cup/final", LABELS.actions[:1])], RATE)
    assert len(library.match(files).labels) == 1


def test_folder_of_one_source_is_opened(tmp_path: Path) -> None:
    FORMATS["thumos"].write(tmp_path / "labels", [LABELS], RATE)
    match = open_with([tmp_path / "labels"])
    assert [spot.action.label for spot in match.labels] == ["Foul", "Goal"]


@pytest.mark.parametrize("name", ["../../evil", "/etc/x", "C:\\x"])
def test_match_name_that_leads_out_of_a_folder_is_not_used(tmp_path: Path, name: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(f"match,period,position_ms,label\n{name},1,1000,Goal\n")
    try:
        library = Library([path], edits=tmp_path / "edits")
    except InputError:
        return
    files = library.files(library.keys[0])
    assert files is not None
    assert (tmp_path / "edits") in files.review_path(tmp_path / "edits").resolve().parents


def test_archive_of_something_else_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "nothing to see")
    with pytest.raises(InputError, match="nothing in the archive"):
        Library([path])
    monkeypatch.setattr(action_files, "MAX_UNPACKED_BYTES", 5)
    with pytest.raises(InputError, match="more than the limits"):
        Library([path])
