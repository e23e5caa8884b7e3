@0xf00000000000aaaa;
struct A(T) { struct B(T) { t @0 :T; } struct T { x @0 :Int8; } t @0 :T; }
