@0xf00000000000aaaa;
struct A { u :union { a @0 :Int8; v @2! :union { b @1 :Text; c @3 :Int8; } } }
