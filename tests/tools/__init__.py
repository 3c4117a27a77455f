"""The chores of the repository."""
