"""The official SoccerNet evaluator, made callable on documents in memory and quiet."""

import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Documents = Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="session")
def official() -> Any:
    """The module ``SoccerNet.Evaluation.ActionSpotting``.

    Its import would switch off numpy's warnings for all other code.
    """
    with np.errstate(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from SoccerNet.Evaluation import ActionSpotting
    ActionSpotting.tqdm = lambda items: items
    return ActionSpotting


@pytest.fixture
def official_scores(official: Any, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Score documents by match name with the official code, through files as it wants them."""

    def score(
        predictions: Documents, labels: Documents, dictionary: Mapping[str, int], **options: Any
    ) -> dict[str, Any]:
        for folder, name, documents in (
            ("gt", "Labels-v2.json", labels),
            ("pred", "results_spotting.json", predictions),
        ):
            for match, document in documents.items():
                path = tmp_path / folder / match / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps(document))
        with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return official.evaluate(
                str(tmp_path / "gt"),
                str(tmp_path / "pred"),
                dataset=None,
                EVENT_DICTIONARY=dict(dictionary),
                **options,
            )

    return score
