# The work of the data rows: a small record with every common kind of field, the same for Caplet and its peers.
@0xb1a6f30c5d7e9842;

struct Person {
  id @0 :UInt32;
  name @1 :Text;
  email @2 :Text;
  phones @3 :List(PhoneNumber);

  struct PhoneNumber {
    number @0 :Text;
    type @1 :Type;
    enum Type { mobile @0; home @1; work @2; }
  }

  # A union of two pointers and two empty members.
  employment :union {
    unemployed @4 :Void;
    employer @5 :Text;
    school @6 :Text;
    selfEmployed @7 :Void;
  }

  score @8 :Float64;
  age @9 :Int16;
}

struct AddressBook {
  people @0 :List(Person);
}
