"""Training of the word networks behind commentary features that learn from labels.

Targets are bells around the actions of the training labels, learned with cross-entropy: see
`spotkick.commentary.batches`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Annotated, NamedTuple

import numpy as np
import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from spotkick.commentary.batches import (
    LabelledWords,
    WordBatch,
    class_shares,
    class_weights,
    gather_crops,
)
from spotkick.commentary.ensemble import WordModel
from spotkick.commentary.inference import WordNetwork
from spotkick.commentary.network import TorchWordNetwork, WordArchitecture
from spotkick.commentary.token_vectors import word_vectors
from spotkick.commentary.tokens import Vocabulary
from spotkick.configuration import FrozenConfig
from spotkick.errors import ConfigError
from spotkick.processes import end_with_parent

Positive = Annotated[int, Field(ge=1)]


class WordTrainingConfig(FrozenConfig):
    """How word networks are trained.

    Attributes:
        folds: networks, each trained without one part of the matches.
        epochs: passes over the halves of the other parts.
        crops_per_half: pieces of each half and epoch, at random places.
        crop_cells: cells of two seconds of a piece.
        batch_crops: pieces per step.
        learning_rate: of AdamW, after the warm-up; falls along half a cosine.
        warmup_steps: steps over which the learning rate rises.
        weight_decay: of AdamW.
        target_spread_s: standard deviation of the bell around an action that a network learns.
        max_gradient_norm: longer gradients are shortened.
        seed: of weights, pieces and hidden values.
    """

    folds: Annotated[int, Field(ge=2)] = 6
    epochs: Positive = 8
    crops_per_half: Positive = 6
    crop_cells: Positive = 256
    batch_crops: Positive = 8
    learning_rate: Annotated[float, Field(gt=0)] = 2e-3
    warmup_steps: Positive = 100
    weight_decay: Annotated[float, Field(ge=0)] = 1e-2
    target_spread_s: Annotated[float, Field(gt=0)] = 3.0
    max_gradient_norm: Annotated[float, Field(gt=0)] = 1.0
    seed: Annotated[int, Field(ge=0)] = 0


OnNetwork = Callable[[int, WordNetwork, float], None]
"""Is told of each network: its fold, the network, the mean loss of its last epoch."""


def divide(matches: Sequence[str], folds: int, seed: int) -> dict[str, int]:
    """Fold of each match, drawn at random, as equal in size as can be.

    Raises:
        ConfigError: if there is one match only.
    """
    names = sorted(set(matches))
    if len(names) < 2:
        raise ConfigError(
            "learning from labels needs at least 2 training matches, as each is read by a network without it"
        )
    order = np.random.default_rng(seed).permutation(len(names))
    return {names[place]: number % min(folds, len(names)) for number, place in enumerate(order)}


def train_word_model(
    halves: Sequence[LabelledWords],
    vocabulary: Vocabulary,
    classes: Sequence[str],
    config: WordTrainingConfig,
    *,
    workers: int = 1,
    finished: Mapping[int, WordNetwork] | None = None,
    on_network: OnNetwork | None = None,
) -> WordModel:
    """Train one network per fold.

    Args:
        halves: of the training split.
        vocabulary: numbers their words.
        classes: of the columns of the targets.
        config: how.
        workers: processes, one thread each; the result does not depend on their number. With more
            than one, the calling program must be importable.
        finished: fold -> network that an earlier, interrupted call with the same arguments has
            trained.
        on_network: is told of each network that is trained.

    Raises:
        ConfigError: if there are too few matches or words, a loss is no longer finite, or a process
            dies.
    """
    folds = divide([half.match for half in halves], config.folds, config.seed)
    architecture = WordArchitecture(num_words=len(vocabulary), num_classes=len(classes))
    networks = dict(finished or {})
    jobs = {
        fold: _Job(
            [half for half in halves if folds[half.match] != fold], architecture, config, fold
        )
        for fold in range(max(folds.values()) + 1)
        if fold not in networks
    }
    for fold, network, loss in _train_folds(jobs, workers):
        networks[fold] = network
        if on_network is not None:
            on_network(fold, network, loss)
    share = class_shares([half.targets for half in halves])
    prior = np.log(share / (1 - share)).astype(np.float32)
    return WordModel(
        vocabulary, tuple(classes), prior, tuple(networks[fold] for fold in sorted(networks)), folds
    )


class _Job(NamedTuple):
    halves: list[LabelledWords]
    architecture: WordArchitecture
    config: WordTrainingConfig
    fold: int


def _train_folds(
    jobs: Mapping[int, _Job], workers: int
) -> Iterator[tuple[int, WordNetwork, float]]:
    """Fold, network and loss, in the order in which they are done."""
    if workers <= 1 or len(jobs) <= 1:
        for fold, job in jobs.items():
            yield fold, *_train_fold(job)
        return
    waiting = list(jobs.items())
    running: dict[Future[tuple[WordNetwork, float]], int] = {}
    with ProcessPoolExecutor(
        min(workers, len(jobs)), mp_context=get_context("spawn"), initializer=end_with_parent
    ) as pool:
        while waiting or running:
            while (
                waiting and len(running) < workers
            ):  # no more than that: what is queued cannot be called off
                fold, job = waiting.pop(0)
                running[pool.submit(_train_fold, job)] = fold
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                try:
                    yield running.pop(future), *future.result()
                except BrokenProcessPool as error:
                    raise ConfigError(
                        "a training process died, perhaps for lack of memory; try fewer --threads"
                    ) from error


def _train_fold(job: _Job) -> tuple[WordNetwork, float]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums in another order would give other weights
    try:
        network, loss = train_word_network(
            job.halves, job.architecture, job.config, stream=job.fold
        )
    finally:
        torch.set_num_threads(threads)
    return network.export(), loss


def train_word_network(
    halves: Sequence[LabelledWords],
    architecture: WordArchitecture,
    config: WordTrainingConfig,
    *,
    stream: int = 0,
) -> tuple[TorchWordNetwork, float]:
    """Train one network.

    Args:
        halves: to learn from.
        architecture: sizes.
        config: how.
        stream: number of the stream of random numbers, for networks that must differ.

    Returns:
        the network in evaluation mode, and the mean loss of the last epoch.

    Raises:
        ConfigError: if there are too few words, or the loss is no longer finite.
    """
    generator = np.random.default_rng((config.seed, stream))
    ids = [half.words.ids for half in halves]
    vectors = word_vectors(
        ids, architecture.num_words, architecture.embedding_dim, seed=config.seed
    )
    steps = -(-len(halves) * config.crops_per_half // config.batch_crops)
    weights = torch.from_numpy(class_weights([half.targets for half in halves]))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(generator.integers(1 << 31)))
        network = TorchWordNetwork(architecture, vectors)
        optimizer = torch.optim.AdamW(
            network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, _rise_and_fall(config.warmup_steps, config.epochs * steps)
        )
        for _ in range(config.epochs):
            order = generator.permutation(np.repeat(np.arange(len(halves)), config.crops_per_half))
            total = 0.0
            for chosen in np.array_split(order, steps):
                batch = gather_crops(
                    [halves[index] for index in chosen], config.crop_cells, generator
                )
                total += _step(network, optimizer, batch, weights, config)
                schedule.step()
    return network.eval(), total / steps


def _rise_and_fall(warmup_steps: int, total_steps: int) -> Callable[[int], float]:
    def factor(step: int) -> float:
        return float(
            min(1.0, (step + 1) / warmup_steps)
            * 0.5
            * (1 + np.cos(np.pi * min(1.0, step / total_steps)))
        )

    return factor


def _step(
    network: TorchWordNetwork,
    optimizer: torch.optim.Optimizer,
    batch: WordBatch,
    weights: Tensor,
    config: WordTrainingConfig,
) -> float:
    log_odds = network(batch.ids, batch.cells, batch.targets.shape[1])
    losses = functional.binary_cross_entropy_with_logits(log_odds, batch.targets, reduction="none")
    loss = (losses * weights).sum(dim=2).mean()
    value = float(loss.detach())
    if not np.isfinite(value):
        raise ConfigError(
            f"the loss of a word network became {value}; lower its learning rate ({config.learning_rate:g})"
        )
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(network.parameters(), config.max_gradient_norm)
    optimizer.step()
    return value
