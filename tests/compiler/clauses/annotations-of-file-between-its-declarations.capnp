@0xf00000000000aaaa;
annotation x (file) :Int8;
$x(1);
struct S {}
$x(2);
$x(1);
