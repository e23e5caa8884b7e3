@0xf00000000000aaaa;
struct A { a @0 :Int32; u @2! :union { b @1 :Text; g :group { c @3 :Int64; d @4 :Int8; } } e @5 :Int8; }
