"""Links from the rows of a report to the moment in the viewer."""

from urllib.parse import quote, urlsplit

from spotkick.errors import ConfigError


def check_viewer_address(address: str) -> str:
    """The address of a running viewer, without the slash at its end.

    Raises:
        ConfigError: if it is no http address.

    Example:
        >>> check_viewer_address("http://127.0.0.1:8765/")
        'http://127.0.0.1:8765'
    """
    parts = urlsplit(address.strip())
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ConfigError(
            f"--viewer must be the address of a viewer, such as http://127.0.0.1:8765, got "
            f"{address!r}; 'spotkick view' prints it"
        )
    return address.strip().rstrip("/")


def viewer_link(address: str, match: str, period: int, position_s: float) -> str:
    """Address of a moment of a match in the viewer.

    Example:
        >>> viewer_link("http://127.0.0.1:8765", "cup/a & b", 2, 754.3)
        'http://127.0.0.1:8765/match?name=cup/a%20%26%20b&t=2:754.300'
    """
    return f"{address}/match?name={quote(match, safe='/')}&t={period}:{position_s:.3f}"
