# Every feature that a message can have, for comparing forms with the original's.

@0xe7c1d5a9b3f80264;

enum Color { red @0; green @1; lightBlue @2; }

interface Thing {}

struct Scalars {
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
  color @12 :Color;
  text @13 :Text;
  data @14 :Data;
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
  color @11 :Color = green;
  text @12 :Text = "given";
  data @13 :Data = 0x"01 02 00";
  numbers @14 :List(Int16) = [1, -2, 3];
  point @15 :Point = (x = 3, name = "p");
  bits @16 :List(Bool) = [true, false, true];
}

struct Point { x @0 :Int32; y @1 :Int32 = 7; name @2 :Text; }
struct Tiny { value @0 :UInt8; }
struct Nothing {}

struct Lists {
  voids @0 :List(Void);
  flags @1 :List(Bool);
  i8s @2 :List(Int8);
  i16s @3 :List(Int16);
  i32s @4 :List(Int32);
  i64s @5 :List(Int64);
  u8s @6 :List(UInt8);
  u16s @7 :List(UInt16);
  u32s @8 :List(UInt32);
  u64s @9 :List(UInt64);
  f32s @10 :List(Float32);
  f64s @11 :List(Float64);
  colors @12 :List(Color);
  texts @13 :List(Text);
  datas @14 :List(Data);
  points @15 :List(Point);
  tinies @16 :List(Tiny);
  empties @17 :List(Nothing);
  numbers @18 :List(List(Int16));
  bits @19 :List(List(Bool));
  words @20 :List(List(Text));
  shapes @21 :List(List(Point));
}

struct Unions {
  before @0 :UInt16;
  union {
    nothing @1 :Void;
    number @2 :Int64;
    text @3 :Text;
    point @4 :Point;
    points @5 :List(Point);
    flag @6 :Bool;
    group :group {
      width @7 :UInt32;
      title @8 :Text;
      union {
        plain @9 :Void;
        dashed @10 :UInt8;
        inner :group { depth @11 :Float32; again @12 :Unions; }
      }
    }
  }
  style :union {
    none @13 :Void;
    thin @14 :UInt8 = 3;
    named @15 :Text = "style";
  }
  plain :group { one @16 :Int8; two @17 :Text; }
}

struct Pair(First, Second) {
  first @0 :First;
  second @1 :Second;
  rest @2 :List(Pair(First, Second));
}

struct Everything {
  scalars @0 :Scalars;
  defaults @1 :Defaults;
  lists @2 :Lists;
  unions @3 :Unions;
  pair @4 :Pair(Text, Pair(List(UInt16), Point));
  children @5 :List(Everything);
  thing @6 :Thing;
  things @7 :List(Thing);
  any @8 :AnyPointer;
}
