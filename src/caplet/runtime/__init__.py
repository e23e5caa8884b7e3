"""Python classes made from schema nodes: structs, lists, enums, unions, clients and servers; knows schemas and capabilities, no network."""
