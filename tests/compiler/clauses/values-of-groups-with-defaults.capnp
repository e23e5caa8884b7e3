@0xf00000000000aaaa;
struct A { g :group { a @0 :Int8 = 3; h :group { b @1 :Text = "q"; c @2 :UInt32 = 7; } } }
const x :A = (g = (a = 3, h = (c = 7)));
const y :A = (g = ());
const z :A = (g = (h = (b = "")));
