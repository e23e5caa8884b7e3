"""One connection of the protocol, without any I/O: messages in, messages out."""
