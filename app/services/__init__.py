"""What we do: one use case a file. The only place that commits."""
