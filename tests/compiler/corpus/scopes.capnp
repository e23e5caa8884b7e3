@0xb3b0d4bd3a5c8a09;

using Outer.Middle.Inner;
using Renamed = Outer.Middle;
using import "types.capnp".Color;

struct Outer @0xd3b0d4bd3a5c8a0a {
  const value :UInt8 = 9;
  a @0 :Middle;
  b @1 :Inner;
  c @2 : .Inner;
  struct Middle {
    a @0 :Inner;
    b @1 :Outer;
    struct Inner {
      up @0 :Middle;
      top @1 : .Outer;
      kind @2 :Kind;
      enum Kind { one @0; two @1; }
      color @3 :Color = green;
      imported @4 :import "types.capnp".Numbers;
    }
    c @2 :Inner.Kind = two;
    using Local = Inner;
    d @3 :Local;
  }
  struct Inner {
    different @0 :Text;
  }
  d @3 :Renamed.Inner;
  e @4 :Middle.Local.Kind;
}

