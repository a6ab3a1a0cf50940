"""The durable queue: what must be done after a commit, again until it is done."""
