"""The viewer: a local web application that shows matches with scores, spots and labels, and takes corrections."""
