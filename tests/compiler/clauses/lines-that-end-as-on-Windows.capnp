@0xf00000000000aaaa;
struct A {
 # x
 # y
}
# z
