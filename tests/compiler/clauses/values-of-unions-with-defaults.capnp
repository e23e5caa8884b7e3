@0xf00000000000aaaa;
struct A { union { a @0 :Int8 = 5; b @1 :Text = "x"; } }
const x :A = (a = 5);
const y :A = (b = "z");
const z :A = ();
struct B { a @0 :A = (b = "q"); l @1 :List(A) = [(a = 1), (b = "m")]; }
