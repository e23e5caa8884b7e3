# The parameters of the RPC protocol for a connection between exactly two vats.
#
# Nobody else can be introduced on such a network, so that most of what identifies third parties is empty here.

@0xa184c7885cdaf2a1;

$import "/capnp/c++.capnp".namespace("capnp::rpc::twoparty");

enum Side @0x9fd69ebc87b9719c {
  # The two ends of the connection.

  server @0;
  # The end that listened. It is also what a default VatId names.

  client @1;
  # The end that connected.
}

struct VatId @0xd20b909fee733a8e {
  # One of the two vats.

  side @0 :Side;
}

struct ThirdPartyCompletion @0xb7e329e92fda637d {
  # Names a capability that waits to be picked up. Between two vats this only happens in joins.

  joinId @0 :UInt32;
  # The join, as numbered in its key parts.
}

struct ThirdPartyToAwait @0x9539708bffa85a5d {
  # Names who will come to pick up a capability. There is no third party.
}

struct ThirdPartyToContact @0xe8e97b3b9f049b21 {
  # Names where to pick up a capability. There is no third party.
}

struct JoinKeyPart @0x95b29059097fca83 {
  # One part of the key of a join. All parts go through the same connection.

  joinId @0 :UInt32;
  # The number of the join, chosen by the sender; the same in all parts.

  partCount @1 :UInt16;
  # How many capabilities are joined.

  partNum @2 :UInt16;
  # Which of them this part was sent to, from 0.
}

struct JoinResult @0x9d263a3630b7ebee {
  # The answer to one part of a join.

  joinId @0 :UInt32;
  # The number of the join.

  succeeded @1 :Bool;
  # Whether all parts led to the same object.

  cap @2 :Capability;
  # The object, when they did; only in one of the answers.
}
