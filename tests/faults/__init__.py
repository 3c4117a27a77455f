"""Drills: what is promised for the day when things break, done to the real service. `make faults` runs them in full."""
