@0xf00000000000aaaa;
struct A { union { a @0 :Int8; b @1 :Text; } }
const x :A = (a = 5, b = "x");
