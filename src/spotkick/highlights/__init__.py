"""Highlights: from spots and scores to clips, a reel and edit lists."""
