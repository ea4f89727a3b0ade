"""The CUDA kernel of `spotkick.losses.matching_kernel`; importing this module needs Triton."""

import triton  # type: ignore[import-not-found, import-untyped, unused-ignore]  # CUDA builds only
import triton.language as tl  # type: ignore[import-not-found, import-untyped, unused-ignore]


@triton.jit  # type: ignore[untyped-decorator, unused-ignore]  # Triton is untyped
def match_chunk(  # type: ignore[no-untyped-def]  # noqa: ANN201
    predicted,  # noqa: ANN001
    actual,  # noqa: ANN001
    is_action,  # noqa: ANN001
    chosen,  # noqa: ANN001
    spots,  # noqa: ANN001
    rounds,  # noqa: ANN001
    ONLY_PROPOSERS: tl.constexpr,  # noqa: N803
    SIZE: tl.constexpr,  # noqa: N803
):
    """One chunk: rounds of pairs that are nearest to each other, or of accepted proposals."""
    first = tl.program_id(0) * spots
    index = tl.arange(0, SIZE)
    inside = index < spots
    locations = tl.load(predicted + first + index, mask=inside, other=0.0)
    targets = tl.load(actual + first + index, mask=inside, other=0.0)
    free = tl.load(is_action + first + index, mask=inside, other=0) != 0

    # (rows, predictions)
    gone = float("inf")
    distance = tl.abs(locations[None, :] - targets[:, None])
    distance = tl.where(free[:, None] & inside[None, :], distance, gone)
    result = tl.full((SIZE,), -1, tl.int32)

    for _ in range(rounds):
        nearest_prediction = tl.argmin(distance, axis=1)
        proposed = (index[None, :] == nearest_prediction[:, None]) & free[:, None]
        offered = tl.where(proposed, distance, gone) if ONLY_PROPOSERS else distance
        nearest_row = tl.argmin(offered, axis=0)

        # Pairs that agree are fixed, and leave the game.
        pairs = (proposed & (index[:, None] == nearest_row[None, :])).to(tl.int32)
        accepted = tl.max(pairs, axis=1) > 0
        taken = tl.max(pairs, axis=0) > 0
        result = tl.where(accepted, nearest_prediction, result)
        free = free & (accepted == 0)
        distance = tl.where(accepted[:, None] | taken[None, :], gone, distance)
    tl.store(chosen + first + index, result.to(tl.int64), mask=inside)
