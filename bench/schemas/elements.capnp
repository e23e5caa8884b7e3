# A list that can be of any length: what one of its elements costs is measured.
@0xe2f4b0a6c1d38795;

struct Element {
  value @0 :UInt64;
}

struct Elements {
  items @0 :List(Element);
}
