# What `-> stream` stands for.

@0x86c366a91393f3f8;

$import "/capnp/c++.capnp".namespace("capnp");

struct StreamResult @0x995f9a3377c0b16e {
  # The result of a streaming method: nothing. A method declared `-> stream` has this type as its result, so that a peer
  # without streaming still sees an ordinary method; one that knows the type lets the caller send on without awaiting
  # each answer.
}
