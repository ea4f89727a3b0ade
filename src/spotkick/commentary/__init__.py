"""Commentary: transcripts in, feature tracks out. The token networks train with torch and run on numpy."""
