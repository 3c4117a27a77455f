"""Which chores of the repository have a command?"""
