@0xf00000000000aaaa;
const a :Text = "\a\b\f\n\r\t\v\'\"\\\?\x7f\0\101\18";
const b :Data = "\xff\377\0";
