@0xf00000000000aaaa;
interface I { m @0 [T] (a :T) -> (i :J(T)); }
interface J(U) { k @0 [V] (u :U, v :V) -> (n :N(V)); struct N(W) { u @0 :U; w @1 :W; } }
