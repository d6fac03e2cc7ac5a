/* Copies of operands are read all over: in pages of 4 KiB the CPU would keep looking up where they are.
 * Included by gemm.pyx alone. */
#include <stddef.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

enum { HUGE_PAGE = 1 << 21 };

/* Ask for huge pages before the first use of this memory, which begins at a multiple of their size. */
static inline void use_huge_pages(void *memory, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    madvise(memory, bytes, MADV_HUGEPAGE); /* where there are none, the pages are small */
#else
    (void)memory, (void)bytes;
#endif
}
