@0xf00000000000aaaa;
using A = B;
using C = B.D;
struct B { struct D { using E = .B; e @0 :E; } d @0 :D; }
struct F { a @0 :A; c @1 :C; d @2 :A.D.E; using B.D; f @3 :D; }
using T = Text;
using L = List(Int32);
struct G { t @0 :T = "x"; l @1 :L = [1]; }
using Lst = List;
struct H { l @0 :Lst(Text); }
