# The comment of the file is the one after its id.
@0xb3b0d4bd3a5c8a07;
# Annotations everywhere.

using Types = import "types.capnp";
using Cxx = import "/capnp/c++.capnp";

$Cxx.namespace("caplet::corpus");
$everywhere("file");

annotation everywhere @0xd3b0d4bd3a5c8a08 (*) :Text;
annotation onFile (file) :Void;
annotation onConst (const) :Int32;
annotation onEnum (enum) :Bool;
annotation onEnumerant (enumerant) :Types.Color;
annotation onStruct (struct) :Types.Numbers;
annotation onField (field) :List(Text);
annotation onUnion (union) :Void;
annotation onGroup (group) :Float64;
annotation onInterface (interface) :Data;
annotation onMethod (method) :AnyPointer;
annotation onParam (param) :UInt8;
annotation onAnnotation (annotation, struct) :Void $everywhere("itself");

const limit :Int32 = 5 $onConst(7) $everywhere("const");

enum Colors $onEnum(true) $everywhere("enum") {
  red @0 $onEnumerant(blue) $everywhere("enumerant");
  green @1;
}

struct Record $onStruct(int8 = 1, enum = green) $onAnnotation $everywhere("struct") {
  a @0 :Text $onField(["a", "b"]) $everywhere("field");
  b @1 :Int32 = 5 $onField([]);
  choice :union $onUnion $everywhere("union") {
    c @2 :Text $Cxx.name("see");
    d @3 :Void;
  }
  part :group $onGroup(1.5) $everywhere("group") {
    e @4 :Text;
  }
  using Local = .Types.Numbers;
  annotation inner (field) :Local;
  f @5 :Text $inner(uint8 = 7) $Record.inner();
}

struct Empty $onStruct() {}

interface Service $onInterface(0x"ff") $everywhere("interface") {
  call @0 (a :Int32 $onParam(7) $everywhere("param"), b :Text) -> (c :Int32 $onParam(8)) $everywhere("method") $onMethod(.record);
}

$onFile;

const record :Types.Numbers = (int8 = 3);
