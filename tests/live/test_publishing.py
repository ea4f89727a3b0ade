"""Which published action a found one is, against comparing all of them."""

import random

from spotkick.actions import Action
from spotkick.live.publishing import Change, Progress, Publisher

SAME_MS = 2_000
LEAST = {"a": 0.5, "b": 0.5}


def draw_actions(rng: random.Random) -> list[Action]:
    drawn = [
        Action(rng.choice("ab"), 1, 500 * rng.randint(0, 60), confidence=0.9) for _ in range(14)
    ]
    return sorted(set(drawn), key=lambda action: (action.position_ms, action.label))


def pair_slowly(published: dict[str, Action], found: list[Action]) -> dict[str, Action]:
    """Of all pairs of a class, the nearest ones first; of equals the earlier id and position."""
    pairs: dict[str, Action] = {}
    taken: set[int] = set()
    every = sorted(
        (abs(action.position_ms - own.position_ms), name, index)
        for name, own in published.items()
        for index, action in enumerate(found)
        if action.label == own.label
    )
    for distance_ms, name, index in every:
        if distance_ms < SAME_MS and name not in pairs and index not in taken:
            pairs[name] = found[index]
            taken.add(index)
    return pairs


def test_update_pairs_the_nearest_actions_of_a_class() -> None:
    rng, moved = random.Random(3), 0
    for _ in range(40):
        publisher = Publisher("net", same_ms=SAME_MS)
        first, second = draw_actions(rng), draw_actions(rng)
        changes = publisher.update(first, LEAST, Progress(0, 0, 0))
        published = {change.id: change.action for change in changes}
        assert list(published.values()) == first

        pairs = pair_slowly(published, second)
        for change in publisher.update(second, LEAST, Progress(0, 0, 0)):
            assert (change.kind == "withdraw") == (change.id in published.keys() - pairs)
            if change.kind == "revise":
                assert change.action == pairs[change.id]
                moved += 1
            elif change.kind == "publish":
                assert change.action not in pairs.values()
    assert moved > 20


def test_update_withdrawn_action_is_restored_until_it_is_settled() -> None:
    action = Action("a", 1, 10_000, confidence=0.9)
    for settled_ms, kinds in ((11_999, ["restore", "settle"]), (12_000, [])):
        publisher = Publisher("net", same_ms=SAME_MS)
        publisher.update([action], LEAST, Progress(0, 0, 0))
        (change,) = publisher.update([], LEAST, Progress(0, settled_ms, 0))
        assert change.kind == "withdraw"

        # Scores that suppressed it are no longer kept.
        again = publisher.update([action], LEAST, Progress(0, settled_ms, 0))
        assert [change.kind for change in again] == kinds


def test_take_over_settled_action_closes_what_lies_before_it() -> None:
    # Of the scores before 10 s a restart has too few: what was suppressed there seems to stand.
    publisher = Publisher("net", same_ms=SAME_MS)
    action = Action("a", 1, 20_000, confidence=0.9)
    publisher.take_over(Change("publish", "net-000001", action))
    publisher.take_over(Change("settle", "net-000001", action))
    publisher.close_before(8_000)
    found = [Action("a", 1, position_ms, confidence=0.9) for position_ms in (10_000, 30_000)]
    (change,) = publisher.update(found, LEAST, Progress(0, 0, 0))
    assert (change.id, change.action.position_ms) == ("net-000002", 30_000)
