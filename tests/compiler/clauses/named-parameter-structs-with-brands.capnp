@0xf00000000000aaaa;
struct P(T) { t @0 :T; }
interface I(T) { a @0 P(T) -> P(P(T)); b @1 [X] P(X) -> (r :P(X), s :T); struct Q { t @0 :T; } c @2 Q -> I(Text).Q; d @3 [T] (t :T) -> (u :T); }
