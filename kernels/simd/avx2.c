#define ISA avx2
#define NARROW avx2
#define VBYTES 32 /* bytes in a vector */
#define VREGS 16 /* vector registers */
#include "isa.inc"
