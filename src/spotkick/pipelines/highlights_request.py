"""What one call of ``spotkick highlights`` asks for, checked before any work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Final

from spotkick.errors import ConfigError
from spotkick.files import check_outputs
from spotkick.pipelines.period_videos import PeriodChoice
from spotkick.video.reel_look import ReelLook
from spotkick.video.reel_parts import SoundChoice, reel_format

_SECONDS_ONLY: Final = frozenset(("csv", "json", "vtt", "chapters"))
"""Lists without frames, which need no frame rate."""

_OUTPUT_OPTIONS: Final = (
    "--out reel.mp4, --poster, --edl, --fcpxml, --otio, --xmeml, --ale, --markers, --chapters, "
    "--vtt, --csv or --json"
)


@dataclass(frozen=True, slots=True)
class HighlightsRequest:
    """What is asked for.

    Attributes:
        spots: results file of one match, or a folder that holds one.
        videos: one of the whole match, or one per period; none for lists only.
        out: the reel; None writes lists only.
        lists: file of each list, by kind of `LIST_FORMATS`.
        poster: JPEG file.
        scores: scores of every frame; None takes ``scores.npz`` beside the spots.
        checkpoint: gives thresholds and lengths of clips.
        budget_s: longest duration of the reel.
        settings: of `HighlightsConfig`, on top of the checkpoint's.
        periods: where the periods lie in a single video.
        rate: frames per second of the videos, for lists without them.
        sound: which sound tracks.
        captions: burn captions in.
        font: of captions and title.
        title: painted over the first seconds of the reel; empty for none.
        copy: copy instead of encoding.
        snap: move ends of clips to shot changes.
        drop: drop-frame timecode; None for the custom of the frame rate.
        start_timecode: of the first frame of the reel; empty for the custom of each list.
        look: shape, codec and quality of the reel; those of its first video when None.
        loudness_lufs: of the sound of the reel; None leaves it as it is.
    """

    spots: Path
    videos: tuple[Path, ...]
    out: Path | None = None
    lists: Mapping[str, Path] = field(default_factory=dict)
    poster: Path | None = None
    scores: Path | None = None
    checkpoint: Path | None = None
    budget_s: float = 180.0
    settings: Mapping[str, object] = field(default_factory=dict)
    periods: PeriodChoice = field(default_factory=PeriodChoice)
    rate: Fraction | None = None
    sound: SoundChoice = "auto"
    captions: bool = False
    font: Path | None = None
    title: str = ""
    copy: bool = False
    snap: bool = True
    drop: bool | None = None
    start_timecode: str = ""
    look: ReelLook | None = None
    loudness_lufs: float | None = None


def check_request(request: HighlightsRequest) -> None:
    """Check before any file is read that what is asked for fits together.

    Raises:
        ConfigError: if there is nothing to write, two options exclude each other, or the reel, its
            poster or a list lacks the video or the frame rate that it needs.
    """
    if request.out is None and request.poster is None and not request.lists:
        raise ConfigError(f"nothing to write: give {_OUTPUT_OPTIONS}")
    if request.out is not None:
        reel_format(request.out)
    if request.copy and (request.look is not None or request.loudness_lufs is not None):
        raise ConfigError(
            "--copy copies pictures and sound as they are: leave out --aspect, --follow, --codec, "
            "--quality and --loudness"
        )
    if request.copy and request.title:
        raise ConfigError("--copy copies frames as they are: leave out --title")
    if request.look is not None:
        request.look.find_encoder()
    if request.videos:
        return
    if request.out is not None or request.poster is not None:
        raise ConfigError("a reel and a poster need the video; without one, only lists are written")
    counted = sorted(set(request.lists) - _SECONDS_ONLY)
    if request.rate is None and counted:
        raise ConfigError(
            f"--{counted[0]} without a video needs its frames per second: give --rate 25, or the "
            f"video"
        )


def check_no_overwriting(request: HighlightsRequest, read_files: Sequence[Path]) -> None:
    """Check that no output takes the place of what is read.

    Args:
        request: with its outputs.
        read_files: spots and scores that were found for it.

    Raises:
        InputError: naming the two that are the same file.
    """
    outputs = {"--out": request.out, "--poster": request.poster}
    outputs |= {f"--{kind}": path for kind, path in request.lists.items()}
    inputs = [request.spots, *read_files, *request.videos]
    if request.checkpoint is not None:
        inputs += sorted(path for path in request.checkpoint.glob("*") if path.is_file())
    check_outputs(outputs, inputs)
