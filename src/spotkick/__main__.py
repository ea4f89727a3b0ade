"""``python -m spotkick``: the same program as ``spotkick``."""

from spotkick.cli.main import run

if __name__ == "__main__":
    run()
