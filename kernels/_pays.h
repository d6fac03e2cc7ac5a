/* Do threads pay now? Included by _threads.pyx alone. Each calling thread remembers how its own calls went.
 *
 * A worker that has gone to sleep wakes too late for a short call: one alone stays on its caller, while calls in quick
 * succession wake the workers once they have had work enough. And beside a busy process the system takes a worker's CPU
 * away for milliseconds in the middle of its part: where that has cost more than threads bring, the caller works alone
 * for a while, and longer each time that it finds them late again.
 */
#ifndef KERNELS_PAYS_H
#define KERNELS_PAYS_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds, measured on two CPUs of an EPYC (Zen 4) under Linux 6.18. */
enum {
    GRAIN = 4000,      /* of work for one thread */
    AWAKE = 250000,    /* idle workers spin for so long (see _load.py), then sleep */
    LATE = 500000,     /* loss of time that sends the caller to work alone, */
    ALONE = 5000000,   /* for as long as the system's scheduler takes a CPU away, */
    LONGEST = 64 * 5000000, /* longer each time, and at most this long */
};
enum { WAKING = 150 };  /* grains that pay for waking workers, which takes 300 us: some 600 us of work for one thread */

static _Thread_local int64_t last_call, begun, own_done, lost, alone = ALONE, alone_until;
static _Thread_local double work_at_hand; /* grains in calls without a break */
static int always = 0; /* for tests: threads wherever there is work for two */

static void share_always(int on)
{
    always = on;
    last_call = lost = alone_until = 0;
    alone = ALONE;
}

static inline int64_t nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static inline int threads_pay(double grains)
{
    int64_t now = nanoseconds();
    if (now - last_call > AWAKE) work_at_hand = 0;
    last_call = now + GRAIN * (int64_t)(grains < 1e6 ? grains : 1e6); /* it ends then, if done alone */
    work_at_hand += grains;
    return always || (work_at_hand >= WAKING && now >= alone_until);
}

/* A region begins; its caller has done its own part; all have done theirs. */
static inline void begin_region(void) { begun = nanoseconds(); }
static inline void end_own_part(void) { own_done = nanoseconds(); }

static inline void end_region(int threads)
{
    int64_t now = nanoseconds(), loss = now - own_done - (threads - 1) * (own_done - begun);
    last_call = now;
    lost += loss > 0 ? loss : loss / 2; /* two threads are not twice as fast as one */
    if (lost > LATE) {
        alone_until = now + alone;
        alone = 4 * alone < LONGEST ? 4 * alone : LONGEST;
        lost = 0;
    } else if (lost < -ALONE) {
        alone = ALONE;
        lost = 0;
    }
}

#endif
