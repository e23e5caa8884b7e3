@0xb3b0d4bd3a5c8a0b;  # On the same line.
# And on the next one.

# But not this one.

struct A {  # The first line.
  #   Indented.
  #
  #After an empty one.

  # Not a doc comment.
  a @0 :Text;
  # Of a.
  b @1 :Text;

  # Not of b.
  c @2 :Text; # Of c,
              # going on.
  d :union { # Of d.
    e @3 :Text; # Of e.
    f @4 :Text;
  }
  # Not of d, which has one.
}
# Not of A.

enum E { a @0; # Of E.a
  b @1;
}
# Of E.

interface I {
  # Of I.
  m @0 ();
  # Of m.
  n @1 (a :Text # Lost.
    );
}

struct None {}
const c :Text = "x"; # ü Of c.
