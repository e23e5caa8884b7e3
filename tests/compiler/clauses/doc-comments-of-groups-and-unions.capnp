@0xf00000000000aaaa;
struct A {
 g :group {
 # g
 a @0 :Int8;
 # a
 h :union { # h
 b @1 :Void; # b
 c @2 :Void; #c
 }
 }
 union { # u
 x @3 :Void; y @4 :Void; # y
 }
}
