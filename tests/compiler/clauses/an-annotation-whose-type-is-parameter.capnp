@0xf00000000000aaaa;
struct A(T) { annotation c (*) :T; t @0 :T; }
