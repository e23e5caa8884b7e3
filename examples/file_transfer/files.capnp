@0xe17c2b9a40d5f386;
# A folder whose files can be fetched and stored, as streams of bytes with back-pressure.

using import "/capnp/compat/byte-stream.capnp".ByteStream;

interface Folder {
  fetch @0 (name :Text, into :ByteStream) -> (size :UInt64);
  # Writes a file into a stream of the caller's, and returns when all of it has arrived.

  store @1 (name :Text) -> (stream :ByteStream);
  # Returns a stream; what is written to it is the file, once it is ended.
}
