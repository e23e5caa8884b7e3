@0xc5d1f0a2b6e34877;
# What the programs of the network tests ask of each other.

interface Load {
  echo @0 (text :Text) -> (text :Text);
  hang @1 ();
  # Is never answered.

  bulk @2 (size :UInt32) -> (data :Data);
  # Answers with so many zero bytes.
}
