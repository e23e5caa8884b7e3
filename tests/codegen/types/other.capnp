@0xf2a1f4b0c3d59681;
struct Point { x @0 :Int32; y @1 :Int32; struct Deep { v @0 :Text; } }
enum Color { red @0; lightBlue @1; }
