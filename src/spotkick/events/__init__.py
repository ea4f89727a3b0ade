"""Events of data providers: read through kloppy, mapped to a class list, aligned with a video."""
