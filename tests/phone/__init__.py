"""An Android-like phone for tests: ODK's own form engine (JavaRosa), driven from Python."""
