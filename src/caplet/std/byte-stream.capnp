# Bytes that flow to an object.

@0x8f5d14e1c273738d;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("capnp");
$Cxx.allowCancellation;

interface ByteStream {
  # Takes bytes, in pieces of any size; where one piece ends and the next begins means nothing.

  write @0 (bytes :Data) -> stream;
  # Takes a piece.

  end @1 ();
  # There are no more bytes. An object that is released without it has not received everything.

  getSubstream @2 (callback :SubstreamCallback, limit :UInt64 = 0xffffffffffffffff) -> (substream :ByteStream);
  # Returns an object that writes to the same place, until it has taken `limit` bytes or is ended; then it tells `callback`. Nothing
  # may be written here meanwhile. So a program in between can hand the way to the target on to whoever has the bytes.

  startTls @3 (expectedServerHostname :Text) -> stream;
  # Lets what carries the bytes go on encrypted. The stream stays open.

  interface SubstreamCallback {
    ended @0 (byteCount :UInt64);
    # The substream was ended after so many bytes; the stream below it was not.

    reachedLimit @1 () -> (next :ByteStream);
    # The limit was reached: everything further goes to `next`, beginning with what a write held beyond the limit. The substream then
    # stands for `next`.
  }
}
