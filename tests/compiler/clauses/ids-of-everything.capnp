@0xf00000000000aaaa;
struct A @0xf000000000000001 { struct B @0xf000000000000002 {} g :group { a @0 :Int8; } }
enum E @0xf000000000000003 {}
interface I @0xf000000000000004 { m @0 (); n @1 () -> (x :Int8); }
const c @0xf000000000000005 :Int32 = 5;
annotation an @0xf000000000000006 (*) :Void;
struct D {}
enum F {}
interface J { m @0 (a :Int8); }
const k :Int8 = 1;
annotation q (*) :Void;
