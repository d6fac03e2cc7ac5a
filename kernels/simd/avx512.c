#define ISA avx512
#define VBYTES 64 /* bytes in a vector */
#define VREGS 32 /* vector registers */
#define STREAM_BYTES 5200000 /* the L2 of two cores and a little, on an Emerald Rapids */
#include "isa.inc"
