/* Child processes that answer lines, each in a setting of its own: a BLAS core, a BLAS flavour, numbers of threads. */
#include "bench.h"

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

server servers[MOST_SERVERS];
size_t n_servers;

enum { MOST_VARIABLES = 4 };

typedef struct setting { const char *name; int kinds; const char *variables[2 * MOST_VARIABLES + 2]; } setting;   /* name, value; value NULL: unset */

static void become(const setting *s, const char *const *argv, int in, int out) {
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    for (size_t i = 0; s->variables[i] != NULL; i += 2) {
        if (s->variables[i + 1] == NULL) unsetenv(s->variables[i]);
        else setenv(s->variables[i], s->variables[i + 1], 1);
    }
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

static void start(const setting *s, const char *const *argv) {
    int to[2], from[2];
    if (n_servers == MOST_SERVERS || pipe2(to, O_CLOEXEC) != 0 || pipe2(from, O_CLOEXEC) != 0) return;
    pid_t child = fork();
    if (child == 0) become(s, argv, to[0], from[1]);
    close(to[0]);
    close(from[1]);
    servers[n_servers++] = (server){ .name = s->name, .kinds = s->kinds, .pid = child, .ask = fdopen(to[1], "w"), .answer = fdopen(from[0], "r") };
}

/* Flavours as Debian lays them out. */
static void start_flavour(const char *self, const char *name, int kind) {
    static char folders[3][512];
    static size_t n;
    glob_t found;
    char pattern[128];
    const char *const argv[] = { self, "--serve", NULL };
    snprintf(pattern, sizeof pattern, "/usr/lib/*/openblas-%s/libopenblas.so.0", name);
    if (glob(pattern, 0, NULL, &found) == 0) {
        snprintf(folders[n], sizeof folders[n], "%s", found.gl_pathv[0]);
        *strrchr(folders[n], '/') = '\0';
        start(&(setting){ name, kind, { "LD_LIBRARY_PATH", folders[n++] } }, argv);
    }
    globfree(&found);
}

static void start_torch(void) {
    const char *const argv[] = { "/usr/bin/python3", "tests/bench/peers.py", NULL };
    start(&(setting){ "torch, 1 thread", TORCH_ONE | TORCH_TWO, { "OMP_NUM_THREADS", "1", "OPENBLAS_NUM_THREADS", "1" } }, argv);
    start(&(setting){ "torch, 2 threads", TORCH_TWO, { "OMP_NUM_THREADS", "2", "OPENBLAS_NUM_THREADS", "2" } }, argv);
    start(&(setting){ "torch, 2 threads that do not spin", TORCH_TWO,
                      { "OMP_NUM_THREADS", "2", "OPENBLAS_NUM_THREADS", "2", "OMP_WAIT_POLICY", "passive" } }, argv);
}

/* All in the environment as it is, with the BLAS core that OPENBLAS_CORETYPE names; where it names one, ours also as OpenBLAS chooses. */
void servers_start(const char *self) {
    const char *const argv[] = { self, "--serve", NULL }, *const native[] = { "build/native/bench/bench", "--serve", NULL };
    signal(SIGPIPE, SIG_IGN);
    start_torch();
    start(&(setting){ "ours", OURS, { NULL } }, argv);
    if (getenv("OPENBLAS_CORETYPE") != NULL) start(&(setting){ "ours, free choice of the core", FREE_CORE, { "OPENBLAS_CORETYPE", NULL } }, argv);
    if (access(native[0], X_OK) == 0) start(&(setting){ "ours, NATIVE=1", NATIVE, { NULL } }, native);
    start_flavour(self, "pthread", PTHREAD);
    start_flavour(self, "openmp", OPENMP);
    start_flavour(self, "serial", SERIAL);
}

void servers_stop(void) {
    for (size_t i = 0; i < n_servers; i++) {
        fclose(servers[i].ask);
        fclose(servers[i].answer);
        waitpid((pid_t)servers[i].pid, NULL, 0);
    }
}

bool server_time(server *s, const char *job, const char *net, int threads, double *seconds, char *why) {
    char line[160], *end;
    fprintf(s->ask, "%s %s %d\n", job, net, threads);
    fflush(s->ask);
    if (fgets(line, sizeof line, s->answer) == NULL) strcpy(line, "- does not answer\n");
    *seconds = strtod(line, &end);
    if (end != line && *seconds > 0) return true;
    line[strcspn(line, "\n")] = '\0';
    snprintf(why, 160, "%s", strncmp(line, "- ", 2) == 0 ? line + 2 : line);
    return false;
}
