/* The asking side of the benchmark: servers that answer, measurements that are asked round by round, rows that compare two of them. */
#ifndef BNN_TESTS_BENCH_BENCH_H
#define BNN_TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Who can be asked; an operand names one of them or a set, whose fastest counts. */
enum {
    OURS = 1 << 0, FREE_CORE = 1 << 1, NATIVE = 1 << 2, PTHREAD = 1 << 3, OPENMP = 1 << 4, SERIAL = 1 << 5,
    TORCH_ONE = 1 << 6, TORCH_TWO = 1 << 7
};

/* ---- servers.c ------------------------------------------------------------------------------------------------------- */

typedef struct server {
    const char *name;             /* "torch, 2 threads, SkylakeX"                             */
    int         kinds;            /* bits above                                               */
    long        pid;
    FILE       *ask, *answer;     /* NULL: not there                                          */
} server;

enum { MOST_SERVERS = 16 };
extern server servers[MOST_SERVERS];
extern size_t n_servers;

/* Starts what is there: this program itself in several settings, its native build, peers.py. */
void servers_start(const char *self);
void servers_stop(void);

/* Seconds; false: `why` [160] says why not. */
bool server_time(server *s, const char *job, const char *net, int threads, double *seconds, char *why);

/* ---- table.c --------------------------------------------------------------------------------------------------------- */

typedef struct operand { int kinds; const char *job, *net; int threads; } operand;

typedef struct row {
    const char *group, *name;
    operand     a, b;             /* the ratio a / b; b.job NULL: a alone, in seconds         */
    double      must, aim;        /* bounds of it, 0: none                                    */
    bool        is_least;         /* bounds from below                                        */
} row;

extern const row rows[];
extern const size_t n_rows;

/* ---- bench.c --------------------------------------------------------------------------------------------------------- */

enum { MOST_ROUNDS = 99 };

/* One thing asked of one server, round by round. */
typedef struct measure {
    operand what;
    server *from;
    size_t  n;
    double  times[MOST_ROUNDS];
    char    why[160];             /* no answer; "": none yet */
} measure;

#endif
