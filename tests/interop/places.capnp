@0xb1d5f0a6c2e94d37;
# What is called over every kind of connection that both implementations have.

interface Box {
  # Something that a descriptor may stand for.
  label @0 () -> (label :Text);
}

interface Service {
  open @0 (text :Text) -> (box :Box);
  # A box whose descriptor is a pipe from which the text can be read.

  read @1 (box :Box) -> (text :Text);
  # What can be read from the descriptor of the caller's box; "none" without one.

  who @2 () -> (name :Text);
  # Whom the caller's certificate names.

  echo @3 (content :Data) -> (content :Data);

  fail @4 (kind :UInt16) -> ();
  # Fails with the kind of error that has this number in rpc.capnp.

  hang @5 () -> ();
  # Is not answered; ends when the caller cancels.

  cancelled @6 () -> (count :UInt32);
  # How many calls of `hang` were cancelled.

  missing @7 () -> ();
  # Nobody has this.
}
