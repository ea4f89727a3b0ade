"""Controlled comparisons of losses: many small networks trained at once on equal data."""
