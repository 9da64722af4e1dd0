/* The rows: what is compared, and the bounds that issue and design set for it. */
#include "bench.h"

#define LARGE "784-1200-1200-10"
#define SMALLER "784-400-400-10"
#define TINY "13-50-1"

/* One line of the table for one net. */
#define PAIR(group, name, net, job_a, kinds_a, threads_a, job_b, kinds_b, threads_b, must, aim, is_least)                       \
    { group, name, { kinds_a, job_a, net, threads_a }, { kinds_b, job_b, net, threads_b }, must, aim, is_least }
#define OURS_AT_MOST(name, net, a, b, must, aim) PAIR(net, name, net, a, OURS, 2, b, OURS, 2, must, aim, false)
#define TORCH_AT_LEAST(name, net, peer, kinds, job, threads, must, aim)                                                         \
    PAIR(net, name, net, peer, kinds, threads, job, OURS, threads, must, aim, true)

#define NET(net, map, map_aim, floor, floor_aim, flat, flat_aim, modules, modules_aim, flat_one, modules_one, mixture, torch_map)       \
    OURS_AT_MOST("bbb step / our map step", net, "bbb", "map", map, map_aim),                                                   \
    OURS_AT_MOST("bbb step / products alone", net, "bbb", "products", floor, floor_aim),                                        \
    OURS_AT_MOST("bbb step / products by our own kernels", net, "bbb", "products_own", 0, 0),                                   \
    TORCH_AT_LEAST("PyTorch bbb, best by hand / bbb step", net, "bbb", TORCH_TWO, "bbb", 2, flat, flat_aim),                    \
    TORCH_AT_LEAST("by hand, log sd", net, "bbb_log_sd", TORCH_TWO, "bbb", 2, 0, 0),                                            \
    TORCH_AT_LEAST("by hand, softplus", net, "bbb_softplus", TORCH_TWO, "bbb", 2, 0, 0),                                        \
    TORCH_AT_LEAST("PyTorch bbb of modules / bbb step", net, "modules", TORCH_TWO, "bbb", 2, modules, modules_aim),             \
    TORCH_AT_LEAST("best by hand, one thread", net, "bbb", TORCH_ONE, "bbb", 1, flat_one, 0),                                   \
    TORCH_AT_LEAST("of modules, one thread", net, "modules", TORCH_ONE, "bbb", 1, modules_one, 0),                              \
    TORCH_AT_LEAST("PyTorch mixture of modules / bbb mixture", net, "mixture", TORCH_TWO, "bbb_mixture", 2, 0, 0),              \
    OURS_AT_MOST("bbb mixture, Monte Carlo / gaussian", net, "bbb_mixture", "bbb", mixture, 0),                                 \
    TORCH_AT_LEAST("PyTorch map step / our map step", net, "map", TORCH_TWO, "map", 2, torch_map, 0),                           \
    OURS_AT_MOST("map step / products alone", net, "map", "products", 0, 0),                                                    \
    OURS_AT_MOST("bbb local_reparam / map", net, "bbb_local", "map", 0, 0),                                                     \
    OURS_AT_MOST("bbb local_reparam, mixture / map", net, "bbb_local_mixture", "map", 0, 0),                                    \
    OURS_AT_MOST("bbb flipout / map", net, "bbb_flipout", "map", 0, 0),                                                         \
    OURS_AT_MOST("bbb flipout, mixture / map", net, "bbb_flipout_mixture", "map", 0, 0)

#define SAME_OF(name, net, kind, bound) PAIR("builds", name, net, "bbb", kind, 2, "bbb", OURS, 2, bound, 0, false)

#define NATIVE_OF(name, net) PAIR("builds", name, net, "bbb", NATIVE, 2, "bbb", OURS, 2, 0.95, 0, true)

#define PRODUCTS(name, net, kind) PAIR("builds", name, net, "products", kind, 2, "products_own", OURS, 2, 0, 0, true)

/* A curvature or prediction of ours, 10,000 rows, in steps of 128 rows; then a peer of the same job, in two settings of threads. */
#define MODEL(name, job) PAIR("models", name, SMALLER, job, OURS, 2, "map", OURS, 2, 0, 0, false)
#define PEER(name, job, kinds, threads, must) PAIR("models", name, SMALLER, job, kinds, threads, job, OURS, threads, must, 0, true)
#define PEERS(name, job, must) PEER("PyTorch / ours, " name, job, TORCH_TWO, 2, must), PEER("one thread, " name, job, TORCH_ONE, 1, must)

const row rows[] = {
    NET(LARGE, 1.35, 1.20, 1.45, 1.30, 2.2, 2.8, 2.8, 3.5, 1.9, 2.3, 1.25, 1.35),
    NET(SMALLER, 1.40, 1.25, 1.50, 1.35, 2.6, 3.2, 3.5, 4.5, 1.9, 2.6, 1.3, 1.6),
    NET(TINY, 1.5, 1.4, 2.5, 2.0, 18, 25, 140, 180, 18, 140, 1.8, 50),
    PAIR("threads", "one thread / two, 1200", LARGE, "bbb", OURS, 1, "bbb", OURS, 2, 1.65, 0, true),
    PAIR("threads", "one thread / two, 400", SMALLER, "bbb", OURS, 1, "bbb", OURS, 2, 1.65, 0, true),
    NATIVE_OF("NATIVE=1 / ours, 1200", LARGE),
    NATIVE_OF("NATIVE=1 / ours, 400", SMALLER),
    NATIVE_OF("NATIVE=1 / ours, 13-50-1", TINY),
    SAME_OF("pthread OpenBLAS / ours, 400", SMALLER, PTHREAD, 1.10),
    SAME_OF("OpenMP OpenBLAS / ours, 400", SMALLER, OPENMP, 1.10),
    SAME_OF("serial OpenBLAS / ours, 400", SMALLER, SERIAL, 1.10),
    SAME_OF("OpenBLAS left to choose its core / ours, 400", SMALLER, FREE_CORE, 0),
    SAME_OF("OpenBLAS left to choose its core / ours, 1200", LARGE, FREE_CORE, 0),
    PRODUCTS("products by OpenBLAS / by ours, 1200", LARGE, OURS),
    PRODUCTS("products by OpenBLAS / by ours, 400", SMALLER, OURS),
    PRODUCTS("the same, left to choose its core, 1200", LARGE, FREE_CORE),
    PRODUCTS("the same, left to choose its core, 400", SMALLER, FREE_CORE),
    MODEL("diag empirical Fisher, 10,000 rows / map steps", "diag_fisher"),
    MODEL("diag GGN, one sampled label", "diag_sampled"),
    MODEL("diag GGN", "diag_ggn"),
    MODEL("kron factors", "kron_ggn"),
    MODEL("kron factors, last layer", "kron_last"),
    MODEL("full GGN, last layer", "full_last"),
    MODEL("prediction, 10,000 rows, one draw", "predict"),
    MODEL("the same, first layer local", "predict_local"),
    PEERS("diag empirical Fisher", "diag_fisher", 1.4),
    PEERS("diag GGN", "diag_ggn", 1.6),
    PEERS("kron factors", "kron_ggn", 1.8),
    PEERS("full GGN, last layer", "full_last", 0),
    PEERS("prediction", "predict", 0),
    PEERS("prediction, first layer local", "predict_local", 0),
    PAIR("files", "CSV of 100 MB / libcsv with empty callbacks", "-", "read_csv", OURS, 1, "empty_csv", OURS, 1, 1.5, 0, false),
    PAIR("files", "60,000 MNIST images (.gz) / zcat", "$DATA", "read_idx", OURS, 1, "zcat", OURS, 1, 1.3, 0, false),
    PAIR("programs", "bnn --help, seconds", "build/bnn", "start_help", OURS, 1, NULL, 0, 0, 0.010, 0, false),
    PAIR("programs", "sin40 demo, processor seconds", "build/bnn", "train_sin40", OURS, 1, NULL, 0, 0, 3, 0, false),
};

const size_t n_rows = sizeof rows / sizeof *rows;
