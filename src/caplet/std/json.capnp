# JSON as Cap'n Proto values, and annotations that say how a type is written as JSON.

@0x8ef99297a43a5e34;

$import "/capnp/c++.capnp".namespace("capnp::json");

struct Value @0xa3fa7845f919dd83 {
  # Any JSON value.

  union {
    null @0 :Void;
    boolean @1 :Bool;
    number @2 :Float64;
    string @3 :Text;
    array @4 :List(Value);
    object @5 :List(Field);
    # The members in order. Names may occur twice; most readers then take the last.

    call @6 :Call;
    # Not JSON: a value written as a function call, which some databases use for types that JSON lacks.

    raw @7 :Text;
    # A text that is written to the output as it is. It has to be a JSON value already; nothing checks that.
  }

  struct Field @0xe31026e735d69ddf {
    # A member of an object.

    name @0 :Text;
    value @1 :Value;
  }

  struct Call @0xa0d9f6eca1c93d48 {
    # A function's name and what it is applied to.

    function @0 :Text;
    params @1 :List(Value);
  }
}

annotation name @0xfa5b1fd61c2e7c3d (field, enumerant, method, group, union) :Text;
# The name to use in JSON instead of the declared one.

annotation flatten @0x82d3e852af0336bf (field, group, union) :FlattenOptions;
# Writes the members of the struct, group or union as members of the object around it.

struct FlattenOptions @0xc4df13257bc2ea61 {
  # How to flatten.

  prefix @0 :Text = "";
  # Put before the name of each member, so that names do not clash.
}

annotation discriminator @0xcfa794e8d19a0162 (struct, union) :DiscriminatorOptions;
# Writes which member of a union is set as a string of its own, next to the value. On a struct it concerns its unnamed
# union.

struct DiscriminatorOptions @0xc2f8c20c293e5319 {
  # How to write a discriminator.

  name @0 :Text;
  # The name of the member that says which it is. For a named union the union's name unless this is given; for an
  # unnamed one it has to be given.

  valueName @1 :Text;
  # When given, the name under which the value is written, whichever member it is; otherwise the member's own name.
}

annotation base64 @0xd7d879450a253e4b (field) :Void;
# Writes a Data field as a base64 string.

annotation hex @0xf061e22f0ae5c7b5 (field) :Void;
# Writes a Data field as a string of hexadecimal digits.

annotation notification @0xa0a054dea32fd98c (method) :Void;
# For JSON-RPC: the method is a notification, to which there is no answer.
