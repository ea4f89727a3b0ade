"""Planted systems: labels on whole frames, and predictions whose errors are known."""

import random
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Final

import pytest

from spotkick.actions import SOCCERNET_V2, Action, MatchActions, Visibility

VOID: Final = {"br", "meta", "input"}
Sets = tuple[list[MatchActions], list[MatchActions]]


@pytest.fixture
def planted() -> Callable[..., Sets]:
    """Make labels and predictions of a few matches: a share of the labels, moved by up to 2 s."""

    def make(
        matches: int = 4, kept: float = 0.8, seed: int = 0, name: str = "league/season/match"
    ) -> Sets:
        rng, rng_of_labels = random.Random(seed), random.Random(99)
        labels, predictions = [], []
        for number in range(matches):
            truth = tuple(
                Action(
                    rng_of_labels.choice(SOCCERNET_V2.names),
                    rng_of_labels.choice((1, 2)),
                    rng_of_labels.randrange(0, 2_700_000, 500),
                    visibility=rng_of_labels.choice(tuple(Visibility)),
                )
                for _ in range(40)
            )
            found = tuple(
                Action(
                    a.label,
                    a.period,
                    max(0, a.position_ms + rng.randrange(-2000, 2000)),
                    rng.uniform(0.3, 1),
                )
                for a in truth
                if rng.random() < kept
            )
            labels.append(MatchActions(f"{name}{number}", truth))
            predictions.append(MatchActions(f"{name}{number}", found))
        return predictions, labels

    return make


class PageCheck(HTMLParser):
    """Reads a page: elements must nest; `elements` and `text` are collected."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(document)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.text += f" {data}"

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)


@pytest.fixture
def check() -> type[PageCheck]:
    return PageCheck
