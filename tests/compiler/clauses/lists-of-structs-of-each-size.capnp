@0xf00000000000aaaa;
struct A { a @0 :Bool; }
struct B { a @0 :Text; }
struct V {}
const x :List(A) = [(a = true), ()];
const y :List(B) = [(a = "x")];
const z :List(V) = [(), ()];
const w :List(List(V)) = [[()]];
