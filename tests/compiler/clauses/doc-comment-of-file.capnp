# before
@0xf00000000000aaaa;
# file
# two

# x
struct A{}
