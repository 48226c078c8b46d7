"""The parts of any REST API: models, problems, operations, verbs, listing, store."""
