@0xf00000000000aaaa;
struct A { u :union { g :group { union { a @0 :Int8; b @1 :Text; } } h :group { i :union { c @2 :Int64; d @3 :Text; } e @4 :Bool; } } f @5 :Bool; }
