@0xf00000000000aaaa;
struct A(T) { g :group { t @0 :T; union { x @1 :T; y @2 :List(A(T)); } } u :union { m @3 :T; n @4 :A(A(T)); } }
