"""From labelled features to trained weights."""
