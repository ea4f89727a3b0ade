"""Values of the options of ``spotkick highlights``, from the text that was typed."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from spotkick.errors import ConfigError

if TYPE_CHECKING:
    from spotkick.video.reel_look import Codec, Quality, ReelLook


def parse_named_numbers(
    options: Sequence[str] | None, count: int, example: str
) -> dict[str, tuple[float, ...]]:
    """Parse ``NAME=NUMBER:NUMBER`` options.

    Args:
        options: as given.
        count: numbers that each must have.
        example: for the message.

    Raises:
        ConfigError: if one has another form.
    """
    parsed = {}
    for option in options or ():
        name, equals, text = option.rpartition("=")
        if not equals or not name.strip():
            raise ConfigError(f"expected NAME=VALUE, got {option!r}")

        try:
            numbers = tuple(float(part) for part in text.split(":"))
        except ValueError:
            numbers = ()
        if len(numbers) != count:
            raise ConfigError(f"expected {example}, got {text!r}")
        parsed[name.strip()] = numbers
    return parsed


def parse_starts(options: Sequence[str] | None) -> dict[int, float]:
    """Parse ``PERIOD=SECONDS`` options.

    Raises:
        ConfigError: if one has another form.
    """
    example = "--start 2=3610.5"
    named = parse_named_numbers(options, 1, example)
    for name in named:
        if not name.isdecimal():
            raise ConfigError(
                f"expected --start PERIOD=SECONDS such as 2=3610.5, got period {name!r}"
            )
    return {int(name): numbers[0] for name, numbers in named.items()}


def parse_period_minutes(option: str | None) -> tuple[int, ...] | None:
    """Parse the regular length of the periods; a single one is that of nine periods.

    Raises:
        ConfigError: if a length is not a positive number.
    """
    if option is None:
        return None
    try:
        lengths_s = tuple(round(60 * float(part)) for part in option.split(","))
    except (ValueError, OverflowError):
        lengths_s = ()
    if not lengths_s or min(lengths_s) <= 0:
        raise ConfigError(f"--period-minutes must look like 20 or 45,45,15,15, got {option!r}")
    return lengths_s * 9 if len(lengths_s) == 1 else lengths_s


def parse_sound(option: str) -> int | Literal["auto", "all"]:
    """Parse the choice of sound tracks.

    Raises:
        ConfigError: if it is neither auto, all nor a number from 1.
    """
    if option == "auto":
        return "auto"
    if option == "all":
        return "all"
    if option.isdecimal() and int(option) > 0:
        return int(option)
    raise ConfigError(f"--sound must be auto, all or the number of a track from 1, got {option!r}")


def parse_look(
    aspect: str | None, codec: str, quality: str, *, follow: bool = False
) -> "ReelLook | None":
    """Parse shape, codec and quality; None where all are as usual.

    Raises:
        ConfigError: if one has another form.
    """
    from spotkick.video.reel_look import CODECS, QUALITIES, ReelLook

    for option, value, valid in (("codec", codec, CODECS), ("quality", quality, QUALITIES)):
        if value not in valid:
            raise ConfigError(f"--{option} must be one of {', '.join(valid)}, got {value!r}")
    if follow and aspect is None:
        raise ConfigError("--follow needs a shape that is narrower than the video: --aspect 9:16")
    if (aspect, codec, quality) == (None, "h264", "standard"):
        return None
    sides = (aspect or "").split(":")
    if aspect is not None and not (
        len(sides) == 2 and all(side.isdecimal() and 0 < int(side) < 1000 for side in sides)
    ):
        raise ConfigError(f"--aspect must look like 16:9, 1:1 or 9:16, got {aspect!r}")
    ratio = None if aspect is None else Fraction(int(sides[0]), int(sides[1]))
    return ReelLook(ratio, cast("Codec", codec), cast("Quality", quality), follow)


def marker_kind(path: Path | None) -> str:
    """Kind of a list of markers, by its suffix.

    Raises:
        ConfigError: if it is neither .edl nor .csv.
    """
    suffix = ".edl" if path is None else path.suffix.lower()
    kinds = {".edl": "resolve-markers", ".csv": "premiere-markers", ".txt": "premiere-markers"}
    if suffix not in kinds:
        raise ConfigError(f"--markers must be .edl (Resolve) or .csv (Premiere), got {path}")
    return kinds[suffix]
