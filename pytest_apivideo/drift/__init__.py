"""What a target looked like, written down without values, and how two targets differ."""
