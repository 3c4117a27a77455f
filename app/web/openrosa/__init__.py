"""The OpenRosa API: what ODK Collect speaks (docs.getodk.org/openrosa)."""
