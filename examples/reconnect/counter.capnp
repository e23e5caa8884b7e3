@0xa9c45e0f7b318d26;
# A counter that begins anew with its server.

interface Counter {
  next @0 () -> (number :UInt64);
}
