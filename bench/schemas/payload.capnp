# The work of the rows about many bytes.
@0xb5d2a47c90e3186f;

interface Payload {
  # Takes one chunk of a stream.
  write @0 (chunk :Data) -> stream;

  # Returns how many bytes were written, and counts from zero again.
  end @1 () -> (written :UInt64);

  # Returns a mebibyte.
  fetch @2 () -> (content :Data);
}
