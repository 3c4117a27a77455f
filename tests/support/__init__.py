"""What the tests share: databases, a backend to talk to, builders of forms and submissions."""
