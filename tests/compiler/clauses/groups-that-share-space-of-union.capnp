@0xf00000000000aaaa;
struct A { union { g :group { a @0 :Int8; b @2 :Int64; p @6 :Text; u :union { m @7 :Int16; n @8 :Int32; } } h :group { c @1 :Int32; d @3 :Int8; e @4 :Int16; q @5 :Data; r @9 :Data; } } t @10 :Bool; u2 :union { s @11 :Void; v :group { w @12 :Int8; x @13 :Int8; } } }
