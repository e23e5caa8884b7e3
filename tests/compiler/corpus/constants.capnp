@0xb3b0d4bd3a5c8a06;

using T = import "types.capnp";

const void :Void = void;
const truth :Bool = true;
const number :Int32 = -5;
const big :UInt64 = 0xffffffffffffffff;
const real :Float64 = 2.5;
const text :Text = "text";
const data :Data = 0x"01 02";
const color :T.Color = blue;
const list :List(Int32) = [1, 2, .number];
const record :T.Numbers = (int32 = .number, float64 = .real, bool = .truth, enum = green, uint64 = .big);
const records :List(T.Numbers) = [.record, (int8 = 1), .record];
const copy :T.Numbers = .record;
const nested :T.Pointers = (numbers = .record, structs = .records, text = .text, data = .data, any = .list, anyStruct = .record, anyList = .list);
const fromScope :Int64 = Scope.inner;
const texts :List(Text) = [.text, "x", Scope.name];
const embedded :Data = embed "embedded.bin";
const embeddedText :Text = embed "embedded.txt";
const any :AnyPointer = .record;
const later :Int32 = .earlier;
const earlier :Int32 = 12;
const floatFromInt :Float32 = .number;
const other :List(List(Text)) = [.texts, []];

struct Scope {
  const inner :Int64 = 1;
  const name :Text = "scope";
  field @0 :Int64 = .Scope.inner;
  record @1 :T.Numbers = .record;
  list @2 :List(Int32) = .list;
  struct Deeper {
    const shade :T.Color = green;
    field @0 :Text = Scope.name;
  }
}
