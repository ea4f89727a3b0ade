"""Whatever a format is said to hold comes back from its file: one property, all formats."""

import hashlib
import tempfile
import warnings
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spotkick.actions import Action, MatchActions, Visibility
from spotkick.errors import SpotkickWarning
from spotkick.formats.capabilities import fit
from spotkick.formats.detect import detect_format
from spotkick.formats.format import Format, ReadOptions
from spotkick.formats.registry import FORMATS, writable_formats

word = (
    st.text(st.sampled_from("abcXYZ019 -_.,;'&<>äß→ş日"), min_size=1, max_size=12)
    .map(str.strip)
    .filter(lambda text: text.strip("."))
)
name = st.lists(word.filter(lambda part: part[0] != "."), min_size=1, max_size=3).map("/".join)
special_name = st.sampled_from(
    ["match/1", "a/2_720p", "clip.mp4", "league/season/2015-02-21 - 18-00 Chelsea 1 - 1 Burnley"]
)


TRICKY = (
    MatchActions(
        "match/1",
        (
            Action("Goal", 2, 1001, None, "home", Visibility.NOT_SHOWN),
            Action("Goal", 1, 1001, None, None, Visibility.VISIBLE),
            Action("Yellow->red card", 1, 1001, None, "away", None),
            Action("Yellow->red card", 1, 1000, None, "away", None),
        ),
    ),
    MatchActions("a/2_720p", ()),
    MatchActions("clip.mp4", (Action("smash", 3, -40),)),
)


@st.composite
def actions(draw: st.DrawFn, with_confidence: bool) -> Action:
    return Action(
        label=draw(word.filter(lambda text: not text.startswith("."))),
        period=draw(st.integers(1, 9) | st.just(1)),
        position_ms=draw(st.integers(-5_000, 6_000_000)),
        confidence=draw(st.floats(-1, 1)) if with_confidence else None,
        team=draw(st.sampled_from([None, "home", "away", "left"])),
        visibility=draw(st.sampled_from([None, *Visibility])),
    )


@st.composite
def match_sets(draw: st.DrawFn) -> tuple[MatchActions, ...]:
    with_confidence = draw(st.booleans())
    names = draw(st.lists(name | special_name, min_size=1, max_size=3, unique_by=str.lower))
    return tuple(
        MatchActions(match, tuple(draw(st.lists(actions(with_confidence), max_size=6))))
        for match in names
    )


def comparable(matches: tuple[MatchActions, ...]) -> dict[str, list[str]]:
    """Matches without the order between periods and of simultaneous actions."""
    return {match.match: sorted(map(repr, match.actions)) for match in matches}


@pytest.mark.parametrize("format_name", writable_formats())
@given(
    matches=match_sets(),
    rate=st.sampled_from([Fraction(25), Fraction(30000, 1001), Fraction(25, 12), Fraction(2)]),
)
@example(matches=TRICKY, rate=Fraction(30000, 1001))
@example(
    matches=(MatchActions("clip.mp4", ()), MatchActions("rally", TRICKY[0].actions[1:])),
    rate=Fraction(25, 12),
)
@settings(deadline=None, max_examples=12)
def test_write_what_a_format_holds_comes_back(
    format_name: str, matches: tuple[MatchActions, ...], rate: Fraction
) -> None:
    form = FORMATS[format_name]
    fitted, _ = fit(matches, form.capabilities, rate)
    if not fitted:
        return
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        path = Path(folder) / ("set" if form.file_name else f"set{form.suffix}")
        form.write(path, fitted, rate)
        assert comparable(tuple(form.read(path, ReadOptions(frame_rate=rate)))) == comparable(
            fitted
        )
        detected = detect_format(path)
    assert detected == format_name


@given(
    matches=match_sets(),
    rate=st.sampled_from([Fraction(25), Fraction(30000, 1001)]),
    form=st.sampled_from([*FORMATS.values()]),
)
@settings(deadline=None, max_examples=50)
def test_fit_twice_loses_nothing_more(
    matches: tuple[MatchActions, ...], rate: Fraction, form: Format
) -> None:
    fitted, _ = fit(matches, form.capabilities, rate)
    assert fit(fitted, form.capabilities, rate) == (fitted, ())


DIGESTS = {
    "activitynet": "6d474e3783cbbaed",
    "activitynet-results": "d000425eaf90e805",
    "csv": "5d37abd88b2ef98f",
    "e2e-spot": "662843c9bd4093b2",
    "e2e-spot-results": "df0f9d80367d1be5",
    "elan": "21b3834c4edb8150",
    "fiftyone": "0ffe489241a4433d",
    "label-studio": "f1e2e1a1e3db7452",
    "osl-v1": "0929707af6ab056a",
    "osl-v2": "5046321683360139",
    "soccernet-ball": "c0d2a045dc4e5565",
    "soccernet-results": "70c0c03a2786b688",
    "soccernet-v1": "28614eb16ab959a4",
    "soccernet-v2": "7b66f28016ee3981",
    "thumos": "c3231d8bd2d27d38",
    "thumos-results": "7d2dafc27b433fbc",
    "sportscode": "b464d62bc1620247",
    "audacity": "8763f0aba5aee8a6",
    "chapters": "221a642896a2370c",
    "via3": "41eeaac52b763f46",
}
"""SHA-256 (16 digits) over names and bytes of what each format writes for `TRICKY`.

Files that users have must be written the same way by every version. Parquet is left out: its bytes
depend on the version of pyarrow.
"""


@pytest.mark.parametrize("format_name", DIGESTS)
def test_write_bytes_are_those_of_earlier_versions(
    format_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spotkick.formats.osl._today_iso", lambda: "2024-01-01")
    form = FORMATS[format_name]
    fitted, _ = fit(TRICKY, form.capabilities, Fraction(25))
    path = tmp_path / ("set" if form.file_name else f"set{form.suffix}")
    form.write(path, fitted, Fraction(25))
    digest = hashlib.sha256()
    for file in sorted(file for file in tmp_path.rglob("*") if file.is_file()):
        digest.update(file.relative_to(tmp_path).as_posix().encode() + file.read_bytes())
    assert digest.hexdigest()[:16] == DIGESTS[format_name]
