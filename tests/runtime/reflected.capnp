# Declarations with comments, annotations and other names.

@0xd9c8b7a695847362;
# What the file is for.

using Python = import "/capnp/python.capnp";

annotation label @0xa1b2c3d4e5f60718 (*) :Text;
annotation weight @0xa1b2c3d4e5f60719 (field, struct) :Weight;
annotation color @0xa1b2c3d4e5f6071a (struct) :Color;
annotation mark @0xa1b2c3d4e5f6071b (*) :Void;

struct Weight { grams @0 :UInt32; tags @1 :List(Text); }

struct Person $label("someone") $weight(grams = 5, tags = ["a", "b"]) $color(blue) {
  # A human being.
  #
  # Or a robot.

  fullName @0 :Text = "nobody" $label("the name");
  # What others call them.

  friends @1 :List(Person);
  union {
    email @2 :Text;
    # Where letters go.
    box :group $mark {
      number @3 :UInt16;
    }
  }
  class @4 :Color $Python.name("paint");
  struct Inside $Python.name("Within") { x @0 :Int8; }
}

enum Color {
  # A colour.
  red @0 $label("warm");
  blue @1 $Python.name("AZURE");
  # Like the sky.
}

interface Base(T) {
  giveBack @0 (someValue :T) -> (sameValue :T) $label("method");
  # Gives it back.
}

interface Store extends(Base(Text)) {
  # Keeps people.
  putPerson @0 (thePerson :Person, context :UInt8) -> (slot :UInt32);
  # Keeps one person.
  pour @1 (bits :Data) -> stream;
  child @2 [T] (of :T) -> (child :Store, best :Best) $Python.name("offspring");
}

struct Best { store @0 :Store; age @1 :UInt8; }
struct None {}

const limit :UInt16 = 7 $label("a constant");
const from :Text = "x";
