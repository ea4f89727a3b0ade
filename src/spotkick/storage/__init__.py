"""Matches on object storage (``s3://``, ``gs://``), seen through a bounded folder on this machine.

`localise` turns an address into a path below that folder, where every object of the address has a
file of its name, size and time. Small files hold their contents; videos, sound and arrays are empty
until `fetched` brings them, and are emptied again when room is needed. `upload` sends what was
written there. Paths that do not come from addresses pass through all of them unchanged, so that
the commands do not ask where a match lies.
"""

from spotkick.storage.cache import fetched, upload, upload_results
from spotkick.storage.mirror import attach, localise

__all__ = ["attach", "fetched", "localise", "upload", "upload_results"]
