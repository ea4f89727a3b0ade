"""Video files: one clock for all readers, decoding at a steady rate, exact cuts."""
