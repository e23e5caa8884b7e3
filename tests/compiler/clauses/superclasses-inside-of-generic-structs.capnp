@0xf00000000000aaaa;
struct S(T) { interface I { m @0 (t :T); } interface J extends(I) {} }
interface K extends(S(Text).I) {}
interface L extends(S.J) {}
