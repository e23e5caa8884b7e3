@0xf00000000000aaaa;
struct A { u @1! :union { b @0 :Text; c @4 :Int8; } v @3! :union { d @2 :Text; e @5 :Int8; } }
