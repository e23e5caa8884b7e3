@0xb3b0d4bd3a5c8a0c;

# Lists that generators of some languages have no type for.
struct Lists {
  lists @0 :List(AnyList);
  capabilities @1 :List(Capability);
}
