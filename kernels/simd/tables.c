/* Which of the tables that this build holds can this CPU run? */
#include "leaves.h"

extern const simd_table simd_baseline;
#ifdef HAVE_X86
extern const simd_table simd_avx2, simd_avx512;
#endif

const simd_table *const *simd_tables(void)
{
    static const simd_table *tables[4] = {&simd_baseline};
#ifdef HAVE_X86
    int n = 1;
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        tables[n++] = &simd_avx2;
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
            tables[n++] = &simd_avx512;
    }
#endif
    return tables;
}
