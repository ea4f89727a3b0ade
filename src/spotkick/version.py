"""The version of spotkick; pyproject.toml states the same."""

VERSION = "0.1.0"
