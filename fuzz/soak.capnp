@0xb6d4c2a1908f7e35;
# What the soak programs call.

using import "/capnp/compat/byte-stream.capnp".ByteStream;

interface Listener {
  hear @0 (number :UInt32) -> (count :UInt32);
}

interface File {}
# A file descriptor goes with it.

interface Upload {
  wait @0 () -> (size :UInt32, checksum :UInt32);
}

interface Guard {
  revoke @0 () -> ();
}

interface Worker {
  enum Failure {
    failed @0;
    overloaded @1;
    disconnected @2;
    unimplemented @3;
    bug @4;
  }

  add @0 (left :UInt32, right :UInt32) -> (sum :UInt32);
  slow @1 (steps :UInt32) -> ();
  open @2 () -> (worker :Worker);
  callBack @3 (listener :Worker) -> (sum :UInt32);
  fail @4 (failure :Failure) -> ();
  hang @5 () -> ();
  echo @6 (data :Data) -> (data :Data);
  tell @7 (listener :Listener, count :UInt32) -> (sum :UInt32);
  # Calls the listener back so many times.
  keep @8 (listener :Listener) -> ();
  kept @9 () -> (listener :Listener);
  later @10 (listener :Listener, steps :UInt32) -> (listener :Listener);
  # Returns a promise at once that becomes the listener some steps later.
  forward @11 (worker :Worker, left :UInt32, right :UInt32) -> (sum :UInt32);
  # A tail call of the worker.
  put @12 (data :Data) -> stream;
  # Fails when the data is empty.
  putDone @13 () -> (size :UInt32);
  upload @14 () -> (stream :ByteStream, upload :Upload);
  download @15 (size :UInt32, stream :ByteStream) -> (checksum :UInt32);
  guarded @16 () -> (worker :Worker, guard :Guard);
  # A worker behind a membrane, and who can revoke it.
  file @17 (data :Data) -> (file :File);
  readFile @18 (file :File) -> (data :Data);
  cut @19 () -> ();
  # Cuts the connection of whoever calls it.
}

struct Sample {
  residentBytes @0 :UInt64;
  blocks @1 :UInt32;
  objects @2 :UInt32;
  descriptors @3 :UInt32;
  tasks @4 :UInt32;
  logged @5 :List(Text);
  expected @6 :List(Text);
  leftOver @7 :List(Text);
}

interface Control {
  addresses @0 () -> (addresses :List(Text));
  sample @1 () -> Sample;
  # Waits until every connection has ended.
}
