@0xd3b2c4f5a6978810;
# What the tests of the asyncio face talk about.

interface Echo {
  echo @0 (number :UInt32, text :Text) -> (number :UInt32, text :Text);
  fail @1 (reason :Text, kind :Text) -> ();
  next @2 () -> (echo :Echo);
  callBack @3 (listener :Listener, times :UInt32) -> (heard :UInt32);
  wait @4 () -> ();
  keep @5 (listener :Listener) -> ();
  drop @6 () -> ();
  missing @7 () -> ();
  nothing @8 () -> (echo :Echo);
  blob @9 (size :UInt32) -> (content :Data);
  both @10 () -> (left :UInt32, right :UInt32);
  push @11 (content :Data) -> stream;
  done @12 () -> (total :UInt64);
}

interface Listener {
  hear @0 (number :UInt32) -> ();
}
