@0xf00000000000aaaa;
using A = import "file-that-imports-itself.capnp";
struct S { s @0 :A.S; t @1 :import "file-that-imports-itself.capnp".S; }
