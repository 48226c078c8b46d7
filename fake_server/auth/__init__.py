"""Who may call: API keys, access tokens, refresh tokens, and the credential of a request."""
