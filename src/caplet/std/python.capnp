# Annotations read by Caplet: how declarations are called in Python.

@0xae8d4c1f60b7a253;

annotation name @0xd3f1b59a7c2e4860 (field, enumerant, struct, enum, interface, method, param, group, union, const, annotation) :Text;
# The name to use in Python instead of the one that follows from the declared name.
