"""Numbers that the paper prints, in percent, as far as its text at hand is certain.

Source: Cioppa et al., "A Context-Aware Loss Function for Action Spotting in Soccer Videos", CVPR
2020: abstract, tables 1 and 2, section 4.1. Numbers known from elsewhere only are not listed.
"""

from typing import Final

DATA: Final = "SoccerNet-v1, test split, 3 classes, Average-mAP over tolerances of 5 to 60 s"
"""What the numbers below were measured on."""

TEST_MATCHES: Final = 100
"""In the test split of SoccerNet-v1."""

FEATURES: Final = {"I3D": 53.6, "C3D": 57.7, "ResNET": 62.5}
"""Table 1: the first part of a feature's name -> CALF."""

OTHER_METHODS: Final = {
    "SoccerNet baseline, 5 s": 34.5,
    "SoccerNet baseline, 20 s": 49.7,
    "Vats et al.": 57.5,
}
"""Table 1: other methods."""

ABLATIONS: Final = {
    "full": 62.5,
    "no-segmentation": 58.9,
    "no-slicing": 57.8,
    "no-margins": 59.0,
    "no-matching": 46.8,
}
"""Table 2."""

WITHOUT_FIRST_FRAME: Final = 63.2
"""Section 4.1: without substitutions that are annotated on the first frame of the second half."""

LOCALIZATION_GAINS: Final = {"AR@100": 0.15, "Average-mAP": 0.38}
"""Abstract: what the context-aware loss adds to BMN on ActivityNet, in points."""


def find_published(features: str) -> float | None:
    """The published number of CALF for features of a name, None where there is none."""
    for name, value in FEATURES.items():
        if features.upper().startswith(name.upper()) and "TF2" not in features.upper():
            return value
    return None
