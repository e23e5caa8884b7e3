@0xb6e0d4917f3c258a;
# Hands out a file that only the server may open.

interface Log {
  open @0 () -> (file :File);
}

interface File {}
# Its file descriptor travels with it over a Unix socket.
