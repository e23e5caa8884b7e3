@0xf1a7c09b35de8462;
# What the web application serves over a WebSocket, beside its pages.

interface Greeter {
  greet @0 (name :Text) -> (greeting :Text);
}
