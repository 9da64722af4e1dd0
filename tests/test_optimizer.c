/* A contract that every row of bnn_optimizers and bnn_schedules must keep, and each rule against a scalar retelling of its paper. */
#include "small_problem.h"
#include "optimizer/minimiser.h"
#include "optimizer/optimizer.h"

enum { N = 203, STEPS = 12 };

static bool is_elementwise(const bnn_variant *optimizer) { return ((const bnn_optimizer_row *)optimizer)->step != NULL; }

static bnn_config *config_of(const bnn_variant *optimizer) { return READ_SETS(set_of("optimizer.name", optimizer->name)); }

static void gradient_of(uint32_t t, size_t n, real *g) { bnn_rng_normals(numbers_key(1000 + t), 0, n, g); }
static double rate_of(uint32_t t) { return 0.05 / (1 + 0.1 * t); }

/* Runs `check` with a config of all defaults for every optimizer that works span by span. */
static void for_every_elementwise(void (*check)(const bnn_config *config, const char *name)) {
    for (size_t k = 0; bnn_optimizers[k] != NULL; k++) {
        if (!is_elementwise(bnn_optimizers[k])) continue;
        bnn_config *config = config_of(bnn_optimizers[k]);
        check(config, bnn_optimizers[k]->name);
        bnn_config_free(config);
    }
}

/* ---- the contract ---------------------------------------------------------------------------------------------------- */

/* STEPS steps from theta = 1 with the gradients above, in spans that end at `cut`, 2 cut, ..., the last one first; 0: whole. */
static void run(const bnn_config *config, size_t cut, double g_factor, double g_scale, real *theta) {
    bnn_optimizer optimizer;
    real g[N];
    assert_ok(bnn_optimizer_make(&optimizer, config, N));
    for (size_t i = 0; i < N; i++) theta[i] = 1;
    for (uint32_t t = 1; t <= STEPS; t++) {
        gradient_of(t, N, g);
        for (size_t i = 0; i < N; i++) g[i] = (real)(g_factor * (double)g[i]);
        bnn_optimizer_begin(&optimizer, t, rate_of(t), g_scale);
        if (cut == 0) optimizer.row->step(&optimizer, 0, N, g, theta);
        for (size_t spans = cut == 0 ? 0 : (N + cut - 1) / cut; spans-- > 0;) {
            size_t first = spans * cut, n = N - first < cut ? N - first : cut;
            optimizer.row->step(&optimizer, first, n, g + first, theta + first);
        }
    }
    bnn_optimizer_free(&optimizer);
}

static void check_spans(const bnn_config *config, const char *name) {
    const size_t cuts[] = { 64, 7, 1 };
    real whole[N], cut[N];
    run(config, 0, 1, 1, whole);
    for (int k = 0; k < 3; k++) {
        run(config, cuts[k], 1, 1, cut);
        if (memcmp(whole, cut, sizeof whole) != 0) fail_msg("%s: spans of %zu give other bits", name, cuts[k]);
    }
}

static void every_optimizer_works_span_by_span(void **state) {
    (void)state;
    for_every_elementwise(check_spans);
}

static void check_scale(const bnn_config *config, const char *name) {
    real scaled[N], plain[N];
    run(config, 0, 40, 1.0 / 40, scaled);
    run(config, 0, 1, 1, plain);
    for (size_t i = 0; i < N; i++)
        if (!is_close((double)scaled[i], (double)plain[i], IS_DOUBLE ? 1e-12 : 2e-5))
            fail_msg("%s: %g, %g", name, (double)scaled[i], (double)plain[i]);
    run(config, 0, 40, 1, plain);
    if (strstr(name, "ada") == NULL && strcmp(name, "rmsprop") != 0)        /* those hardly feel the scale */
        assert_false(is_close((double)scaled[0], (double)plain[0], 1e-3));
}

static void every_optimizer_multiplies_the_gradient_by_g_scale(void **state) {
    (void)state;
    for_every_elementwise(check_scale);
}

/* f = 1/2 sum c_i w_i^2 with c between .5 and 1.5, from w = 1: no rule may leave more than a hundredth of it. */
static void check_descent(const bnn_config *config, const char *name) {
    bnn_optimizer optimizer;
    real w[8], g[8];
    double f = 0;
    assert_ok(bnn_optimizer_make(&optimizer, config, 8));
    for (int i = 0; i < 8; i++) w[i] = 1;
    for (uint64_t t = 1; t <= 1000; t++) {
        for (int i = 0; i < 8; i++) g[i] = (real)(0.5 + i / 7.0) * w[i];
        bnn_optimizer_begin(&optimizer, t, 0.05, 1);
        optimizer.row->step(&optimizer, 0, 8, g, w);
    }
    for (int i = 0; i < 8; i++) f += 0.5 * (0.5 + i / 7.0) * (double)w[i] * (double)w[i];
    if (!(f < 0.04)) fail_msg("%s ends at %g, began at 4", name, f);
    bnn_optimizer_free(&optimizer);
}

static void every_optimizer_descends(void **state) {
    (void)state;
    for_every_elementwise(check_descent);
}

/* Rosenbrock's valley, minimum 0 at (1, 1). */
static bnn_status rosenbrock(void *context, const double *x, double *value, double *g) {
    double a = 1 - x[0], b = x[1] - x[0] * x[0];
    (void)context;
    *value = a * a + 100 * b * b;
    if (g == NULL) return BNN_OK;
    g[0] = -2 * a - 400 * x[0] * b;
    g[1] = 200 * b;
    return BNN_OK;
}

static void every_whole_batch_optimizer_finds_a_minimum(void **state) {
    (void)state;
    for (size_t k = 0; bnn_optimizers[k] != NULL; k++) {
        if (is_elementwise(bnn_optimizers[k])) continue;
        bnn_config *config = config_of(bnn_optimizers[k]);
        bnn_optimizer optimizer;
        bnn_minimiser minimiser;
        bnn_minimiser_answer answer = BNN_MINIMISER_MOVED;
        assert_non_null(((const bnn_optimizer_row *)bnn_optimizers[k])->algorithm);
        assert_ok(bnn_optimizer_make(&optimizer, config, 2));
        bnn_objective objective = { .n = 2, .at = rosenbrock };
        assert_ok(bnn_minimiser_make(&minimiser, &optimizer, objective, 0.01, (double[]){ -1.2, 1 }));
        for (int step = 0; step < 2000 && answer == BNN_MINIMISER_MOVED; step++) assert_ok(bnn_minimiser_step(&minimiser, &answer));
        assert_int_not_equal(answer, BNN_MINIMISER_MOVED);     /* stuck is fine too, where values cannot fall any more */
        assert_true(fabs(bnn_minimiser_x(&minimiser)[0] - 1) < 1e-3 && bnn_minimiser_value(&minimiser) < 1e-6);
        bnn_minimiser_free(&minimiser);
        bnn_optimizer_free(&optimizer);
        bnn_config_free(config);
    }
}

/* ---- each rule by itself --------------------------------------------------------------------------------------------- */

/* One weight, its gradient, the step, and what the rule remembers (zero at first). */
typedef struct scalar { double w, m, v; } scalar;

/* theta_t = theta_{t-1} - lr g */
static void sgd(scalar *s, double g, double lr, int t) { (void)t; s->w -= lr * g; }

/* Kingma & Ba 2015, algorithm 1, with the options set below */
static void adam(scalar *s, double g, double lr, int t) {
    s->m = 0.8 * s->m + 0.2 * g;
    s->v = 0.95 * s->v + 0.05 * g * g;
    double m_hat = s->m / (1 - pow(0.8, t)), v_hat = s->v / (1 - pow(0.95, t));
    s->w -= lr * m_hat / (sqrt(v_hat) + 0.01);
}

/* Loshchilov & Hutter 2019, algorithm 2, with lr as the schedule multiplier too, as PyTorch has it */
static void adamw(scalar *s, double g, double lr, int t) {
    double shrunk = lr * 0.3 * s->w;
    adam(s, g, lr, t);
    s->w -= shrunk;
}

/* PyTorch's SGD(momentum = .7) and SGD(momentum = .7, nesterov = True), as its manual writes them */
static void momentum(scalar *s, double g, double lr, int t) { (void)t; s->m = 0.7 * s->m + g; s->w -= lr * s->m; }
static void nesterov(scalar *s, double g, double lr, int t) { (void)t; s->m = 0.7 * s->m + g; s->w -= lr * (g + 0.7 * s->m); }

/* Duchi et al. 2011: steps lr g / sqrt(sum of g^2); PyTorch adds epsilon outside the root */
static void adagrad(scalar *s, double g, double lr, int t) { (void)t; s->v += g * g; s->w -= lr * g / (sqrt(s->v) + 0.01); }

/* Tieleman & Hinton 2012, lecture 6e */
static void rmsprop(scalar *s, double g, double lr, int t) {
    (void)t;
    s->v = 0.9 * s->v + 0.1 * g * g;
    s->w -= lr * g / (sqrt(s->v) + 0.01);
}

static const struct { const char *sets[5]; void (*step)(scalar *s, double g, double lr, int t); } rules[] = {
    { { "optimizer.name=sgd", "", "", "", "" }, sgd },
    { { "optimizer.name=adam", "optimizer.beta1=0.8", "optimizer.beta2=0.95", "optimizer.epsilon=0.01", "" }, adam },
    { { "optimizer.name=adamw", "optimizer.beta1=0.8", "optimizer.beta2=0.95", "optimizer.epsilon=0.01",
        "optimizer.weight_decay=0.3" }, adamw },
    { { "optimizer.name=momentum", "optimizer.momentum=0.7", "", "", "" }, momentum },
    { { "optimizer.name=nesterov", "optimizer.momentum=0.7", "", "", "" }, nesterov },
    { { "optimizer.name=adagrad", "optimizer.epsilon=0.01", "", "", "" }, adagrad },
    { { "optimizer.name=rmsprop", "optimizer.alpha=0.9", "optimizer.epsilon=0.01", "", "" }, rmsprop },
};
enum { RULES = sizeof rules / sizeof *rules };

/* Largest |theta - retold theta| after STEPS steps. */
static double worst_difference(size_t rule, void (*step)(scalar *s, double g, double lr, int t)) {
    bnn_config *config = read_sets(5, rules[rule].sets);
    real theta[N], g[N];
    double worst = 0;
    run(config, 0, 1, 1, theta);
    for (size_t i = 0; i < N; i++) {
        scalar s = { .w = 1 };
        for (int t = 1; t <= STEPS; t++) {
            gradient_of((uint32_t)t, N, g);
            step(&s, (double)g[i], rate_of((uint32_t)t), t);
        }
        worst = fmax(worst, fabs((double)theta[i] - s.w));
    }
    bnn_config_free(config);
    return worst;
}

/* Every rule against its own paper and, planted fault, against all others. */
static void rules_match_their_papers(void **state) {
    (void)state;
    for (size_t k = 0; k < RULES; k++)
        for (size_t other = 0; other < RULES; other++) {
            double worst = worst_difference(k, rules[other].step);
            bool is_same = worst <= (IS_DOUBLE ? 1e-13 : 2e-5);     /* float: 1 - beta is rounded, and 12 steps of .05 add up */
            if (is_same != (k == other)) fail_msg("%s, rule %zu: off by %g", rules[k].sets[0], other, worst);
        }
}

/* ---- the same against PyTorch itself --------------------------------------------------------------------------------- */

/* theta after 5 steps with lr = .1 from (1, -.5, .25), gradient of step t: (1, .3, 2) theta + (-.25 for odd t, .5 for even t).
 * Computed in double by torch 2.13.0: torch.optim.SGD, Adagrad, RMSprop, Adam and AdamW, the keys as torch's arguments of the same
 * meaning, others at torch's defaults. */
static const struct { const char *sets[5]; double theta[3]; } torch_figures[] = {
    { { "optimizer.name=sgd", "", "", "", "" }, { 0.5706925, -0.4528458426, 0.06756 } },
    { { "optimizer.name=momentum", "optimizer.momentum=.8", "", "", "" }, { 0.0300924999999999, -0.4061530586, -0.15884 } },
    { { "optimizer.name=nesterov", "optimizer.momentum=.8", "", "", "" }, { -0.0212170136000001, -0.385340509013568, -0.1108341632 } },
    { { "optimizer.name=adagrad", "", "", "", "" }, { 0.696440704785373, -0.414947900030415, 0.0317968714935314 } },
    { { "optimizer.name=adagrad", "optimizer.initial_accumulator_value=.5", "optimizer.epsilon=1e-3", "", "" },
      { 0.734810898230908, -0.450508296065831, 0.0882984365838706 } },
    { { "optimizer.name=rmsprop", "", "", "", "" }, { 0.0621790000655898, -0.0902131588620684, 0.248909557963129 } },
    { { "optimizer.name=rmsprop", "optimizer.alpha=.9", "optimizer.momentum=.5", "optimizer.epsilon=1e-3", "" },
      { -0.20664397899312, -0.208743752790458, -0.0436561283241558 } },
    { { "optimizer.name=adam", "", "", "", "" }, { 0.527022696883686, -0.35511028486079, -0.107870563395337 } },
    { { "optimizer.name=adamw", "", "", "", "" }, { 0.523112389818423, -0.35324872527826, -0.108018701223348 } },
    { { "optimizer.name=adamw", "optimizer.beta1=.8", "optimizer.beta2=.95", "optimizer.weight_decay=.2", "optimizer.epsilon=1e-3" },
      { 0.455036583326932, -0.328968167150308, -0.0988636841955537 } },
};

static void take_torch_steps(const bnn_config *config, double lr, real *theta) {
    static const real a[3] = { 1, (real)0.3, 2 };
    bnn_optimizer optimizer;
    assert_ok(bnn_optimizer_make(&optimizer, config, 3));
    for (uint64_t t = 1; t <= 5; t++) {
        real g[3];
        for (int i = 0; i < 3; i++) g[i] = 40 * (a[i] * theta[i] + (real)(t % 2 == 0 ? 0.5 : -0.25));
        bnn_optimizer_begin(&optimizer, t, lr, 1.0 / 40);     /* nats of 40 rows */
        optimizer.row->step(&optimizer, 0, 3, g, theta);
    }
    bnn_optimizer_free(&optimizer);
}

static void optimizers_match_pytorch(void **state) {
    (void)state;
    const double tolerance = IS_DOUBLE ? 1e-12 : 2e-5;     /* as above */
    for (size_t k = 0; k < sizeof torch_figures / sizeof *torch_figures; k++) {
        const char *const *sets = torch_figures[k].sets;
        bnn_config *config = read_sets(5, sets);
        real theta[3] = { 1, (real)-0.5, (real)0.25 }, wrong[3] = { 1, (real)-0.5, (real)0.25 };
        take_torch_steps(config, 0.1, theta);
        take_torch_steps(config, 0.102, wrong);
        for (int i = 0; i < 3; i++) {
            if (!is_close((double)theta[i], torch_figures[k].theta[i], tolerance))
                fail_msg("case %zu, %s: theta[%d] = %.12g, torch has %.12g", k, sets[0], i, (double)theta[i], torch_figures[k].theta[i]);
            assert_false(is_close((double)wrong[i], torch_figures[k].theta[i], tolerance));   /* the comparison can fail */
        }
        bnn_config_free(config);
    }
}

static void weight_decay_spares_what_is_not_a_weight(void **state) {
    (void)state;
    bnn_config *config = READ_SETS("optimizer.name=adamw", "optimizer.weight_decay=0.5");
    bnn_optimizer optimizer;
    real theta[2] = { 1, 1 }, g[2] = { 0, 0 };
    assert_ok(bnn_optimizer_make(&optimizer, config, 2));
    optimizer.n_decayed = 1;
    bnn_optimizer_begin(&optimizer, 1, 0.1, 1);
    optimizer.row->step(&optimizer, 0, 1, g, theta);
    optimizer.row->step(&optimizer, 1, 1, g, theta + 1);
    assert_close((double)theta[0], 0.95, 1e-7);
    assert_true(theta[1] == 1);
    bnn_optimizer_free(&optimizer);
    bnn_config_free(config);
}

/* ---- schedules ------------------------------------------------------------------------------------------------------- */

typedef struct schedule_case {
    bnn_config            *config;
    const bnn_schedule    *schedule;
    bnn_optimizer_options  base;
    void                  *options;
    bnn_arena              arena;
} schedule_case;

static schedule_case schedule_make(bnn_config *config) {
    schedule_case t = { .config = config, .schedule = (const bnn_schedule *)bnn_config_variant(config, "optimizer", "schedule") };
    t.options = bnn_arena_take(&t.arena, 1, t.schedule->head.size);
    bnn_config_fill(config, "optimizer", bnn_optimizer_rows, &t.base);
    if (t.schedule->head.size > 0) bnn_config_fill(config, "optimizer", t.schedule->head.options, t.options);
    return t;
}

static void schedule_free(schedule_case *t) {
    bnn_arena_free(&t->arena);
    bnn_config_free(t->config);
}

enum { EPOCH = 10, LAST = 1001 };

static double rate_at(const schedule_case *t, uint64_t step) {
    return bnn_schedule_lr(t->schedule, t->options, &t->base, (bnn_clock){ .t = step, .n_steps = LAST, .epoch_steps = EPOCH });
}

static void every_schedule_starts_at_lr_and_never_rises(void **state) {
    (void)state;
    for (size_t k = 0; bnn_schedules[k] != NULL; k++) {
        schedule_case t = schedule_make(READ_SETS(set_of("optimizer.schedule", bnn_schedules[k]->name), "optimizer.lr=0.3"));
        assert_close(rate_at(&t, 1), 0.3, 1e-15);
        for (uint64_t step = 2; step <= LAST; step++) {
            double rate = rate_at(&t, step);
            if (!(rate >= 0 && rate <= rate_at(&t, step - 1)))
                fail_msg("%s: %g at step %d", bnn_schedules[k]->name, rate, (int)step);
        }
        assert_close(bnn_schedule_lr(t.schedule, t.options, &t.base, (bnn_clock){ 1, 1, 1 }), 0.3, 1e-15);
        schedule_free(&t);
    }
}

/* By hand, from the formulas in schedule.c's opening comment; LAST steps of EPOCH an epoch, lr .8. */
static void schedules_match_their_formulas(void **state) {
    (void)state;
    const struct { const char *sets[3]; double first, middle, last; } cases[] = {
        { { "optimizer.schedule=constant", "", "" }, 0.8, 0.8, 0.8 },
        { { "optimizer.schedule=cosine", "", "" }, 0.8, 0.4, 0 },
        { { "optimizer.schedule=cosine", "optimizer.lr_final=0.2", "" }, 0.8, 0.5, 0.2 },
        { { "optimizer.schedule=step", "optimizer.step_every=25", "optimizer.step_factor=0.1" }, 0.8, 0.008, 0.00008 },
        { { "optimizer.schedule=inverse", "optimizer.decay=0.02", "" }, 0.8, 0.4, 0.8 / 3 },
        { { "optimizer.schedule=exponential", "optimizer.decay=0.02", "" }, 0.8, 0.8 / M_E, 0.8 / M_E / M_E },
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        schedule_case t = schedule_make(READ_SETS(cases[k].sets[0], cases[k].sets[1], cases[k].sets[2], "optimizer.lr=0.8"));
        assert_close(rate_at(&t, 1), cases[k].first, 1e-15);
        assert_close(rate_at(&t, 501), cases[k].middle, 1e-15);      /* 50 epochs done */
        assert_close(rate_at(&t, LAST), cases[k].last, 1e-15);       /* 100 epochs done */
        schedule_free(&t);
    }
}

static void step_schedule_falls_at_whole_epochs(void **state) {
    (void)state;
    schedule_case t = schedule_make(READ_SETS("optimizer.schedule=step", "optimizer.step_every=2", "optimizer.lr=1"));
    assert_close(rate_at(&t, 2 * EPOCH), 1, 0);
    assert_close(rate_at(&t, 2 * EPOCH + 1), 0.5, 0);
    schedule_free(&t);
}

static void warmup_rises_in_a_straight_line(void **state) {
    (void)state;
    schedule_case t = schedule_make(READ_SETS("optimizer.warmup=2", "optimizer.lr=1"));
    assert_close(rate_at(&t, 1), 0.05, 1e-15);
    assert_close(rate_at(&t, EPOCH), 0.5, 1e-15);
    assert_close(rate_at(&t, 2 * EPOCH), 1, 0);
    assert_close(rate_at(&t, LAST), 1, 0);
    schedule_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_optimizer_works_span_by_span),
        cmocka_unit_test(every_optimizer_multiplies_the_gradient_by_g_scale),
        cmocka_unit_test(every_optimizer_descends),
        cmocka_unit_test(every_whole_batch_optimizer_finds_a_minimum),
        cmocka_unit_test(rules_match_their_papers),
        cmocka_unit_test(optimizers_match_pytorch),
        cmocka_unit_test(weight_decay_spares_what_is_not_a_weight),
        cmocka_unit_test(every_schedule_starts_at_lr_and_never_rises),
        cmocka_unit_test(schedules_match_their_formulas),
        cmocka_unit_test(step_schedule_falls_at_whole_epochs),
        cmocka_unit_test(warmup_rises_in_a_straight_line),
    };
    return RUN(tests);
}
