#define ISA avx2
#define VBYTES 32 /* bytes in a vector */
#define VREGS 16 /* vector registers */
#define STREAM_BYTES 32000000 /* the L3 of an EPYC */
#include "isa.inc"
