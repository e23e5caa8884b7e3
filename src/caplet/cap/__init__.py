"""Calls between objects: capabilities, promises, requests, answers and local objects; knows no schema, network or asyncio."""
