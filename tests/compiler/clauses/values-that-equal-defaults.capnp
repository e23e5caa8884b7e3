@0xf00000000000aaaa;
struct A { a @0 :Int32 = -5; b @1 :Float32 = 1.5; c @2 :Bool = true; e @3 :E = b; f @4 :Float64 = nan; t @5 :Text = "d"; }
enum E { a @0; b @1; }
const x :A = (a = -5, b = 2.5, c = false, e = a, f = nan, t = "");
struct B { a @0 :A = (a = 7); l @1 :List(A) = [(), (c = true)]; }
