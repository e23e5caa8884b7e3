@0xb3b0d4bd3a5c8a03;

using import "types.capnp".Numbers;
using Types = import "types.capnp";

interface Base {
  # A base.
  ping @0 ();
  # No results listed.
  get @1 (index :UInt32 = 5, name :Text = "x") -> (value :Numbers, more :List(Types.Color) = [red]);
  put @2 Numbers -> Types.Hollow;
}

interface Other @0xd3b0d4bd3a5c8a04 {
  send @0 (bytes :Data) -> stream;
  generic @1 [T] (value :T) -> (result :T);
  pair @2 [A, B] (a :A, b :List(Text)) -> Pair(A, B);
  struct Pair(First, Second) {
    first @0 :First;
    second @1 :Second;
  }
  interface Inner extends(Base) {
    last @1 () -> ();
    first @0 (self :Inner, base :Base);
  }
  const limit :UInt32 = 0x10000;
}

interface Both extends(Base, Other) {}

interface Parameterized(T, U) extends(Simple(T)) {
  use @0 (t :T, other :Parameterized(U, T)) -> (u :U, nested :Nested);
  direct @1 Nested -> Nested;
  struct Nested {
    t @0 :T;
    next @1 :Nested;
  }
}

interface Simple(T) {
  get @0 () -> (value :T);
}

interface Bound extends(Parameterized(Text, List(Numbers))) {
  more @0 (p :Parameterized(Numbers, Base)) -> (n :Parameterized(Text, Data).Nested);
}
