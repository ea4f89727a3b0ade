"""Search of parameters: Bayesian optimisation, then a grid over the context slicing, as the CALF paper chose its own."""
