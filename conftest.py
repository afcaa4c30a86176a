"""Loads the pytest plugin that turns tests into verdicts on claims."""
pytest_plugins = [
    "spec.plugin.options",
    "spec.plugin.mutation",
    "spec.plugin.collection",
    "spec.plugin.without_values",
    "spec.plugin.lazy",
    "spec.plugin.trial",
    "spec.plugin.by_device",
    "spec.plugin.hygiene",
    "spec.plugin.record",
    "spec.plugin.summary",
    "spec.plugin.outline",
]
