"""``spotkick evaluate``: score predictions against labels."""


def evaluate() -> None:
    """Score predictions against labels with the official metrics."""
