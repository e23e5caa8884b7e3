@0xf00000000000aaaa;
annotation star (*) :Text;
annotation fi (file) :Void;
annotation co (const) :Void;
annotation en (enum) :Void;
annotation em (enumerant) :Void;
annotation st (struct) :Void;
annotation fd (field) :Void;
annotation un (union) :Void;
annotation gr (group) :Void;
annotation it (interface) :Void;
annotation me (method) :Void;
annotation pa (param) :Void;
annotation an (annotation) :Void;
$star("f");
$fi;
const c :Int32 = 1 $co $star("c");
enum E $en $star("e") { a @0 $em $star("em"); }
struct S $st $star("s") { f @0 :Int32 $fd $star("x"); u :union $un $star("u") { a @1 :Void $fd; b @2 :Void; g :group $gr { h @3 :Int8; } } g :group $gr $star("g") { c @4 :Int8; } union { p @5 :Void; q @6 :Void; } }
interface I $it $star("i") { m @0 (p :Int32 $pa $star("p")) -> (q :Int32 $pa $star("q")) $me $star("m"); }
annotation x (struct) :Void $an $star("an");
