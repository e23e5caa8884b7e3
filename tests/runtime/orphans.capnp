# The type of the orphans that are compared with those of the C++ library.

@0xe2a1f4b0c3d59699;

struct Point { x @0 :Int32; y @1 :Int32; }

struct T {
  value @0 :Int32;
  left @1 :T;
  right @2 :T;
  children @3 :List(T);
  data @4 :Data;
  text @5 :Text;
  ints @6 :List(Int16);
  texts @7 :List(Text);
  points @8 :List(Point);
  bools @9 :List(Bool);
}
