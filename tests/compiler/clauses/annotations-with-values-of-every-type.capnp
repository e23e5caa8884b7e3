@0xf00000000000aaaa;
enum E { a @0; b @1; }
struct S { x @0 :Int32; l @1 :List(Text); }
annotation e (struct) :E;
annotation s (struct) :S;
annotation l (struct) :List(S);
annotation f (struct) :Float64;
annotation d (struct) :Data;
annotation b (struct) :Bool;
annotation v (struct) :Void;
annotation i (struct) :Int64;
annotation any (struct) :AnyPointer;
const k :S = (x = 9);
struct T $e(b) $s(x = 1, l = ["a"]) $l([(x = 1)]) $f(1.5) $d(0x"ff") $b(true) $v $i(-1) $any(.k) $s(.k) $s() {}
