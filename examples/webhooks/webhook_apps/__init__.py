"""Applications that receive webhooks of api.video, in three frameworks."""
