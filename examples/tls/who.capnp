@0xc8b35f72e1a9046d;
# Tells callers who they are.

interface Who {
  amI @0 () -> (name :Text);
}
