# Fields of types without a schema.

@0xe2a1f4b0c3d5969a;

struct Any {
  any @0 :AnyPointer;
  struct @1 :AnyStruct;
  list @2 :AnyList;
  name @3 :Text;
}

struct Point { x @0 :Int32; y @1 :Int32; }

struct Longer { x @0 :Int32; y @1 :Int32; z @2 :Int32; title @3 :Text; }

enum Color { red @0; green @1; }

interface Thing {}
