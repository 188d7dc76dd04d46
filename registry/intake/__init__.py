"""Runs that come from elsewhere: other registries, read with distrust, and the shards of one run."""
