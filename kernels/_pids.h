/* May this process start more threads? Included by _openmp.h, and by _threads.pyx with it. */
#ifndef KERNELS_PIDS_H
#define KERNELS_PIDS_H

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>
#endif

enum { SPARE_PIDS = 2 }; /* left to others, who may start a thread at the same moment */

/* Files of the control groups that limit threads: the limit, or "max", and how many there are now. */
static struct { char *most, *now; } pids_files[16];
static int pids_groups = 0;

static void watch_pids(const char *most, const char *now)
{
    if (pids_groups < 16) {
        pids_files[pids_groups].most = strdup(most);
        pids_files[pids_groups++].now = strdup(now);
    }
}

#ifdef __linux__
static long number_in(const char *path) /* LONG_MAX: "max", or no such file */
{
    char text[24] = "";
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return LONG_MAX;
    if (read(file, text, sizeof text - 1) < 0)
        text[0] = '\0';
    close(file);
    return '0' <= text[0] && text[0] <= '9' ? strtol(text, NULL, 10) : LONG_MAX;
}

/* A quick look: could a limit be in the way of so many more threads? A user has no more than the system has. */
static int pids_are_scarce(int more)
{
    struct rlimit user;
    struct sysinfo system;
    int i;
    if (getrlimit(RLIMIT_NPROC, &user) || sysinfo(&system) || user.rlim_cur < (rlim_t)system.procs + more)
        return 1;
    for (i = 0; i < pids_groups; i++) {
        long most = number_in(pids_files[i].most);
        if (most != LONG_MAX && most - number_in(pids_files[i].now) < more)
            return 1;
    }
    return 0;
}
#else
static int pids_are_scarce(int more) { return more > 0; }
#endif

typedef struct { pthread_t thread; pthread_mutex_t *gate; long id; } Trial;

static void *pass_gate(void *arg)
{
    Trial *trial = arg;
    pthread_mutex_lock(trial->gate);
    pthread_mutex_unlock(trial->gate);
#ifdef __linux__
    trial->id = syscall(SYS_gettid);
#endif
    return NULL;
}

/* How many of so many threads can be there at once. Only a try tells: the kernel has more limits than one can read,
 * some for a part of the users, some of groups that a container does not see. */
static int try_threads(int wanted)
{
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    Trial *trials = malloc(wanted * sizeof *trials);
    int started = 0, i;
    if (trials == NULL)
        return 0;
    pthread_mutex_lock(&gate);
    for (; started < wanted; started++) {
        trials[started].gate = &gate;
        if (pthread_create(&trials[started].thread, NULL, pass_gate, &trials[started]))
            break;
    }
    pthread_mutex_unlock(&gate);
    for (i = 0; i < started; i++)
        pthread_join(trials[i].thread, NULL);
#ifdef __linux__
    for (i = 0; i < started; i++) { /* one that is joined counts for a moment more */
        int turns = 0;
        while (turns++ < 10000 && !syscall(SYS_tgkill, getpid(), trials[i].id, 0))
            sched_yield();
    }
#endif
    free(trials);
    return started;
}

#endif
