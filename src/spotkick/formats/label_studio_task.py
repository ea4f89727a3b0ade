"""A task of Label Studio: its video, the rate of its frames, and the annotation that counts."""

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from spotkick.errors import InputError
from spotkick.formats.fields import items, require_frame_rate, require_text, shown
from spotkick.formats.recordings import MediaReference

RATE_KEYS: Final = ("frame_rate", "frameRate", "fps")
"""Names under which the data of a task state the ``frameRate`` of the labeling setup."""

SKIPPED: Final = "skipped annotation"

_VIDEO_KEYS: Final = ("video", "video_url", "url")


def stated_rate(data: Mapping[str, Any], where: str) -> Fraction | None:
    """The frame rate that the data of a task state, None without one.

    Raises:
        InputError: if it is no frame rate.
    """
    return next(
        (
            require_frame_rate(data[key], f"{where}.data.{key}")
            for key in RATE_KEYS
            if data.get(key)
        ),
        None,
    )


def media_reference(data: dict[str, Any], where: str) -> MediaReference:
    """The video that the data of a task name.

    Raises:
        InputError: if they name none.
    """
    keys = [*_VIDEO_KEYS, *sorted(data)]
    found = next(
        (data[key] for key in keys if isinstance(data.get(key), str) and key not in RATE_KEYS),
        None,
    )
    if found is None:
        raise InputError(f"{where}.data must name a video, found {shown(data)}")
    return MediaReference(require_text(found, f"{where}.data"))


def choose_annotation(
    task: dict[str, Any], where: str, left_out: Counter[str]
) -> tuple[dict[str, Any], str]:
    """The one annotation or prediction of a task that counts, and its place.

    Args:
        task: as the file has it.
        where: names it in messages.
        left_out: gets the others, by kind.

    Raises:
        InputError: if the annotations are no list of objects.
    """
    annotations = list(items(task, "annotations", where))
    kept = [found for found in annotations if not _is_skipped(found[0])]
    left_out[SKIPPED] += len(annotations) - len(kept)
    found = kept or list(items(task, "predictions", where))
    if not found:
        return {}, where

    # Annotations of several people, or of several models, are about the same actions.
    chosen = max(
        enumerate(found),
        key=lambda item: (item[1][0].get("ground_truth") is True, *_age(item[1][0]), item[0]),
    )[1]
    others = sum(bool(item.get("result")) for item, _ in found if item is not chosen[0])
    if others:
        left_out["annotation beside the ground truth or the latest one, left out"] += others
    return chosen


def _is_skipped(annotation: Mapping[str, Any]) -> bool:
    return any(annotation.get(key) is True for key in ("was_cancelled", "skipped"))


def _age(annotation: Mapping[str, Any]) -> tuple[str, float]:
    """Later annotations are greater: by time of the last change, then by number."""
    changed = annotation.get("updated_at") or annotation.get("created_at")
    number = annotation.get("id")
    if not isinstance(number, int | float) or isinstance(number, bool):
        number = -1
    return str(changed or ""), float(min(number, 2**53))
