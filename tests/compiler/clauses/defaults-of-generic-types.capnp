@0xf00000000000aaaa;
struct A(T) { t @0 :T; g :group { u @1 :T; } b @2 :A(A(Text)) = (t = (t = "x"), g = (u = (t = "y"))); }
