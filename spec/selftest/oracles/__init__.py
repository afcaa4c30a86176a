"""Every oracle is tested by a second independent answer, and by being wrong on purpose."""
