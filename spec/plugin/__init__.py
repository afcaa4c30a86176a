"""The pytest plugin: it turns tests into verdicts on claims. One module for one job; it knows no chapter."""
