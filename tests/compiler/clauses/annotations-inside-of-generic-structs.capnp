@0xf00000000000aaaa;
struct A(T) { t @0 :T; annotation x (*) :Text; annotation y (*) :A(Text); }
struct Z $A(Text).x("q") $A.y(t = "m") {}
