@0xf00000000000aaaa;
struct A { a @0x0 :Int8; b @01 :Int8; c @0x2 :Int8; }
