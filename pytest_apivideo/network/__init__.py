"""How a program reaches the fake instead of api.video: variables, interception, blocked hosts."""
