/* Fits that are stopped and go on: the same bits as if nothing had happened, from every step, on any number of threads. */
#include "fitting.h"
#include "base/rng.h"

/* ---- data ------------------------------------------------------------------------------------------------------------ */

enum { ROWS = 80, VALID_ROWS = 30, MOST_EPOCHS = 24, MOST_LAYERS = 4 };

/* Three classes with shifted means. */
static bnn_dataset *three_classes(uint32_t which, size_t n, size_t d) {
    bnn_dataset *data = NULL;
    real *z = malloc(n * d * sizeof *z);
    double *x = malloc(n * d * sizeof *x), *y = malloc(n * sizeof *y);
    bnn_rng_normals(bnn_key_make(12, BNN_PURPOSE_TEST, which, 0, 0), 0, n * d, z);
    for (size_t i = 0; i < n; i++) {
        y[i] = (double)(i % 3);
        for (size_t j = 0; j < d; j++) x[i * d + j] = (double)z[i * d + j] + 0.3 * y[i] * (double)(j % 3);
    }
    assert_ok(bnn_dataset_make(&data, n, d, x, 1, y, 3));
    free(z);
    free(x);
    free(y);
    return data;
}

/* ---- checkpoints in memory ------------------------------------------------------------------------------------------- */

static void copy_file(bnn_tensor_file *copy, size_t n, const bnn_tensor *tensors, const json_t *facts) {
    size_t size = 0, at = 0;
    for (size_t i = 0; i < n; i++) size += bnn_tensor_count(&tensors[i]) * sizeof(real);
    *copy = (bnn_tensor_file){ .n = n, .tensors = calloc(n, sizeof *tensors), .metadata = json_deep_copy(facts),
                               .storage = malloc(size + n * 64) };
    char *names = (char *)copy->storage + size;
    for (size_t i = 0; i < n; i++) {
        size_t bytes = bnn_tensor_count(&tensors[i]) * sizeof(real);
        copy->tensors[i] = tensors[i];
        copy->tensors[i].data = memcpy((char *)copy->storage + at, tensors[i].data, bytes);
        copy->tensors[i].name = strcpy(names + i * 64, tensors[i].name);
        at += bytes;
    }
}

static bool is_same_checkpoint(const bnn_tensor_file *a, const bnn_tensor_file *b) {
    if (a->n != b->n || !json_equal(a->metadata, b->metadata)) return false;
    for (size_t i = 0; i < a->n; i++) {
        const bnn_tensor *one = &a->tensors[i], *other = bnn_tensors_find(b, one->name);
        if (other == NULL || bnn_tensor_count(one) != bnn_tensor_count(other)) return false;
        if (memcmp(one->data, other->data, bnn_tensor_count(one) * sizeof(real)) != 0) return false;
    }
    return true;
}

/* ---- a fit under watch ----------------------------------------------------------------------------------------------- */

enum { MOST_STEPS = 256, MOST_NOTES = 3 };

typedef struct saying { uint64_t step; char text[256]; } saying;

/* Saves at every step (first <= step <= last) and stops at the last; keeps the first epochs' records by their number. */
typedef struct watch {
    uint64_t        first, last;      /* last 0: goes on to the end */
    uint64_t        step;
    bnn_tensor_file saved[MOST_STEPS];
    bnn_epoch       epochs[MOST_EPOCHS];
    double          kl_layers[MOST_EPOCHS][MOST_LAYERS];     /* what their pointers led to */
    saying          notes[MOST_NOTES];
    int             n_notes;
} watch;

static bnn_answer watch_step(void *context, uint64_t step) {
    watch *w = context;
    assert_true(step < MOST_STEPS);
    w->step = step;
    return step == w->last ? BNN_STOP : step >= w->first ? BNN_SAVE : BNN_GO_ON;
}

static bnn_answer watch_epoch(void *context, const bnn_epoch *record) {
    watch *w = context;
    if (record->epoch >= MOST_EPOCHS) return BNN_GO_ON;
    assert_true(record->n_layers <= MOST_LAYERS);
    w->epochs[record->epoch] = *record;
    w->epochs[record->epoch].kl_layers = NULL;
    for (size_t l = 0; l < record->n_layers; l++) w->kl_layers[record->epoch][l] = record->kl_layers[l];
    return BNN_GO_ON;
}

static void watch_note(void *context, const char *line) {
    watch *w = context;
    assert_true(w->n_notes < MOST_NOTES);
    saying *note = &w->notes[w->n_notes++];
    note->step = w->step;
    snprintf(note->text, sizeof note->text, "%s", line);
}

static bnn_status keep(void *context, size_t n, const bnn_tensor *tensors, const json_t *facts) {
    watch *w = context;
    copy_file(&w->saved[w->step], n, tensors, facts);
    return BNN_OK;
}

static void watch_free(watch *w) {
    for (int i = 0; i < MOST_STEPS; i++) bnn_tensors_free(&w->saved[i]);
    *w = (watch){0};
}

typedef struct setting { bnn_config *config; bnn_dataset *train, *valid; } setting;

static bnn_status run(bnn_model **model, const setting *s, watch *w, const bnn_tensor_file *resume) {
    bnn_observer observer = { .context = w, .step = watch_step, .epoch = watch_epoch, .note = watch_note };
    bnn_fit_hooks hooks = { .observer = &observer, .save = keep, .context = w, .resume = resume };
    return bnn_fit_run(model, s->config, s->train, s->valid, &hooks);
}

/* ---- every step of every method -------------------------------------------------------------------------------------- */

enum { MOST_WORDS = 5 };

typedef struct resume_case { const char *words[MOST_WORDS]; bool has_valid; } resume_case;

static const resume_case cases[] = {
    { { "method.name=map" }, false },
    { { "method.name=map", "optimizer.name=momentum", "optimizer.schedule=cosine", "optimizer.warmup=1", "train.input_noise_sd=0.1" }, true },
    { { "method.name=bbb" }, true },
    { { "method.name=bbb", "method.samples=2", "method.antithetic=yes", "optimizer.name=rmsprop" }, false },
    { { "method.name=bbb", "method.estimator=local_reparam", "train.clip_norm=0.1" }, false },
    { { "method.name=bbb", "method.estimator=flipout", "method.samples=2", "method.kl_warmup=3" }, false },
    { { "method.name=bbb", "method.kl_weight=blundell", "method.spread=softplus" }, false },
    { { "method.name=bbb", "prior.name=scale_mixture", "method.kl=monte_carlo", "net.dropout=0.2" }, false },
    { { "method.name=bbb", "train.patience=1", "optimizer.lr=0.1", "prior.sd=0.3" }, true },
    { { "method.name=bbb", "method.members=3", "method.samples=2" }, false },
    { { "method.name=bbb", "method.members=2", "train.patience=1", "optimizer.lr=0.1", "prior.sd=0.3" }, true },
    { { "method.name=mc_dropout", "net.dropout=0.2", "net.input_dropout=0.1" }, false },
    { { "method.name=ensemble", "method.members=3" }, false },
    { { "method.name=ensemble", "method.members=3", "train.patience=3", "optimizer.lr=0.3" }, true },   /* not all of them stop early */
};

enum { N_CASES = sizeof cases / sizeof cases[0] };

/* Five epochs of ten batches. */
static setting setting_make(const resume_case *c, bool is_large) {
    size_t d = is_large ? 200 : 5;
    setting s = { .config = CONFIG("likelihood.name=categorical", "train.epochs=5", "train.batch=8", "optimizer.lr=0.01") };
    assert_ok(bnn_config_set(s.config, "net", "hidden", is_large ? "256, 256" : "6"));
    for (int i = 0; i < MOST_WORDS && c->words[i] != NULL; i++) {
        char word[64];
        snprintf(word, sizeof word, "%s", c->words[i]);
        char *key = strchr(word, '.'), *value = strchr(word, '=');
        *key++ = *value++ = '\0';
        assert_ok(bnn_config_set(s.config, word, key, value));
    }
    s.train = three_classes(0, ROWS, d);
    if (c->has_valid) s.valid = three_classes(1, VALID_ROWS, d);
    return s;
}

static void setting_free(setting *s) {
    bnn_config_free(s->config);
    bnn_dataset_free(s->train);
    bnn_dataset_free(s->valid);
}

static void put_threads(const setting *s, uint64_t number) { set_number(s->config, "run", "threads", (double)(1 + number % 2)); }

static bool is_same_model(const bnn_model *a, const bnn_model *b) {
    const bnn_posterior *p = &a->posterior, *q = &b->posterior;
    if (p->row != q->row || p->n_arrays != q->n_arrays || p->n_params != q->n_params || !json_equal(a->facts, b->facts)) return false;
    for (size_t i = 0; i < p->n_arrays; i++)
        if (memcmp(p->arrays[i].at, q->arrays[i].at, p->arrays[i].copies * p->n_params * sizeof(real)) != 0) return false;
    return true;
}

/* The records of the epochs that came after `from` was saved. */
static void assert_same_epochs(const watch *whole, const watch *part, int number, uint64_t cut) {
    for (int e = 1; e < MOST_EPOCHS; e++)
        if (part->epochs[e].epoch != 0 && (memcmp(&part->epochs[e], &whole->epochs[e], sizeof part->epochs[e]) != 0
                                           || memcmp(part->kl_layers[e], whole->kl_layers[e], sizeof part->kl_layers[e]) != 0))
            fail_msg("case %d cut at step %d: epoch %d has another record", number, (int)cut, e);
}

/* The notes that came at step `cut` or later. */
static void assert_same_notes(const watch *whole, const watch *part, int number, uint64_t cut) {
    int n = 0;
    while (n < whole->n_notes && whole->notes[n].step < cut) n++;
    bool is_same = whole->n_notes - n == part->n_notes;
    for (int i = 0; is_same && i < part->n_notes; i++)
        is_same = part->notes[i].step == whole->notes[n + i].step && strcmp(part->notes[i].text, whole->notes[n + i].text) == 0;
    if (!is_same) fail_msg("case %d cut at step %d: other notes", number, (int)cut);
}

/* Goes on from the checkpoint of step `cut` to the end. */
static void check_rest(const setting *s, watch *whole, const bnn_model *want, int number, uint64_t cut) {
    watch *part = calloc(1, sizeof *part);
    bnn_model *model = NULL;
    part->first = UINT64_MAX;
    part->step = cut;
    put_threads(s, cut);
    assert_ok(run(&model, s, part, &whole->saved[cut]));
    assert_same_epochs(whole, part, number, cut);
    if (!is_same_model(model, want)) fail_msg("case %d cut at step %d: another posterior", number, (int)cut);
    assert_same_notes(whole, part, number, cut);
    bnn_model_free(model);
    watch_free(part);
    free(part);
}

/* Goes on from the checkpoint of step `cut` to the next step that was saved, and no further. */
static void check_next(const setting *s, watch *whole, int number, uint64_t cut) {
    watch *part = calloc(1, sizeof *part);
    bnn_model *model = NULL;
    part->first = part->last = cut + 1;
    while (part->last < MOST_STEPS && whole->saved[part->last].n == 0) part->first = ++part->last;   /* a member that stopped early */
    if (part->last < MOST_STEPS) {
        put_threads(s, cut);
        assert_int_equal(run(&model, s, part, &whole->saved[cut]), BNN_STOPPED);
        if (!is_same_checkpoint(&part->saved[part->last], &whole->saved[part->last]))
            fail_msg("case %d cut at step %d: another state after one step more", number, (int)cut);
        assert_same_epochs(whole, part, number, cut);
    }
    watch_free(part);
    free(part);
}

static void check_case(int number, bool is_large, uint64_t every) {
    setting s = setting_make(&cases[number], is_large);
    watch *whole = calloc(1, sizeof *whole);
    bnn_model *plain = NULL, *want = NULL;
    put_threads(&s, 0);
    assert_ok(bnn_fit(&plain, s.config, s.train, s.valid, NULL));
    assert_ok(run(&want, &s, whole, NULL));
    assert_true(is_same_model(plain, want));     /* saving changes nothing */
    assert_true(whole->step >= 20);
    for (uint64_t cut = 1; cut <= whole->step; cut++) {
        if (whole->saved[cut].n == 0) continue;
        check_next(&s, whole, number, cut);
        if (cut % every == 0) check_rest(&s, whole, want, number, cut);
    }
    bnn_model_free(plain);
    bnn_model_free(want);
    watch_free(whole);
    free(whole);
    setting_free(&s);
}

static void a_small_fit_cut_at_any_step_ends_the_same(void **state) {
    (void)state;
    for (int i = 0; i < N_CASES; i++) check_case(i, false, 1);
}

/* Of a large fit: to the end from every cut, in the plain float build; elsewhere, where time is short, from each cut to the step after it
 * (which is the next cut's state) and to the end from some. */
#if defined BNN_DOUBLE || defined BNN_SANITIZED || defined __SANITIZE_ADDRESS__
enum { LARGE_EVERY = 19 };
#else
enum { LARGE_EVERY = 1 };
#endif

/* Above the size below which everything runs on the calling thread. */
static void a_large_fit_cut_at_any_step_ends_the_same(void **state) {
    (void)state;
    for (int i = 0; i < N_CASES; i++) check_case(i, true, LARGE_EVERY);
}

/* bfgs and cg begin anew from the saved weights: other bits, but the same minimum of a convex loss. */
static void a_minimiser_goes_on_from_any_iteration_and_converges(void **state) {
    static const char *const names[] = { "bfgs", "cg" };
    (void)state;
    for (int i = 0; i < 2; i++) {
        setting s = { .config = CONFIG("likelihood.name=categorical", "method.name=map", "train.batch=full", "train.epochs=200", "net.hidden=",
                                       "prior.sd=1"), .train = three_classes(0, ROWS, 5) };
        watch *whole = calloc(1, sizeof *whole);
        bnn_model *want = NULL;
        assert_ok(bnn_config_set(s.config, "optimizer", "name", names[i]));
        assert_ok(run(&want, &s, whole, NULL));
        assert_non_null(strstr(whole->notes[0].text, "converged after"));
        for (uint64_t cut = 1; cut <= whole->step; cut++) {
            watch *part = calloc(1, sizeof *part);
            bnn_model *model = NULL;
            part->first = UINT64_MAX;
            assert_ok(run(&model, &s, part, &whole->saved[cut]));
            assert_non_null(strstr(part->notes[0].text, "converged after"));
            for (size_t k = 0; k < want->posterior.n_params; k++)   /* gradient norm 1e-4 (float), curvature at least 1 / N = .0125 */
                assert_close((double)model->posterior.arrays[0].at[k], (double)want->posterior.arrays[0].at[k], 2 * 1e-4 / 0.0125);
            bnn_model_free(model);
            free(part);
        }
        bnn_model_free(want);
        watch_free(whole);
        free(whole);
        setting_free(&s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_fit_cut_at_any_step_ends_the_same),
        cmocka_unit_test(a_large_fit_cut_at_any_step_ends_the_same),
        cmocka_unit_test(a_minimiser_goes_on_from_any_iteration_and_converges),
    };
    return RUN(tests);
}
