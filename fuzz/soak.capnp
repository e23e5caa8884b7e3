@0xb6d4c2a1908f7e35;
# What the soak program calls.

interface Worker {
  add @0 (left :UInt32, right :UInt32) -> (sum :UInt32);
  slow @1 (steps :UInt32) -> ();
  open @2 () -> (worker :Worker);
  callBack @3 (listener :Worker) -> (sum :UInt32);
  fail @4 () -> ();
}
