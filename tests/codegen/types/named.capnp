@0xe7c1a2b3d4f50619;

using Python = import "/capnp/python.capnp";

struct Outer {
  class @0 :Inside $Python.name("category");
  struct Inside $Python.name("Within") { from @0 :Int8; }
  const lambda :UInt8 = 3;
}
enum Shade { none @0 $Python.name("NOTHING"); dark @1; }
interface Service { doIt @0 (shade :Shade) -> (outer :Outer) $Python.name("perform"); }
struct None {}
const pass :Outer = (class = (from = 5));
