#define ISA baseline
#define VBYTES 16 /* bytes in a vector */
#define VREGS 16 /* vector registers */
#define STREAM_BYTES 32000000 /* as with AVX2 */
#include "isa.inc"
