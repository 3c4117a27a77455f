"""The doors: HTTP in and out. A view parses, asks a service or a query, and shapes the answer."""
