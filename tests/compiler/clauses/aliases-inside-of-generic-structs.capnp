@0xf00000000000aaaa;
struct A(T) { using X = B(T); struct B(U) { t @0 :T; u @1 :U; } x @0 :X; y @1 :A(Text).X; }
struct C { z @0 :A(Data).X; }
