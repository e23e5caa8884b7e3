# The work of the call rows.
@0xe4c70d1b92a8365f;

interface Echo {
  # Gives back what it was given.
  echo @0 (x :UInt32, s :Text) -> (x :UInt32, s :Text);

  # Another one; calls on it can be sent before it is there.
  next @1 () -> (echo :Echo);
}
