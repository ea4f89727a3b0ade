"""Video files: probe, decode at a steady rate, cut exactly."""
