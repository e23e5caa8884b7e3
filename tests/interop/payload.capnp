@0xc7f1a3e58b2d9046;
# Much data between Caplet and other implementations. Chunk number n is the bytes n, n + 1, n + 2, ..., each modulo 256.

interface Payload {
  write @0 (number :UInt32, chunk :Data) -> stream;
  end @1 () -> (chunks :UInt32, wrong :UInt32);
  # Returns how many chunks came, and how many of them were not what they should be.
  fetch @2 (number :UInt32, size :UInt32) -> (content :Data);
  echo @3 (content :Data) -> (content :Data);
}
