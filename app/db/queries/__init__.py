"""Every SELECT of the application, by the noun that it finds. Nothing here writes."""
