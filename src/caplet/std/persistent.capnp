# Capabilities that outlive a connection.

@0xb8630836983feed7;

$import "/capnp/c++.capnp".namespace("capnp");

interface Persistent @0xc8cb212fcd9f5691 (SturdyRef, Owner) {
  # An object that can be saved: it gives a reference that is plain data, from which the object can be had again later,
  # after this connection has ended. How a reference is turned back into a capability is the application's business; a
  # common way is a method of the bootstrap interface.
  #
  # `SturdyRef` is the type of the references, `Owner` that of whoever may restore them; both belong to the realm in
  # which the object lives.

  save @0 SaveParams -> SaveResults;
  # Saves the object.

  struct SaveParams @0xf76fba59183073a5 {
    sealFor @0 :Owner;
    # The only owner who may restore the reference. Null when the realm does not seal references.
  }

  struct SaveResults @0xb76848c18c40efbf {
    sturdyRef @0 :SturdyRef;
    # The reference.
  }
}

annotation persistent @0xf622595091cafb67 (interface, field) :Void;
# Says that capabilities of the interface, or in the field, are expected to be persistent. For readers of the schema;
# nothing checks it.
