"""Ways for messages to travel: each is a `Transport` that gives what it receives to one `Receiver`; none knows the RPC protocol."""
