# Everything that this schema has features of; the types of its module are checked by good_use.py and bad_use.py.

@0xf2a1f4b0c3d59682;
using Other = import "other.capnp";
struct Person {
  name @0 :Text;
  age @1 :UInt8;
  color @2 :Other.Color;
  phones @3 :List(Phone);
  struct Phone { number @0 :Text; kind @1 :Kind; enum Kind { mobile @0; home @1; } }
  at @4 :Other.Point;
  employment :union { none @5 :Void; school @6 :Text; job :group { title @7 :Text; } }
  union { circle @8 :Float64; label @9 :Text; }
  any @10 :AnyPointer;
  photo @11 :Data;
  str @12 :Text;
  const limit :UInt32 = 7;
}
struct Map(Key, Value) {
  entries @0 :List(Entry);
  struct Entry { key @0 :Key; value @1 :Value; }
}
struct Book { people @0 :Map(Text, Person); }
struct Nothing {}
interface Calculator {
  evaluate @0 (expression :Person, depth :UInt8) -> (value :Value);
  interface Value { read @0 () -> (value :Float64); }
  pair @1 (a :Int32) -> (x :Int32, y :Text);
  push @2 (data :Data) -> stream;
}
interface Better extends(Calculator) {
  best @0 () -> (person :Person);
  echo @1 [V] (value :V) -> (value :V);
  swap @2 [A, B] (a :A, b :B) -> (first :B, second :A);
  find @3 [V] (key :Text) -> (store :Store(V));
  change @4 Figure -> Figure;
  again @5 () -> (cancel :Better);
}
struct Figure { size @0 :Int32; union { circle @1 :Float64; label @2 :Text; } }
interface Store(T) {
  get @0 (key :Text) -> (value :T);
  put @1 (key :Text, value :T) -> ();
}
const answer :UInt32 = 42;
const origin :Other.Point = (x = 1, y = 2);
annotation note @0xe7c1a2b3d4f50617 (*) :Text;
annotation spot @0xe7c1a2b3d4f50618 (struct) :Other.Point;
struct Noted $note("text") $spot(x = 3) {
  # With a comment: \"""quotes\""" and a backslash at its end \
  plain @0 :Text;
  # Of a field.
}
