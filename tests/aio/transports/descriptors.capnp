@0xd1c8b3a7e4f52096;
# For tests of file descriptors.

interface File {
  name @0 () -> (name :Text);
}

interface Store {
  open @0 (name :Text) -> (file :File);
  keep @1 (file :File) -> (content :Text);
}
