"""The second stage of sound_path.py: what was given and what was heard, spotted and scored."""

import re
import warnings
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from rapidfuzz.distance import Levenshtein

import spotkick
from spotkick.actions import ActionClasses, MatchActions
from spotkick.commentary.transcript_files import read_transcript
from spotkick.evaluation.tables import make_table
from spotkick.files import read_json, write_json
from spotkick.formats.classes import find_classes
from spotkick.formats.soccernet import read_label_set

PERIODS = (1, 2)
GIVEN = "as given"


def score_matches(
    data: Path, heard: Path, checkpoint: str, *, classes: str | None, json_file: Path | None
) -> None:
    """Spot and score the matches that were heard whole under every level of noise."""
    named = (re.fullmatch(r"snr(-?[0-9]+)", folder.name) for folder in heard.glob("snr*"))
    levels = sorted((int(name[1]) for name in named if name), reverse=True)
    matches = find_complete(heard, levels)
    if not matches:
        raise SystemExit(f"{heard}: no match was heard whole under each of {levels} dB")
    sources = {GIVEN: data, **{f"{level} dB": heard / f"snr{level}" for level in levels}}
    model = spotkick.load_model(checkpoint, threads=1)
    wanted = find_classes(classes) if classes else model.classes

    # The same matches, labels and network for every kind of transcript.
    labels = list(read_label_set(data, matches))
    scores = {
        name: evaluate_quietly(
            [spot_transcripts(model, folder / match, match, wanted) for match in matches],
            labels,
            wanted,
        )
        for name, folder in sources.items()
    }
    print(f"{len(matches)} matches, {checkpoint}, loose average precision in percent\n")
    print(score_table(scores, wanted))

    heard_words = {
        f"{level} dB": compare_words(data, heard / f"snr{level}", matches) for level in levels
    }
    print()
    for name, counts in heard_words.items():
        print(f"{name}: {', '.join(f'{key} {value}' for key, value in counts.items())}")
    if json_file is not None:
        write_json(
            json_file,
            {
                "checkpoint": checkpoint,
                "matches": matches,
                "scores": {
                    name: {"average_map": score.average_map, **score.overall.per_class}
                    for name, score in scores.items()
                },
                "hearing": heard_words,
            },
        )


def find_complete(heard: Path, levels: list[int]) -> list[str]:
    """Matches whose periods were all heard under every level."""
    first = heard / f"snr{levels[0]}" if levels else heard
    folders = {path.parent.relative_to(first).as_posix() for path in first.rglob("*_asr.json")}
    return sorted(
        match
        for match in folders
        if all(
            (heard / f"snr{level}" / match / f"{period}_asr.json").is_file()
            for level, period in product(levels, PERIODS)
        )
    )


def spot_transcripts(
    model: "spotkick.Model", folder: Path, match: str, classes: ActionClasses
) -> MatchActions:
    """Spots of one match from its transcripts, with the checkpoint's own decoding."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = spotkick.spot(model, folder, name=match)
    return MatchActions(match, found.actions) if classes is model.classes else found


def evaluate_quietly(
    found: list[MatchActions], labels: list[MatchActions], classes: ActionClasses
) -> Any:
    """The official metric, without its warnings about classes that a few matches lack."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return spotkick.evaluate(found, labels, classes)


def score_table(scores: Mapping[str, Any], classes: ActionClasses) -> str:
    """One row per class that occurs, one column per kind of transcript, then the mean."""
    counts = scores[GIVEN].num_labels
    occurring = [name for name in classes.names if counts[name]]
    rows = [
        [
            name,
            str(counts[name]),
            *(f"{100 * score.overall.per_class[name]:.1f}" for score in scores.values()),
        ]
        for name in occurring
    ]
    means = [
        100 * float(np.mean([score.overall.per_class[name] for name in occurring]))
        for score in scores.values()
    ]
    total = str(sum(counts[name] for name in occurring))
    rows.append(["mean of these", total, *(f"{mean:.1f}" for mean in means)])
    return make_table(["class", "labels", *scores], rows, "markdown")


def compare_words(data: Path, heard: Path, matches: list[str]) -> dict[str, Any]:
    """Words that were said and heard, the word error rate, and what the hearing cost."""
    said_count = heard_count = errors = 0
    costs: list[dict[str, float]] = []
    for match, period in product(matches, PERIODS):
        said = list_words(data / match / f"{period}_asr.json")
        found = list_words(heard / match / f"{period}_asr.json")
        said_count, heard_count = said_count + len(said), heard_count + len(found)
        errors += Levenshtein.distance(said, found)
        costs.append(read_json(heard / match / f"{period}_hearing.json"))
    total = {key: sum(cost[key] for cost in costs) for key in costs[0]}
    return {
        "words said": said_count,
        "words heard": heard_count,
        "word error rate": round(errors / max(said_count, 1), 3),
        "segments spoken faster": f"{total['hurried'] / max(total['segments'], 1):.0%}",
        "speech that did not fit": f"{total['cut_s'] / max(total['speech_s'], 1):.1%}",
        "times real time, one thread": round(
            total["length_s"] / max(total["wall_s"] - total["speaking_s"], 1e-9), 1
        ),
    }


def list_words(path: Path) -> list[str]:
    """Words of a transcript, in lower case and without punctuation."""
    text = " ".join(segment.text for segment in read_transcript(path).segments)
    return re.findall(r"\w+", text.casefold())
