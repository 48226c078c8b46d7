"""What any REST API here is made of: models, problems, operations, verbs, listing, store."""
