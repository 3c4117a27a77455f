"""A demonstration against a running server: phones fill the five forms, and the cleaned rows are read back.

    make demo            or: python -m demo --language sq

Every person in it is invented; the family names are words such as "Shembulli" (example).
"""
