"""The scoreboard of a broadcast: match clock, score and team names, read from the image."""
