# The standard schemas as types of fields and methods, and declarations whose names meet those of what is made for types.

@0xf2a1f4b0c3d59690;
using Schema = import "/capnp/schema.capnp";
using Json = import "/capnp/compat/json.capnp";
using Persistent = import "/capnp/persistent.capnp";
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("standard");
struct Described {
  node @0 :Schema.Node;
  size @1 :Schema.ElementSize;
  value @2 :Json.Value;
  annotations @3 :List(Note);
  note :group { text @4 :Text; }
}
struct Note { text @0 :Text; }
struct Outer {
  call @0 :Call;
  builder @1 :Values;
  struct Call { number @0 :Int32; }
  struct Values { number @0 :Int32; }
  struct Pipeline {}
}
interface Thing extends(Persistent.Persistent(Text, Text)) {
  describe @0 (what :Schema.Type) -> (described :Described);
  struct Server { name @0 :Text; }
}
