"""What a search leaves: the best configuration, a table of trials, each parameter's importance."""

import csv
import io
import json
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import optuna
from optuna.trial import TrialState

from spotkick.tuning.sampler import decode
from spotkick.tuning.study import INTERRUPTED, SURPLUS, OpenStage

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_FEWEST_TRIALS: Final = 10
"""Finished trials before the importance of parameters is estimated."""


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One trial.

    Attributes:
        stage: name of its stage.
        number: within its stage.
        state: ``complete``, ``pruned``, ``fail``, ``running`` or ``waiting``.
        score: None unless it was completed; a pruned trial has the last score that it reported.
        seconds: it took.
        values: by key.
        error: why it failed.
    """

    stage: str
    number: int
    state: str
    score: float | None
    seconds: float | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


def trial_rows(opened: OpenStage) -> list[TrialRow]:
    """The trials of a stage, without those that were broken off and tried again."""
    return [
        TrialRow(
            opened.stage.name,
            trial.number,
            trial.state.name.lower(),
            trial.value,
            trial.user_attrs.get("seconds"),
            decode(trial.params, opened.stage.space),
            trial.user_attrs.get("error", ""),
        )
        for trial in opened.trials()
        if not {INTERRUPTED, SURPLUS} & set(trial.user_attrs)
    ]


def importance(study: optuna.Study) -> dict[str, float]:
    """Share of each parameter in the gap between better and worse trials; empty below ten trials.

    Source: Watanabe, Bansal, Hutter: "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance
    in Arbitrary Subspaces", IJCAI 2023, as optuna has it.
    """
    done = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if len(done) < _FEWEST_TRIALS or len({trial.value for trial in done}) < 2:
        return {}
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=0.5)
    found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {key: float(value) for key, value in found.items()}


def trials_csv(rows: Sequence[TrialRow]) -> str:
    """The trials as CSV, one column per key."""
    keys = list(dict.fromkeys(key for row in rows for key in row.values))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["stage", "trial", "state", "score", "seconds", *keys, "error"])
    for row in rows:
        values = [json.dumps(row.values[key]) if key in row.values else "" for key in keys]
        writer.writerow(
            [row.stage, row.number, row.state, row.score, row.seconds, *values, row.error]
        )
    return text.getvalue()


def trials_json(rows: Sequence[TrialRow]) -> list[dict[str, Any]]:
    """The trials as JSON values."""
    return [asdict(row) for row in rows]


def summary(rows: Sequence[TrialRow], shares: Mapping[str, float], *, best: int = 5) -> str:
    """The lines that people read: the best trials, how many failed, and what mattered."""
    done = sorted(
        (row for row in rows if row.state == "complete"), key=lambda row: -(row.score or 0.0)
    )
    lines = [f"{row.stage} {row.number}  {described(row)}" for row in done[:best]]
    counts = {
        state: sum(row.state == state for row in rows)
        for state in ("complete", "pruned", "fail", "running")
    }
    lines.append(", ".join(f"{count} {state}" for state, count in counts.items() if count))
    if len(done) > 1:
        spread = statistics.stdev(row.score or 0.0 for row in done)
        lines.append(f"scores of completed trials: standard deviation {spread:.4f}")
    if shares:
        lines.append(
            "what mattered: "
            + ", ".join(f"{key} {100 * value:.0f} %" for key, value in shares.items())
        )
    return "\n".join(lines)


def described(row: TrialRow) -> str:
    """A trial in one line: score or state, and its values by the last part of their keys."""
    score = (
        row.state
        if row.score is None
        else f"{row.score:.4f}" + ("" if row.state == "complete" else f" {row.state}")
    )
    values = "  ".join(
        f"{key.rpartition('.')[2]}={_format_number(value)}" for key, value in row.values.items()
    )
    return f"{score}  {values}" + (f"  ({row.error})" if row.error else "")


def _format_number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def to_toml(values: Mapping[str, Any], comment: str = "") -> str:
    """Write tables as TOML.

    Args:
        values: tables of strings, numbers, truth values, lists and tables.
        comment: lines put before it.

    Example:
        >>> print(to_toml({"model": {"hidden": [24, 16], "kind": "calf"}}, "the best"), end="")
        # the best
        [model]
        hidden = [24, 16]
        kind = "calf"
    """
    lines = [f"# {line}" for line in comment.splitlines()]
    _write_table(values, [], lines)
    return "\n".join(lines) + "\n"


def _write_table(table: Mapping[str, Any], path: Sequence[str], lines: list[str]) -> None:
    inner = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    plain = {key: value for key, value in table.items() if key not in inner}
    if path and (plain or not inner):
        if lines and not lines[-1].startswith("#"):
            lines.append("")
        lines.append(f"[{'.'.join(map(_format_key, path))}]")
    lines.extend(f"{_format_key(key)} = {_format_value(value)}" for key, value in plain.items())
    for key, value in inner.items():
        _write_table(value, [*path, key], lines)


def _format_key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _quote_text(name)


def _format_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_format_value, value))}]"
    if isinstance(value, Mapping):
        return (
            "{"
            + ", ".join(
                f"{_format_key(key)} = {_format_value(inner)}" for key, inner in value.items()
            )
            + "}"
        )
    return _quote_text(value) if isinstance(value, str) else repr(value)


def _quote_text(value: str) -> str:
    # JSON's escapes are TOML's, but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
