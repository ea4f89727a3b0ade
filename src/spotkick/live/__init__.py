"""A match while it is played: actions within a stated latency, each published once."""
