"""The demo: the whole chain on bundled data, and the page that shows it."""
