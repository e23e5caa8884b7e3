@0xf00000000000aaaa;
interface I(T) { m @0 [A, B] (a :A, b :B, t :T) -> (r :P(A, P(B, T))); n @1 [X] (x :List(P(X, T))) -> (i :I(X)); o @2 [X] P(X, Text) -> P(Text, X); p @3 [X] (x :X) -> stream; }
struct P(A, B) { a @0 :A; b @1 :B; }
