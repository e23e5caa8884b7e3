@0xd2e8f4a1903b5c76;
# Topics: whoever subscribes is given every message that is published from then on.

interface Topic(Message) {
  subscribe @0 (subscriber :Subscriber(Message)) -> (subscription :Subscription);
  publish @1 (message :Message) -> (subscribers :UInt32);
}

interface Subscriber(Message) {
  push @0 (message :Message) -> stream;
}

interface Subscription {}
# Lasts until it is let go of.

struct Quote {
  name @0 :Text;
  price @1 :Float64;
}
