@0xc5cf2f4ac3d4a7b1;
# Every kind of field, and every annotation of json.capnp.

using Json = import "/capnp/compat/json.capnp";

struct Everything {
  void @0 :Void;
  bool @1 :Bool = true;
  int8 @2 :Int8 = -5;
  int16 @3 :Int16;
  int32 @4 :Int32 = 77;
  int64 @5 :Int64 = -9;
  uint8 @6 :UInt8;
  uint16 @7 :UInt16;
  uint32 @8 :UInt32 = 4000000000;
  uint64 @9 :UInt64;
  float32 @10 :Float32 = 1.5;
  float64 @11 :Float64;
  text @12 :Text = "default";
  data @13 :Data = 0x"0102";
  color @14 :Color = green;
  inner @15 :Everything;
  plain @16 :Plain = (text = "from the default", number = 3);
  numbers @17 :List(Int16) = [1, 2];
  texts @18 :List(Text);
  datas @19 :List(Data);
  bools @20 :List(Bool);
  plains @21 :List(Plain);
  matrix @22 :List(List(UInt64));
  floats @23 :List(Float32);
  colors @24 :List(Color);
  union {
    nothing @25 :Void;
    words @26 :Text;
    many @27 :List(Plain);
  }
  group :group {
    first @28 :Int32;
    second @29 :Text;
  }
  choice :union {
    left @30 :Text = "left";
    right @31 :Float64 = 2.5;
    both :group {
      up @32 :Int8;
      down @33 :Data;
    }
  }
  box @34 :Box(Text, List(Plain));
  voids @35 :List(Void);
  everything @36 :List(Everything);
}

enum Color {
  red @0;
  green @1;
  blue @2;
}

struct Plain {
  text @0 :Text;
  number @1 :Int64;
}

struct Box(First, Second) {
  first @0 :First;
  second @1 :Second;
  more @2 :List(Box(First, Second));
}

struct Annotated {
  renamed @0 :Int32 $Json.name("new-name");
  base @1 :Data $Json.base64;
  hex @2 :Data $Json.hex;
  flat @3 :Part $Json.flatten();
  prefixed @4 :Part $Json.flatten(prefix = "pre.");
  tagged :union $Json.discriminator(name = "tag", valueName = "value") {
    number @5 :Int32;
    text @6 :Text;
    empty @7 :Void;
  }
  group :group $Json.flatten(prefix = "group_") {
    small @8 :Int16;
    large @9 :UInt64;
  }
  kind :union $Json.flatten() $Json.discriminator() {
    part @10 :Part $Json.flatten(prefix = "part-");
    word :group $Json.flatten() {
      letters @11 :Text;
      second @12 :Shade;
    }
    none @13 :Void $Json.name("nothing");
    direct @14 :List(Int64);
  }
  shade @15 :Shade;
  list @16 :List(Annotated);
  named @17 :Named;
}

struct Part {
  text @0 :Text;
  yes @1 :Bool = true;
}

enum Shade {
  dark @0 $Json.name("very dark");
  bright @1;
}

struct Named $Json.discriminator(name = "type") {
  union {
    text @0 :Text;
    part @1 :Part $Json.flatten(prefix = "p");
    void @2 :Void;
  }
  after @3 :Int8;
}

struct Holder {
  any @0 :AnyPointer;
  object @1 :Thing;
  name @2 :Text;
}

interface Thing {}

struct Free {
  value @0 :Json.Value;
  values @1 :List(Json.Value);
  after @2 :Text;
}

struct Deep { next @0 :Deep; }
