# One of every kind of field, for messages that are damaged on purpose.

@0xd1f0a3b5c7e92468;

enum Color { red @0; green @1; blue @2; }

struct Point { x @0 :Int32; y @1 :Int32 = 7; }

struct Everything {
  flag @0 :Bool;
  small @1 :UInt8 = 3;
  number @2 :UInt64;
  real @3 :Float64;
  color @4 :Color;
  text @5 :Text = "given";
  data @6 :Data;
  point @7 :Point;
  flags @8 :List(Bool);
  bytes @9 :List(UInt8);
  shorts @10 :List(Int16);
  doubles @11 :List(Float64);
  texts @12 :List(Text);
  datas @13 :List(Data);
  points @14 :List(Point);
  colors @15 :List(Color);
  nested @16 :List(List(UInt16));
  voids @17 :List(Void);
  children @18 :List(Everything);
  any @19 :AnyPointer;
  union {
    nothing @20 :Void;
    label @21 :Text;
    child @22 :Everything;
    box :group {
      width @23 :UInt32;
      title @24 :Text;
    }
  }
}
