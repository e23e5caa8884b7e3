# Every kind of field, with and without defaults.
@0xb3b0d4bd3a5c8a01;

struct Numbers {
  # All numbers.
  void @0 :Void;
  bool @1 :Bool;
  # A bit.
  int8 @2 :Int8;
  int16 @3 :Int16;  # Two bytes.
  int32 @4 :Int32;
  int64 @5 :Int64;
  uint8 @6 :UInt8;
  uint16 @7 :UInt16;
  uint32 @8 :UInt32;
  uint64 @9 :UInt64;
  float32 @10 :Float32;
  float64 @11 :Float64;
  enum @12 :Color;
}

struct Pointers {
  text @0 :Text;
  data @1 :Data;
  numbers @2 :Numbers;
  any @3 :AnyPointer;
  anyStruct @4 :AnyStruct;
  anyList @5 :AnyList;
  capability @6 :Capability;
  interface @7 :Empty;
  voids @8 :List(Void);
  bools @9 :List(Bool);
  bytes @10 :List(UInt8);
  texts @11 :List(Text);
  structs @12 :List(Numbers);
  enums @13 :List(Color);
  nested @14 :List(List(List(Int16)));
  interfaces @15 :List(Empty);
  datas @16 :List(Data);
  self @17 :Pointers;
}

enum Color {
  # Three of them,
  # on two lines.
  red @0;
  blue @2;  # Not in order.
  green @1;
}

enum Nothing {}

interface Empty {}

struct Hollow {}

struct Defaults {
  void @0 :Void = void;
  yes @1 :Bool = true;
  no @2 :Bool = false;
  int8 @3 :Int8 = -128;
  int16 @4 :Int16 = -0x7fff;
  int32 @5 :Int32 = 017;
  int64 @6 :Int64 = -9223372036854775808;
  uint8 @7 :UInt8 = 255;
  uint16 @8 :UInt16 = 0xFFff;
  uint32 @9 :UInt32 = 4294967295;
  uint64 @10 :UInt64 = 18446744073709551615;
  float32 @11 :Float32 = 1.5e-3;
  float64 @12 :Float64 = -12.75e100;
  whole @13 :Float64 = 7;
  infinite @14 :Float32 = inf;
  negative @15 :Float64 = -inf;
  notANumber @16 :Float64 = nan;
  color @17 :Color = green;
  text @18 :Text = "a \"quoted\"\ttext\n\x41\101\\ ü";
  joined @19 :Text = "one " "two "
      "three";
  data @20 :Data = 0x"00 a1 ff
    DE ad";
  dataFromText @21 :Data = "ab\xff\0";
  emptyText @22 :Text = "";
  emptyData @23 :Data = "";
  numbers @24 :Numbers = (int8 = -1, bool = true, enum = blue, float32 = 0.25, uint64 = 12);
  emptyStruct @25 :Numbers = ();
  voids @26 :List(Void) = [void, void, void];
  bools @27 :List(Bool) = [true, false, true, true, false, false, true, false, true];
  int8s @28 :List(Int8) = [1, -2, 3];
  int16s @29 :List(Int16) = [1, -2, 3];
  int32s @30 :List(Int32) = [1, -2, 3,];
  int64s @31 :List(Int64) = [1, -2, 3];
  floats @32 :List(Float32) = [1, -2.5, 3e10];
  doubles @33 :List(Float64) = [1, -2.5, 3e300];
  texts @34 :List(Text) = ["a", "", "bc"];
  datas @35 :List(Data) = ["a", 0x"00"];
  colors @36 :List(Color) = [red, blue];
  structs @37 :List(Numbers) = [(int8 = 1), (), (bool = true, enum = green)];
  lists @38 :List(List(Int32)) = [[1, 2], [], [3]];
  emptyList @39 :List(Text) = [];
  pointers @40 :Pointers = (text = "x", numbers = (int16 = 5), structs = [(uint8 = 1)], self = (text = "y"));
  recursive @41 :Defaults = (int8 = 0, yes = false, recursive = (uint64 = 1));
}
