@0xb0a3d7c1e4f52968;
# A room in which people talk. Each hears through an object of its own, and sits on a seat until it lets go of it.

interface Room {
  join @0 (name :Text, listener :Listener) -> (seat :Seat);
}

interface Listener {
  hear @0 (author :Text, text :Text);
}

interface Seat {
  say @0 (text :Text);
  # Returns when everybody in the room has heard it.
}
