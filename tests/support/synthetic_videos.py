"""Synthetic videos for temporal localization."""

import numpy as np
import numpy.typing as npt

from spotkick.localization.features import LocalizationVideo


def synthetic_videos(
    count: int, *, num_steps: int = 30, feature_dim: int = 16, max_instances: int = 2, seed: int = 0
) -> tuple[LocalizationVideo, ...]:
    """Small learnable videos with known instances, for tests and trials.

    Each video has one class of two, and 1 to ``max_instances`` instances that lie on whole steps
    and do not touch each other. All values carry noise. The second half of a feature vector also
    carries signs with fixed random strengths: one inside an instance, which depends on the class,
    one at its start and one at its end.

    Args:
        count: videos.
        num_steps: T.
        feature_dim: length of a feature vector.
        max_instances: most instances of a video.
        seed: decides everything.
    """
    random = np.random.default_rng(seed)
    signs = random.normal(size=(4, feature_dim - feature_dim // 2)).astype(np.float32)
    return tuple(
        _synthetic_video(
            f"synthetic_{index:03d}", num_steps, feature_dim, max_instances, signs, random
        )
        for index in range(count)
    )


def _synthetic_video(
    name: str,
    num_steps: int,
    feature_dim: int,
    max_instances: int,
    signs: npt.NDArray[np.float32],
    random: np.random.Generator,
) -> LocalizationVideo:
    wanted = int(random.integers(1, max_instances + 1))
    cuts = np.sort(random.choice(np.arange(1, num_steps - 1), size=2 * wanted, replace=False))
    steps = cuts.reshape(wanted, 2)
    kind = int(random.integers(2))
    features = random.normal(scale=0.3, size=(num_steps, feature_dim)).astype(np.float32)
    for start, end in steps:
        features[start:end, -signs.shape[1] :] += signs[kind]
        features[start, -signs.shape[1] :] += signs[2]
        features[end, -signs.shape[1] :] += signs[3]
    return LocalizationVideo(
        name, float(num_steps), features, steps / num_steps, (f"class_{kind}",) * wanted
    )
