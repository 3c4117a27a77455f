"""ODK Central's JSON API: thin views over the services."""
