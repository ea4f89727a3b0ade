"""What commands do: configurations in, run directories and predictions out."""
