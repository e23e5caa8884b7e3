# Types with one of everything, for the tests of generated classes.

@0xe2a1f4b0c3d59687;

struct Numbers {
  i8 @0 :Int8;
  i16 @1 :Int16;
  i32 @2 :Int32;
  i64 @3 :Int64;
  u8 @4 :UInt8;
  u16 @5 :UInt16;
  u32 @6 :UInt32;
  u64 @7 :UInt64;
  f32 @8 :Float32;
  f64 @9 :Float64;
  flag @10 :Bool;
  nothing @11 :Void;
}

struct Defaults {
  i8 @0 :Int8 = -5;
  i16 @1 :Int16 = -500;
  i32 @2 :Int32 = -50000;
  i64 @3 :Int64 = -5000000000;
  u8 @4 :UInt8 = 5;
  u16 @5 :UInt16 = 500;
  u32 @6 :UInt32 = 50000;
  u64 @7 :UInt64 = 18446744073709551615;
  f32 @8 :Float32 = 0.5;
  f64 @9 :Float64 = -2.25;
  flag @10 :Bool = true;
  text @11 :Text = "given";
  data @12 :Data = 0x"01 02";
  color @13 :Color = green;
  list @14 :List(Int16) = [1, -2, 3];
  point @15 :Point = (x = 3, y = 4);
}

enum Color { red @0; green @1; lightBlue @2; }

struct Point { x @0 :Int32; y @1 :Int32; }

struct Lists {
  bools @0 :List(Bool);
  bytes @1 :List(UInt8);
  shorts @2 :List(Int16);
  longs @3 :List(UInt64);
  doubles @4 :List(Float64);
  floats @5 :List(Float32);
  texts @6 :List(Text);
  datas @7 :List(Data);
  colors @8 :List(Color);
  points @9 :List(Point);
  nested @10 :List(List(Int32));
  voids @11 :List(Void);
  ints @12 :List(Int32);
}

struct Shape {
  name @0 :Text;
  union {
    circle @1 :Float64;
    square @2 :Float64;
    nothing @3 :Void;
    label @4 :Text;
    at @5 :Point;
    box :group {
      width @6 :UInt16;
      height @7 :UInt16;
      title @8 :Text;
    }
    corners @9 :List(Point);
  }
  style :union {
    plain @10 :Void;
    dashed @11 :UInt8;
  }
}

struct OldShape {
  name @0 :Text;
  union {
    circle @1 :Float64;
    square @2 :Float64;
  }
}

struct Tree {
  value @0 :Int32;
  left @1 :Tree;
  right @2 :Tree;
  children @3 :List(Tree);
  any @4 :AnyPointer;
}

struct Names {
  class @0 :UInt8;
  from @1 :UInt8;
  toDict @2 :UInt8;
  which @3 :UInt8;
  someURLThing @4 :Text;
  hasThing @5 :UInt8;
  self @6 :UInt8;
  schema @7 :UInt8;
  copy @8 :Text;
  name @9 :Text;
}

struct Pair(First, Second) {
  first @0 :First;
  second @1 :Second;
  rest @2 :List(Pair(First, Second));

  struct Inner { value @0 :First; }
  inner @3 :Inner;
}

struct Holder {
  pair @0 :Pair(Text, Point);
  points @1 :Pair(List(Point), Data);
}

interface Thing { poke @0 (pair :Pair(Text, Data)) -> (); }

struct Owner { thing @0 :Thing; things @1 :List(Thing); }

const answer :UInt32 = 42;
const origin :Point = (x = 1, y = 2);
const words :List(Text) = ["a", "b"];
const favourite :Color = lightBlue;
const greeting :Text = "hello";
