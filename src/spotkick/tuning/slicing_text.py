"""Estimates of the context slicing as a block of a configuration, and as a table."""

from collections.abc import Mapping, Sequence

from spotkick.encoding.slicing import Bounds
from spotkick.tuning.slicing_estimate import ClassEstimate


def to_toml(estimates: Sequence[ClassEstimate]) -> str:
    """The block of a training configuration with the estimates, and their data as comments."""
    width = max(len(estimate.label) for estimate in estimates) + 2
    lines = ["[slicing.bounds_s]"]
    for estimate in estimates:
        bounds = ", ".join(f"{value:.1f}" for value in estimate.bounds_s)
        comment = f"{estimate.gaps.actions} actions, {estimate.method}" + (
            f": {estimate.note}" if estimate.note else ""
        )
        name = '"' + estimate.label.replace("\\", "\\\\").replace('"', '\\"') + '"'
        lines.append(f"{name:<{width}} = [{bounds}]  # {comment}")
    return "\n".join(lines) + "\n"


def estimate_table(estimates: Sequence[ClassEstimate], published: Mapping[str, Bounds]) -> str:
    """Estimates beside other values, as fixed-width text."""
    lines = [f"{'class':<20} {'actions':>7}  {'estimated K1..K4 (s)':<28} {'other K1..K4 (s)':<28}"]
    for estimate in estimates:
        other = published.get(estimate.label)
        shown = "-" if other is None else " ".join(f"{value:6.1f}" for value in other)
        own = " ".join(f"{value:6.1f}" for value in estimate.bounds_s)
        lines.append(f"{estimate.label:<20} {estimate.gaps.actions:>7}  {own:<28} {shown:<28}")
    return "\n".join(lines)
