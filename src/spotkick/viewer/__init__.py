"""The viewer: a local web application that shows matches and takes corrections."""
