# The work of the memory rows.
@0xa6e3f20d8c1b5947;

interface Objects {
  # Returns a new object.
  make @0 () -> (object :Objects);

  # Returns the number of the server's process.
  process @1 () -> (id :UInt64);
}
