@0xf00000000000aaaa;
struct A(T) { struct B(U) { struct C(V) { t @0 :T; u @1 :U; v @2 :V; b @3 :B(V); a @4 :A(V); up @5 :C(T); } } enum E { a @0; } using Al = B(T); x @0 :Al; interface I(W) { m @0 (t :T, w :W, c :B(W).C(T)); } }
struct Z { c @0 :A(Text).B(Data).C(Z); d @1 :A.B.C; e @2 :A(Text).B.C(Data); f @3 :A(Z).E; g @4 :A(Text).Al; h @5 :A(Text).I(Data); }
