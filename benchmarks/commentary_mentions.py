"""How many actions the commentary mentions: what bounds any spotter that reads it.

    python benchmarks/commentary_mentions.py --data DATA [--split valid] [--json FILE]

DATA is a folder of SoccerNet-v2 matches with Labels-v2.json, transcripts ``1_asr.json`` and
splits/. For each class: actions with any speech near them, and with a word of the class near them,
within 5 and within 60 seconds, the ends of the loose metric. Words stand by chance near any time:
the same is counted around random times of the same periods, and `(seen - chance) / (1 - chance)`
estimates the share of the actions that are mentioned. The word lists were written down before any
count, from what commentators say, and not tuned.
"""

import argparse
import re
import warnings
from collections import defaultdict
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from spotkick.actions import SOCCERNET_V1
from spotkick.commentary.transcript_files import read_transcript
from spotkick.datasets.splits import read_split_matches
from spotkick.errors import SpotkickWarning
from spotkick.files import write_json
from spotkick.formats.soccernet import read_label_set

WORDS: Final = {
    "goal": (
        r"goals?\b|scor(e|ed|es|er|ing)\b|equali[sz]|in the net|back of the net|opener|"
        r"lead(s|ing)? (one|two|three|four|\d)|(one|two|three|four|\d)[- ]?(nil|zero|one|all)\b"
    ),
    "card": r"cards?\b|book(ed|ing)\b|yellow|red\b|sent off|caution|dismiss|sending off",
    "substitution": (
        r"substitut|replac(e|ed|es|ing)\b|(com(e|es|ing)|go(es|ing)?|takes?|taken|brings?|brought) "
        r"(him )?(on|off)\b|chang(e|es|ing)\b|fresh legs|(his|her) place|number \d+ (on|off)\b"
    ),
}
WINDOWS_S: Final = (5, 60)
DRAWS: Final = 20
"""Random times per action."""


def near(
    times_s: npt.NDArray[np.float64], places_s: npt.NDArray[np.float64], reach_s: float
) -> npt.NDArray[np.bool_]:
    """(times,) whether one of some sorted places lies within a reach of each time."""
    first = np.searchsorted(places_s, times_s - reach_s)
    last = np.searchsorted(places_s, times_s + reach_s, side="right")
    return last > first


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", default="valid")
    parser.add_argument("--json", type=Path, help="file for the counts")
    args = parser.parse_args()

    patterns = {name: re.compile(text, re.IGNORECASE) for name, text in WORDS.items()}
    rng, counts = np.random.default_rng(0), defaultdict(float)
    matches = read_split_matches(args.data, args.split)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpotkickWarning)
        labels = list(read_label_set(args.data, matches))
    for match in labels:
        for path in sorted((args.data / match.match).glob("[1-9]_asr.json")):
            period, segments = int(path.name[0]), read_transcript(path).segments
            spoken = np.array([(one.start_ms + one.end_ms) / 2000 for one in segments])
            length_s = float(spoken[-1]) if len(spoken) else 2700.0
            own = [one for one in match.actions if one.period == period]
            for action in SOCCERNET_V1.select(own):
                counts[action.label, "actions"] += 1
                said = [
                    p
                    for p, one in zip(spoken, segments, strict=True)
                    if patterns[action.label].search(one.text)
                ]
                said, time_s = np.array(said), np.array([action.position_ms / 1000])
                random_s = rng.uniform(0, max(length_s, 1.0), size=DRAWS)
                for reach in WINDOWS_S:
                    counts[action.label, f"speech {reach}"] += near(time_s, spoken, reach).mean()
                    counts[action.label, f"word {reach}"] += near(time_s, said, reach).mean()
                    counts[action.label, f"chance {reach}"] += near(random_s, said, reach).mean()

    rows = []
    for label in SOCCERNET_V1:
        total = counts[label, "actions"]
        row = {"class": label, "actions": total}
        for reach in WINDOWS_S:
            speech, word, chance = (
                counts[label, f"{what} {reach}"] / total for what in ("speech", "word", "chance")
            )
            row |= {
                f"speech_{reach}s": speech,
                f"word_{reach}s": word,
                f"chance_{reach}s": chance,
                f"mentioned_{reach}s": (word - chance) / (1 - chance),
            }
        rows.append(row)
        print(
            f"{label}: {total:.0f} actions; "
            + "; ".join(
                f"within {reach} s: speech {100 * row[f'speech_{reach}s']:.0f} %, a word "
                f"{100 * row[f'word_{reach}s']:.0f} % ({100 * row[f'chance_{reach}s']:.0f} % by "
                f"chance), so about {100 * row[f'mentioned_{reach}s']:.0f} % mentioned"
                for reach in WINDOWS_S
            )
        )
    if args.json:
        write_json(args.json, rows)


if __name__ == "__main__":
    main()
