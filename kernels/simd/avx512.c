#define ISA avx512
#define VBYTES 64 /* bytes in a vector */
#define VREGS 32 /* vector registers */
#include "isa.inc"
