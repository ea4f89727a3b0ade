"""Names of classes and matches that differ between predictions and labels in spelling alone."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from spotkick.actions import MatchActions
from spotkick.doctor.findings import Finding, Severity
from spotkick.doctor.pairing import Pairing, describe_cost

_LEAST_LETTERS: Final = 5


def rename_classes(pairing: Pairing) -> tuple[tuple[MatchActions, ...], Finding | None]:
    """Predictions under the names that were meant, where none or few are in the class list."""
    classes = pairing.task.classes
    labels = Counter(a.label for match in pairing.predicted for a in match.actions)
    unknown = [label for label in labels if label not in classes]
    meant = {label: name for label in unknown if (name := _find_meant_name(label, classes.names))}
    if not meant:
        return pairing.predicted, None

    # The predictions as they were meant, and what the names cost.
    renamed = tuple(
        MatchActions(
            match.match,
            tuple(a.with_label(meant.get(a.label, a.label)) for a in match.actions),
        )
        for match in pairing.predicted
    )
    examples = ", ".join(f"'{label}' for '{name}'" for label, name in list(meant.items())[:3])
    finding = Finding(
        Severity.ERROR,
        "class-names",
        pairing.where,
        f"{sum(labels[label] for label in meant)} predictions have class names that do not fit "
        f"the labels: {examples}; {describe_cost(pairing, pairing.predicted, renamed)}",
        "write the class names of the labels",
        sum(labels[label] for label in meant),
    )
    return renamed, finding


def _find_meant_name(label: str, names: Sequence[str]) -> str | None:
    """The class that a label means by its letters, or by its number in the list."""
    letters = _reduce_to_letters(label)
    found = [name for name in names if _reduce_to_letters(name) == letters]
    if len(found) == 1:
        return found[0]
    if label.strip().isdecimal() and int(label) < len(names):
        return names[int(label)]
    return None


def check_match_names(
    predicted: Sequence[str], labelled: Sequence[str]
) -> tuple[Mapping[str, str], list[Finding]]:
    """Names of matches that differ in spelling alone.

    Returns:
        predicted name -> labelled name, and a finding for each.
    """
    open_labels = {
        _reduce_to_letters(name): name for name in labelled if name not in set(predicted)
    }
    pairs: dict[str, str] = {}
    findings = []
    for name in predicted:
        if name in labelled:
            continue

        # The same letters, or the same letters below another folder.
        meant = open_labels.get(_reduce_to_letters(name)) or next(
            (
                full
                for letters, full in open_labels.items()
                if min(len(letters), len(_reduce_to_letters(name))) >= _LEAST_LETTERS
                and (
                    letters.endswith(_reduce_to_letters(name))
                    or _reduce_to_letters(name).endswith(letters)
                )
            ),
            None,
        )
        if meant is None or meant in pairs.values():
            continue
        pairs[name] = meant
        findings.append(
            Finding(
                Severity.ERROR,
                "match-name",
                name,
                f"the labels call this match '{meant}'",
                "name the folders of the predictions as those of the labels, which pair by name",
            )
        )
    return pairs, findings


def _reduce_to_letters(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()
