"""What commands do: configurations in, run folders and predictions out."""
