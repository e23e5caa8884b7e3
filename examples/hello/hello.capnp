@0xe5b3a7c2d4f19806;

interface Greeter {
  greet @0 (name :Text) -> (greeting :Text);
  colleague @1 () -> (greeter :Greeter);
}
