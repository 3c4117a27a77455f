"""Keys and authenticated encryption: what is stored can be read only with the key file.

`keyfile` reads and makes the wrapping key, `envelope` seals small things, `stream` seals files.
"""
