"""Objects of a store that tests put and read without spotkick."""


def put(address: str, data: bytes) -> None:
    """Write an object."""
    from s3fs import S3FileSystem

    S3FileSystem().pipe_file(address, data)


def read(address: str) -> bytes:
    """Contents of an object."""
    from s3fs import S3FileSystem

    data = S3FileSystem().cat_file(address)
    assert isinstance(data, bytes)
    return data
