@0xa1d9c1f0a7f0c5e1;
# What the tests of calls and servers talk about.

struct Person {
  name @0 :Text;
  age @1 :UInt8;
}

interface Store(T) {
  put @0 (key :Text, value :T) -> ();
  get @1 (key :Text) -> (value :T);
  open @2 (key :Text) -> (store :Store(Person));
}

interface Any {
  echo @0 [T, U] (value :T, other :U) -> (value :T, other :U);
  find @1 [T] () -> (store :Store(T));
  box @2 [T] Box(T) -> Box(T);
}

struct Box(T) { content @0 :T; }

interface Odd {
  names @0 (self :Text, from :Text, results :Text, context :Text, params :Text, which :Text, schema :Text, cancel :Text)
      -> (self :Text, from :Text, results :Text, context :Text, params :Text, which :Text, schema :Text, cancel :Odd);
  measure @1 Shape -> Shape;
  group @2 (at :Point) -> (at :Point, kind :Shape);
  close @3 () -> ();
  next @4 () -> (cancel :Odd, inner :Inner);

  struct Inner { odd @0 :Odd; }
}

struct Point { x @0 :Int32; y @1 :Int32; }

struct Shape {
  union {
    circle @0 :Float64;
    label @1 :Text;
    corner @2 :Point;
  }
}

interface Worker {
  run @0 (number :UInt32, note :Text) -> (number :UInt32, note :Text);
  make @1 (person :Person) -> Person;
  child @2 (helper :Worker) -> (worker :Worker);
  quiet @3 () -> ();
  list @4 () -> (items :List(UInt32));
  push @5 (item :UInt32) -> stream;
  hold @6 () -> (worker :Worker);
  missing @7 () -> ();
}

interface Blobs {
  turn @0 (parts :List(Data), last :Data) -> (parts :List(Data), last :Data);
  one @1 (length :UInt32) -> (content :Data);
}
