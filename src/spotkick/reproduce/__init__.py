"""The tables and figures of the CALF paper, from one's own data, beside the published numbers."""
