@0xf00000000000aaaa;
struct A { struct @0 :Int8; enum @1 :Text; const @2 :Bool; import @3 :Int8; true @4 :Bool; void @5 :Void; inf @6 :Int8; embed @7 :Int8; stream @8 :Int8; interface @9 :Int8; group @10 :Int8; annotation @11 :Int8; extends @12 :Int8; fixed @13 :Int8; }
enum E { true @0; void @1; struct @2; }
struct S { e @0 :E = struct; }
