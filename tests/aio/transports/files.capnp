@0xc3f0a95d1e7b2846;
# For the programs of the page about connections.

interface Files {
  who @0 () -> (name :Text);
  open @1 () -> (file :File);
}

interface File {
}
