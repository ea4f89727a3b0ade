"""Training of the token networks behind commentary features that learn from labels.

Targets are Gaussians around the actions of the training labels, learned with cross-entropy: see
`spotkick.commentary.training_data`.
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

from spotkick.commentary.ensemble import TokenEnsemble
from spotkick.commentary.inference import TokenNetwork
from spotkick.commentary.network import export_network, fold_architecture
from spotkick.commentary.tokenizer import Vocabulary
from spotkick.commentary.training_data import (
    LabelledPeriod,
    TokenBatch,
    class_frequencies,
    class_weights,
    gather_crops,
)
from spotkick.configuration import FrozenConfig
from spotkick.errors import ConfigError
from spotkick.models.token_embeddings import embed_tokens
from spotkick.models.tokens import TokenArchitecture, TokenMember
from spotkick.processes import end_with_parent

Positive = Annotated[int, Field(ge=1)]


class TokenTrainingConfig(FrozenConfig):
    """How token networks are trained.

    Attributes:
        folds: networks, each trained without one part of the matches.
        epochs: passes over the periods of the other parts.
        crops_per_period: crops of each period and epoch, at random places.
        crop_bins: bins of two seconds of a crop.
        batch_crops: crops per step.
        learning_rate: of AdamW, after the warm-up; cosine decay to 0.
        warmup_steps: steps over which the learning rate rises.
        weight_decay: of AdamW.
        target_sigma_s: standard deviation of the Gaussian target around an action.
        max_gradient_norm: for gradient norm clipping.
        seed: of weights, crops and dropout.
    """

    folds: Annotated[int, Field(ge=2)] = 6
    epochs: Positive = 8
    crops_per_period: Positive = 6
    crop_bins: Positive = 256
    batch_crops: Positive = 8
    learning_rate: Annotated[float, Field(gt=0)] = 2e-3
    warmup_steps: Positive = 100
    weight_decay: Annotated[float, Field(ge=0)] = 1e-2
    target_sigma_s: Annotated[float, Field(gt=0)] = 3.0
    max_gradient_norm: Annotated[float, Field(gt=0)] = 1.0
    seed: Annotated[int, Field(ge=0)] = 0


OnNetwork = Callable[[int, TokenNetwork, float], None]
"""Called with each finished network: its fold, the network, the mean loss of its last epoch."""


def assign_folds(matches: Sequence[str], folds: int, seed: int) -> dict[str, int]:
    """Fold of each match, drawn at random, as equal in size as can be.

    Raises:
        ConfigError: if there is one match only.
    """
    names = sorted(set(matches))
    if len(names) < 2:
        raise ConfigError(
            "learning from labels needs at least 2 training matches, as the features of each are "
            "predicted by a network that was trained without it"
        )
    order = np.random.default_rng(seed).permutation(len(names))
    return {names[place]: number % min(folds, len(names)) for number, place in enumerate(order)}


def train_ensemble(
    periods: Sequence[LabelledPeriod],
    vocabulary: Vocabulary,
    classes: Sequence[str],
    config: TokenTrainingConfig,
    *,
    workers: int = 1,
    finished: Mapping[int, TokenNetwork] | None = None,
    on_network: OnNetwork | None = None,
) -> TokenEnsemble:
    """Train one network per fold.

    Args:
        periods: of the training split.
        vocabulary: of their tokens.
        classes: of the columns of the targets.
        config: how.
        workers: processes, one thread each; the result does not depend on their number. With more
            than one, the calling program must be importable.
        finished: fold -> network that an earlier, interrupted call with the same arguments has
            trained.
        on_network: called with each network that is trained.

    Raises:
        ConfigError: if there are too few matches or tokens, a loss is no longer finite, or a
            process dies.
    """
    folds = assign_folds([period.match for period in periods], config.folds, config.seed)
    architecture = fold_architecture(len(vocabulary), len(classes))

    # Each network is trained on the periods outside its fold.
    networks = dict(finished or {})
    jobs = {
        fold: _Job(
            [period for period in periods if folds[period.match] != fold],
            architecture,
            config,
            fold,
        )
        for fold in range(max(folds.values()) + 1)
        if fold not in networks
    }
    for fold, network, loss in _train_folds(jobs, workers):
        networks[fold] = network
        if on_network is not None:
            on_network(fold, network, loss)

    frequency = class_frequencies([period.targets for period in periods])
    return TokenEnsemble(
        vocabulary,
        tuple(classes),
        prior_logits=np.log(frequency / (1 - frequency)).astype(np.float32),
        networks=tuple(networks[fold] for fold in sorted(networks)),
        folds=folds,
    )


class _Job(NamedTuple):
    periods: list[LabelledPeriod]
    architecture: TokenArchitecture
    config: TokenTrainingConfig
    fold: int


def _train_folds(
    jobs: Mapping[int, _Job], workers: int
) -> Iterator[tuple[int, TokenNetwork, float]]:
    """Fold, network and loss, in the order in which they are done."""
    if workers <= 1 or len(jobs) <= 1:
        for fold, job in jobs.items():
            yield fold, *_train_fold(job)
        return

    waiting = list(jobs.items())
    running: dict[Future[tuple[TokenNetwork, float]], int] = {}
    with ProcessPoolExecutor(
        min(workers, len(jobs)), mp_context=get_context("spawn"), initializer=end_with_parent
    ) as pool:
        while waiting or running:
            # No more than the workers: what is queued cannot be called off.
            while waiting and len(running) < workers:
                fold, job = waiting.pop(0)
                running[pool.submit(_train_fold, job)] = fold

            for future in wait(running, return_when=FIRST_COMPLETED).done:
                try:
                    yield running.pop(future), *future.result()
                except BrokenProcessPool as error:
                    raise ConfigError(
                        "a training process died, perhaps for lack of memory; try fewer --threads"
                    ) from error


def _train_fold(job: _Job) -> tuple[TokenNetwork, float]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums in another order would give other weights
    try:
        network, loss = train_network(job.periods, job.architecture, job.config, stream=job.fold)
    finally:
        torch.set_num_threads(threads)
    return export_network(network), loss


def train_network(
    periods: Sequence[LabelledPeriod],
    architecture: TokenArchitecture,
    config: TokenTrainingConfig,
    *,
    stream: int = 0,
) -> tuple[TokenMember, float]:
    """Train one network.

    Args:
        periods: to learn from.
        architecture: sizes.
        config: how.
        stream: number of the stream of random numbers, for networks that must differ.

    Returns:
        the network in evaluation mode, and the mean loss of the last epoch.

    Raises:
        ConfigError: if there are too few tokens, or the loss is no longer finite.
    """
    generator = np.random.default_rng((config.seed, stream))
    ids = [period.tokens.ids for period in periods]
    vectors = embed_tokens(ids, architecture.num_ids, architecture.embedding_dim, seed=config.seed)
    weights = torch.from_numpy(class_weights([period.targets for period in periods]))
    steps = -(-len(periods) * config.crops_per_period // config.batch_crops)

    # The caller's stream of random numbers in torch is left as it was.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(generator.integers(1 << 31)))
        network = TokenMember(architecture)
        network.embedding.weight.data.copy_(torch.from_numpy(vectors))
        optimizer = torch.optim.AdamW(
            network.parameters(),
            lr=config.learning_rate,
            weight_decay=config.weight_decay,
            fused=True,
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, warmup_cosine(config.warmup_steps, config.epochs * steps)
        )

        for _ in range(config.epochs):
            repeated = np.repeat(np.arange(len(periods)), config.crops_per_period)
            total = 0.0
            for chosen in np.array_split(generator.permutation(repeated), steps):
                own = [periods[index] for index in chosen]
                batch = gather_crops(own, config.crop_bins, generator)
                total += _take_step(network, optimizer, batch, weights, config=config)
                schedule.step()
    return network.eval(), total / steps


def warmup_cosine(warmup_steps: int, total_steps: int) -> Callable[[int], float]:
    """Factor of the learning rate by step: linear warm-up times cosine decay to 0."""

    def factor(step: int) -> float:
        warmup = min(1.0, (step + 1) / warmup_steps)
        return float(warmup * 0.5 * (1 + np.cos(np.pi * min(1.0, step / total_steps))))

    return factor


def _take_step(
    network: TokenMember,
    optimizer: torch.optim.Optimizer,
    batch: TokenBatch,
    weights: Tensor,
    *,
    config: TokenTrainingConfig,
) -> float:
    """One step of the optimiser; returns the loss before it."""
    # (batch, bins, classes) logits and losses
    logits = network(batch.rows)
    losses = functional.binary_cross_entropy_with_logits(logits, batch.targets, reduction="none")

    loss = (losses * weights).sum(dim=2).mean()
    value = float(loss.detach())
    if not np.isfinite(value):
        raise ConfigError(
            f"the loss of a token network became {value}; "
            f"lower its learning rate ({config.learning_rate:g})"
        )

    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(network.parameters(), config.max_gradient_norm)
    optimizer.step()
    return value
