@0xf00000000000aaaa;
struct A(T) { struct B(U) { t @0 :T; u @1 :U; } }
struct C { a @0 :A.B(Text); b @1 :A(Text).B; }
