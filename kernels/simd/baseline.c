#define ISA baseline
#define NARROW baseline
#define VBYTES 16 /* bytes in a vector */
#define VREGS 16 /* vector registers */
#include "isa.inc"
