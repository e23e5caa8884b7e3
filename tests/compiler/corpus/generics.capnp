@0xb3b0d4bd3a5c8a05;

struct Map(Key, Value) {
  entries @0 :List(Entry);
  struct Entry {
    key @0 :Key;
    value @1 :Value;
    back @2 :Map(Value, Key);
    plain @3 :Map;
  }
  single :group {
    key @1 :Key;
  }
  union {
    left @2 :Value;
    right @3 :List(Map(Key, Value));
  }
  struct Deep(Third) {
    all @0 :Triple(Key, Value, Third);
    entry @1 :Entry;
    other @2 :Map(Third, Text).Entry;
  }
}

struct Triple(A, B, C) {
  a @0 :A;
  b @1 :B;
  c @2 :C;
}

struct User {
  map @0 :Map(Text, Data);
  entry @1 :Map(Text, List(UInt8)).Entry;
  deep @2 :Map(User, Box(Box(Text))).Deep(AnyPointer);
  unbound @3 :Map;
  half @4 :Map.Entry;
  box @5 :Alias;
  boxed @6 :Boxed.Inner;
  withDefault @7 :Map(Text, User) = (entries = [(key = "k", value = (unbound = ()))], left = (half = ()));
}

struct Box(T) {
  using Self = Box(T);
  using Other = Map(T, Text);
  content @0 :T;
  self @1 :Self;
  other @2 :Other.Entry;
  struct Inner {
    content @0 :T;
    outer @1 :Box(T);
    box @2 :Self;
  }
}

using Alias = Box(User);
using Boxed = Box(Data);

struct UseAliases {
  a @0 :Box(Text).Self;
  b @1 :Box(Text).Other;
  c @2 :Alias.Inner;
}

