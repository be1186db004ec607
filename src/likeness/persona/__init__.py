"""The persona: which event feeds which statistic, the state they add up to, and the views people and models read."""
