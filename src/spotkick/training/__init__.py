"""From labelled features to trained weights."""

from spotkick.lazy_names import load_lazily

__getattr__ = load_lazily(__name__, {})
