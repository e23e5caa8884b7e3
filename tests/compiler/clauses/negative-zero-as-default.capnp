@0xf00000000000aaaa;
struct A { a @0 :Int8 = -1; b @1 :Float32 = -0.0; c @2 :Float64 = -inf; }
