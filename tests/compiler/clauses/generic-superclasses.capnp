@0xf00000000000aaaa;
interface A(T) { a @0 () -> (t :T); }
interface B(U) { b @0 (u :U); }
interface C(V, W) extends(A(V), B(A(W))) {}
interface D extends(C(Text, Data), A(Text)) { d @0 (c :C(Text, Text)); }
