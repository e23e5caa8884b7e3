@0xf00000000000aaaa;
struct A(T) { const c :Int32 = 5; const d :A(Text) = (t = "x"); t @0 :T; f @1 :Int32 = A.c; g @2 :Int32 = .A(Text).c; }
