@0xf00000000000aaaa;
struct A { a @0 :List(Bool); }
struct B { a @0 :List(Int8); b @1 :Int8; }
struct C { a @0 :Bool; }
struct D { a @0 :Int16; b@1 :Bool; }
struct E { a @0 :Int32; }
struct F { a @0 :Text; }
struct G { a @0 :Text; b @1 :Text; }
struct H { a @0 :Void; }
struct J { a @0 :Int8; b @1 :Int8; }
