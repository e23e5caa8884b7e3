"""asyncio around the protocol: transports, the driver of each event loop, `connect` and `serve`; knows no protocol rules."""
