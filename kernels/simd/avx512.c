#define ISA avx512
#define NARROW avx2 /* whose vectors are half as long */
#define VBYTES 64 /* bytes in a vector */
#define VREGS 32 /* vector registers */
#include "isa.inc"
