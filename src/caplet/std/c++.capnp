# Annotations read by generators of C++ code, and the one that lets methods be cancelled.

@0xbdf87d7bb8304e81;

$namespace("capnp::annotations");

annotation namespace @0xb9c6f99ebf805f2c (file) :Text;
# The C++ namespace of the code generated for the file.

annotation name @0xf264a779fef191ce (field, enumerant, struct, enum, interface, method, param, group, union) :Text;
# The name to use in C++ instead of the declared one.

annotation allowCancellation @0xac7096ff8cfc9dce (interface, method, file) :Void;
# Says that a running method may be stopped when its caller no longer wants the answer.
