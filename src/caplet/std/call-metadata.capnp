# How Caplet carries metadata of a call, such as the ids of a distributed trace, beside the call, without any change of its schema.

@0xc410ee251e5989f0;

interface CallMetadata @0xe4a5a8642c9cd411 {
  # Implemented by an object whose calls are told to an interceptor, and by every object that is reached through it, beside what they are. A client
  # that wants to send metadata asks first; for a peer that does not know this interface, and says so by `unimplemented`, it makes ordinary calls.

  takeMetadata @0 (version :UInt16) -> (version :UInt16);
  # Asked of a bootstrap object, once. Who asks takes metadata itself, with the calls of objects that are given to this one. The version is the
  # highest that each side knows; there is version 1 only.

  call @1 (interfaceId :UInt64, methodId :UInt16, params :AnyPointer, metadata :List(Entry)) -> ();
  # Call a method of this object, with metadata. The results are those of that method, and so are the capabilities that calls can be
  # pipelined on: nothing stands between.

  struct Entry {
    key @0 :Text;
    value @1 :Text;
  }
}
