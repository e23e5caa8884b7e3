@0xf00000000000aaaa;
struct A(T) { enum E { a @0; b @1; } e @0 :E = b; }
struct Z { e @0 :A(Text).E = b; l @1 :List(A(Text).E) = [b]; }
