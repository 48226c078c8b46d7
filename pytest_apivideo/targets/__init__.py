"""The target of a test, the fake or the sandbox, and which tests run on which."""
