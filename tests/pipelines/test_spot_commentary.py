import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from spotkick.commentary.features import read_commentary_source, write_commentary_tracks
from spotkick.commentary.speech import RecognisedSegment
from spotkick.commentary.transcript_files import find_transcripts
from spotkick.datasets.periods import PeriodSpan
from spotkick.errors import InputError
from spotkick.features.tracks import FeatureTrack, read_track
from spotkick.pipelines import spot_commentary
from spotkick.pipelines.spot_commentary import CommentaryReader
from spotkick.pipelines.spot_inputs import InputOptions, jobs_for, load_silently
from spotkick.reporter import SilentReporter

DATA = Path(__file__).parents[1] / "commentary" / "data"
SOURCE = DATA / "tfidf" / "commentary.source"
SPEECH = DATA / "speech.ogg"
SRT = "1\n00:00:01,000 --> 00:00:02,500\nA card, what a goal!\n"
ECHOES = json.dumps({"segments": {"0": [1.0, 2.5, "A card, what a goal!"]}})


@pytest.fixture
def checkpoint() -> Any:
    """What `jobs_for` asks a checkpoint that reads commentary features."""
    return SimpleNamespace(feature_source=read_commentary_source(SOURCE)[1], features_folder=SOURCE)


class Listener:
    """Hears the same in any sound, and counts how often it is asked."""

    name = "listener"
    is_multilingual = True

    def __init__(self) -> None:
        self.calls = 0

    def recognise(
        self, samples: np.ndarray, *, language: str | None, translate: bool
    ) -> tuple[Iterator[RecognisedSegment], str]:
        del samples, language, translate
        self.calls += 1
        return iter([RecognisedSegment(1.0, 2.5, "A card, what a goal!")]), "en"


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Listener:
    made = Listener()
    monkeypatch.setattr(spot_commentary, "open_recogniser", lambda **_: made)
    return made


def _extracted(root: Path, out: Path) -> dict[int, FeatureTrack]:
    """The tracks that ``spotkick features`` makes of the same transcripts."""
    model, source = read_commentary_source(SOURCE)
    write_commentary_tracks(find_transcripts(root), out, model, source)
    paths = sorted(out.rglob("*.npy"))
    return {int(path.name[0]): read_track(path, source=source) for path in paths}


@pytest.mark.parametrize("name", ["1.srt", "1_asr.json"])
@pytest.mark.parametrize("as_folder", [True, False])
def test_jobs_for_transcript_gives_features_of_its_words(
    checkpoint: Any, tmp_path: Path, name: str, as_folder: bool
) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / name).write_text(SRT if name.endswith("srt") else ECHOES)
    (job,) = jobs_for([folder if as_folder else folder / name], checkpoint)
    assert job.match == "m"
    assert [span.file for span in job.files[1]] == [folder / name]
    (track,) = load_silently(job).values()
    expected = _extracted(folder, tmp_path / "out")[1]
    np.testing.assert_array_equal(track.values, expected.values)
    assert (track.source, track.values.dtype) == (expected.source, np.float16)
    assert track.values[2:5].any()


def test_jobs_for_folder_of_matches_takes_transcripts_then_recordings(
    checkpoint: Any, tmp_path: Path, listener: Listener
) -> None:
    for match in ("a", "b"):
        (tmp_path / match).mkdir()
    for period in (1, 2):
        (tmp_path / "a" / f"{period}.srt").write_text(SRT)
    (tmp_path / "a" / "1_720p.mkv").touch()
    (tmp_path / "b" / "1_720p.mkv").write_bytes(SPEECH.read_bytes())
    first, second = jobs_for([tmp_path], checkpoint)
    assert (first.match, sorted(first.files), second.match) == ("a", [1, 2], "b")
    assert set(load_silently(first)) == {1, 2}
    assert listener.calls == 0
    assert set(load_silently(second)) == {1}
    assert listener.calls == 1


def test_jobs_for_recording_is_transcribed_once(
    checkpoint: Any, tmp_path: Path, listener: Listener
) -> None:
    options = InputOptions(transcripts=tmp_path / "out")
    tracks = []
    for _ in range(2):
        (job,) = jobs_for([SPEECH], checkpoint, options)
        tracks.append(load_silently(job)[1])
    assert listener.calls == 1
    assert (tmp_path / "out" / "speech" / "1_asr.json").is_file()
    np.testing.assert_array_equal(tracks[0].values, tracks[1].values)
    assert len(tracks[0]) == 6  # three seconds, not a whole half
    assert tracks[0].values[2:5].any()

    # Without a folder nothing is kept.
    (job,) = jobs_for([SPEECH], checkpoint)
    load_silently(job)
    assert listener.calls == 2
    assert len(list(tmp_path.rglob("*.json"))) == 1


def test_listen_kept_transcript_of_other_stretch_is_input_error(
    tmp_path: Path, listener: Listener
) -> None:
    reader = CommentaryReader(SOURCE, tmp_path, open_model=lambda: listener)
    span = PeriodSpan(1, 0.0, 2.0, SPEECH)
    reader.listen("m", [span], SilentReporter())
    with pytest.raises(
        InputError, match="a transcript of another recording, or of another stretch"
    ):
        reader.listen("m", [replace(span, start_s=0.5)], SilentReporter())
    assert listener.calls == 1


def test_jobs_for_split_file_stays_a_split(checkpoint: Any, tmp_path: Path) -> None:
    (tmp_path / "test.json").write_text('["league/season/m"]')
    with pytest.raises(InputError, match="names matches; say with --data where they are"):
        jobs_for([tmp_path / "test.json"], checkpoint)


def test_jobs_for_split_reads_transcripts_where_there_are_no_features(
    checkpoint: Any, tmp_path: Path
) -> None:
    for match in ("a/b/first", "a/b/second"):
        (tmp_path / match).mkdir(parents=True)
        for period in (1, 2):
            (tmp_path / match / f"{period}_asr.json").write_text(ECHOES)
    _extracted(tmp_path, tmp_path)
    for path in (tmp_path / "a/b/second").glob("*.npy"):
        path.unlink()
    (tmp_path / "split.txt").write_text("a/b/first\na/b/second\n")
    jobs = jobs_for([], checkpoint, InputOptions(data=tmp_path, split=str(tmp_path / "split.txt")))
    assert [job.match for job in jobs] == ["a/b/first", "a/b/second"]
    assert [job.files[1][0].file.name for job in jobs] == ["1_commentary.npy", "1_asr.json"]
    first, second = (load_silently(job)[1].values for job in jobs)
    np.testing.assert_array_equal(first, second)
