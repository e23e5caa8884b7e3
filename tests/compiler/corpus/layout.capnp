@0xb3b0d4bd3a5c8a02;

struct Holes {
  a @0 :UInt8;
  b @1 :UInt32;
  c @2 :UInt16;
  d @3 :Bool;
  e @4 :UInt64;
  f @5 :Bool;
  g @6 :UInt8;
  h @7 :UInt16;
  i @8 :UInt32;
  j @9 :Text;
  k @10 :Bool;
}

struct OutOfOrder {
  last @4 :Bool;
  third @2 :UInt64;
  first @0 :Bool;
  fourth @3 :Text;
  second @1 :UInt16;
}

struct UnnamedUnion {
  before @0 :UInt8;
  union {
    a @1 :UInt16;
    b @3 :Text;
    c @4 :Void;
    d @6 :UInt64;
  }
  middle @2 :UInt32;
  after @5 :Bool;
}

struct NamedUnions {
  one :union {
    a @0 :UInt8;
    b @1 :UInt32;
  }
  two :union {
    c @2 :Text;
    d @3 :Bool;
    e :union {
      f @4 :UInt16;
      g @5 :Data;
    }
  }
  h @6 :UInt64;
}

struct Groups {
  plain :group {
    a @0 :UInt32;
    inner :group {
      b @1 :Text;
      c @4 :UInt8;
    }
  }
  shape :union {
    circle :group {
      radius @2 :Float32;
      name @7 :Text;
    }
    rectangle :group {
      width @3 :Float64;
      height @5 :Float64;
      union {
        filled @6 :Void;
        color @8 :UInt8;
        pattern @9 :Text;
      }
    }
    nothing @10 :Void;
  }
}

struct Retroactive {
  old @0 :UInt32;
  choice @2! :union {
    first @1 :UInt16;
    second @3 :Text;
    third @4 :UInt64;
  }
}

struct GrowingUnion {
  union {
    a @0 :Bool;
    b @1 :UInt8;
    c @2 :UInt16;
    d @3 :UInt32;
    e @4 :UInt64;
  }
  f @5 :Bool;
  union2 :union {
    g :group {
      h @6 :UInt8;
      i @7 :UInt16;
      j @9 :UInt32;
    }
    k :group {
      l @8 :Bool;
      m @10 :UInt64;
      n @11 :Bool;
    }
  }
}

struct DeepUnions {
  u :union {
    a :union {
      b :union {
        c @0 :UInt8;
        d @1 :UInt16;
      }
      e @2 :UInt32;
    }
    f :group {
      g @3 :UInt8;
      h :union {
        i @4 :UInt64;
        j @5 :Text;
        k @6 :Void;
      }
    }
  }
}

struct VoidUnion {
  union {
    a @0 :Void;
    b @1 :Void;
    c @2 :Void;
  }
}

struct UnionLast {
  x @0 :UInt8;
  union {
    group1 :group { a @3 :UInt16; b @4 :UInt8; }
    group2 :group { c @1 :UInt32; d @2 :Text; }
  }
}
