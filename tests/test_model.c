/* Models as files: reading back what was written gives the same bytes and the same draws, for every kind of posterior, likelihood and
 * prior; nothing of the machine goes in; and files that are not whole models are refused with a reason. */
#include "data_files.h"
#include "random_factors.h"
#include "small_problem.h"
#include "base/tensors.h"
#include "model/model.h"

enum { STORED = 3 };

/* Rows of which only names, classes and scaling matter here. */
static void make_rows(bnn_dataset **data, const bnn_config *config) {
    const double x[] = { 0.1, 2, 0.7, -1, 1.0 / 3, 9 };
    bnn_likelihood likelihood;
    make_likelihood(&likelihood, config);
    double y[] = { 0, 1, 2, 1, 1, 0 };      /* [3 x targets]: labels or whole numbers */
    for (int i = 0; i < 6 && likelihood.n_classes == 2; i++) y[i] = y[i] > 0;
    assert_ok(bnn_dataset_make(data, 3, 2, x, likelihood.n_targets, y, likelihood.n_classes));
    bnn_likelihood_free(&likelihood);
}

static void fill(bnn_posterior *posterior) {
    fill_factors(posterior);
    for (size_t a = 0; a < posterior->n_arrays; a++)
        bnn_rng_normals(numbers_key((uint32_t)a), 0, posterior->arrays[a].copies * posterior->n_params, posterior->arrays[a].at);
}

/* Takes the config. Factors from layer `lowest` on. */
static bnn_model *make_model_above(size_t lowest, bnn_config *config, const bnn_posterior_row *row, size_t n_draws) {
    bnn_model *model = NULL;
    bnn_dataset *data = NULL;
    bnn_scaling scaling;
    make_rows(&data, config);
    assert_ok(bnn_scaling_fit(&scaling, data, "standardize", bnn_likelihood_scale_y(config)));
    assert_ok(bnn_model_make(&model, config, &data->schema, &scaling));
    assert_ok(bnn_posterior_make(&model->posterior, row, model->net.n_weights, model->likelihood.n_noise, n_draws));
    assert_ok(bnn_posterior_lay_out(&model->posterior, &model->net, lowest));
    fill(&model->posterior);
    model->seed = 12345678901234567890u;
    assert_ok(bnn_model_note_text(model, "method", "by hand"));
    assert_ok(bnn_model_note_number(model, "nll", 0.1));
    bnn_scaling_free(&scaling);
    bnn_dataset_free(data);
    bnn_config_free(config);
    return model;
}

static bnn_model *make_model(bnn_config *config, const bnn_posterior_row *row, size_t n_draws) {
    return make_model_above(0, config, row, n_draws);
}

/* A file's bytes, of which the caller frees *bytes. */
static size_t read_all(const char *path, char **bytes) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size_t size = (size_t)ftell(file);
    rewind(file);
    *bytes = malloc(size);
    assert_non_null(*bytes);
    assert_int_equal(fread(*bytes, 1, size, file), size);
    fclose(file);
    return size;
}

static void assert_same_bytes(const char *path, const char *other) {
    char *a, *b;
    size_t n = read_all(path, &a);
    assert_int_equal(read_all(other, &b), n);
    assert_memory_equal(a, b, n);
    free(a);
    free(b);
}

static void assert_same_draws(const bnn_model *a, const bnn_model *b) {
    size_t n = a->posterior.n_params;
    real *x = malloc(n * sizeof *x), *y = malloc(n * sizeof *y);
    assert_int_equal(b->posterior.n_params, n);
    for (size_t s = 0; s < 4; s++) {
        a->posterior.row->draw(&a->posterior, a->seed, s, 0, n, x);
        b->posterior.row->draw(&b->posterior, b->seed, s, 0, n, y);
        assert_memory_equal(x, y, n * sizeof *x);
    }
    free(x);
    free(y);
}

/* ---- round trips ----------------------------------------------------------------------------------------------------- */

static void check_round_trip(bnn_model *model) {
    const char *first = path_of("first.safetensors"), *second = path_of("second.safetensors");
    bnn_model *read = NULL;
    assert_ok(bnn_model_write(model, first));
    assert_ok(bnn_model_read(&read, first));
    assert_ok(bnn_model_write(read, second));
    assert_same_bytes(first, second);
    assert_same_draws(model, read);
    assert_true(read->seed == model->seed && read->net.n_weights == model->net.n_weights);
    assert_string_equal(json_string_value(json_object_get(read->facts, "nll")), "0.1");
    assert_memory_equal(read->scaling.x_scale, model->scaling.x_scale, 2 * sizeof(double));
    bnn_model_free(read);
    bnn_model_free(model);
}

static bnn_model *make_plain(const bnn_posterior_row *row, size_t n_draws) {
    return make_model(READ_SETS("net.hidden=5, 3", "net.activation=tanh", "net.dropout=0.4"), row, n_draws);
}

static void every_posterior_survives_a_file(void **state) {
    (void)state;
    for (size_t k = 0; bnn_posteriors[k] != NULL; k++) {
        const bnn_posterior_row *row = (const bnn_posterior_row *)bnn_posteriors[k];
        bnn_model *model = make_plain(row, STORED);
        if (model->posterior.arrays[0].copies != STORED) {
            bnn_model_free(model);
            model = make_plain(row, 0);
        }
        check_round_trip(model);
    }
    check_round_trip(make_plain(&bnn_draws_posterior, 1));
}

static void a_posterior_over_the_last_layer_survives_a_file(void **state) {
    (void)state;
    for (size_t k = 0; bnn_posteriors[k] != NULL; k++) {
        const bnn_posterior_row *row = (const bnn_posterior_row *)bnn_posteriors[k];
        if (row->lay_out != NULL) check_round_trip(make_model_above(2, READ_SETS("net.hidden=5, 3"), row, 0));
    }
}

static void every_likelihood_and_prior_survives_a_file(void **state) {
    (void)state;
    for (size_t l = 0; bnn_likelihoods[l] != NULL; l++)
        for (size_t p = 0; bnn_priors[p] != NULL; p++)
            check_round_trip(make_model(READ_SETS("net.hidden=4", set_of("likelihood.name", bnn_likelihoods[l]->name),
                                                  set_of("prior.name", bnn_priors[p]->name)), &bnn_diag_posterior, 0));
}

static void settings_come_back_as_they_were(void **state) {
    (void)state;
    bnn_model *read = NULL, *model = make_model(READ_SETS("net.layers=dense 4 tanh, dense 3", "net.bias=no", "net.init=normal:0.25",
                                                          "likelihood.noise_sd=0.3", "prior.name=scale_mixture", "prior.sd2=0.0123"),
                                                &bnn_diag_posterior, 0);
    assert_ok(bnn_model_write(model, path_of("model.safetensors")));
    assert_ok(bnn_model_read(&read, path_of("model.safetensors")));
    const char *const keys[][2] = { { "net", "layers" }, { "net", "bias" }, { "net", "init" }, { "likelihood", "noise_sd" },
                                    { "prior", "name" }, { "prior", "sd2" } };
    const char *const want[] = { "dense 4 tanh, dense 3", "no", "normal:0.25", "0.3", "scale_mixture", "0.0123" };
    for (int k = 0; k < 6; k++) assert_string_equal(bnn_config_text(read->config, keys[k][0], keys[k][1]), want[k]);
    bnn_model_free(read);
    bnn_model_free(model);
}

/* ---- what is in the file --------------------------------------------------------------------------------------------- */

static void tensors_have_pytorch_names_and_shapes(void **state) {
    (void)state;
    bnn_model *model = make_plain(&bnn_diag_posterior, 0);
    bnn_tensor_file file = {0};
    const struct { const char *name; int n_dims; size_t shape[2]; } want[] = {
        { "0.weight", 2, { 5, 2 } }, { "0.bias", 1, { 5, 0 } }, { "1.weight", 2, { 3, 5 } }, { "2.weight", 2, { 2, 3 } },
        { "0.weight.log_sd", 2, { 5, 2 } }, { "2.bias.log_sd", 1, { 2, 0 } }, { "likelihood.log_noise_sd", 1, { 2, 0 } } };
    assert_ok(bnn_model_write(model, path_of("model.safetensors")));
    assert_ok(bnn_tensors_read(&file, path_of("model.safetensors")));
    assert_int_equal(file.n, 13);
    for (size_t k = 0; k < sizeof want / sizeof *want; k++) {
        const bnn_tensor *tensor = bnn_tensors_find(&file, want[k].name);
        if (tensor == NULL) fail_msg("no tensor %s", want[k].name);
        assert_int_equal(tensor->n_dims, want[k].n_dims);
        for (int d = 0; d < tensor->n_dims; d++) assert_int_equal(tensor->shape[d], want[k].shape[d]);
    }
    real first[10];
    bnn_tensor_to_real(bnn_tensors_find(&file, "0.weight"), first);
    assert_memory_equal(first, model->posterior.arrays[0].at, sizeof first);
    bnn_tensors_free(&file);
    bnn_model_free(model);
}

static void members_of_a_mixture_are_a_leading_dimension(void **state) {
    (void)state;
    bnn_model *model = make_plain(&bnn_mixture_posterior, STORED);
    bnn_tensor_file file = {0};
    static const char *const names[] = { "0.weight.means", "0.weight.log_sds" };
    assert_ok(bnn_model_write(model, path_of("model.safetensors")));
    assert_ok(bnn_tensors_read(&file, path_of("model.safetensors")));
    assert_int_equal(file.n, 13);
    for (int k = 0; k < 2; k++) {
        const bnn_tensor *tensor = bnn_tensors_find(&file, names[k]);
        assert_true(tensor != NULL && tensor->n_dims == 3 && tensor->shape[0] == STORED && tensor->shape[1] == 5 && tensor->shape[2] == 2);
    }
    const bnn_tensor *noise = bnn_tensors_find(&file, "likelihood.log_noise_sd.means");
    assert_true(noise != NULL && noise->n_dims == 2 && noise->shape[0] == STORED && noise->shape[1] == 2);
    bnn_tensors_free(&file);
    bnn_model_free(model);
}

static bool holds(const char *bytes, size_t n, const char *text) { return memmem(bytes, n, text, strlen(text)) != NULL; }

static void files_hold_no_path_and_no_host(void **state) {
    (void)state;
    char *bytes, cwd[4096], host[256];
    bnn_config *config = READ_SETS("data.train=/somewhere/rows.csv", "run.out=elsewhere", "run.threads=2");
    bnn_model *model = make_model(config, &bnn_diag_posterior, 0);
    assert_ok(bnn_model_write(model, path_of("model.safetensors")));
    size_t n = read_all(path_of("model.safetensors"), &bytes);
    assert_non_null(getcwd(cwd, sizeof cwd));
    assert_int_equal(gethostname(host, sizeof host), 0);
    const char *absent[] = { "somewhere", "elsewhere", folder, cwd, "threads" };
    for (int k = 0; k < 5; k++)
        if (holds(bytes, n, absent[k])) fail_msg("the file holds %s", absent[k]);
    if (strlen(host) > 4) assert_false(holds(bytes, n, host));
    assert_true(holds(bytes, n, "by hand") && holds(bytes, n, "12345678901234567890"));
    free(bytes);
    bnn_model_free(model);
}

/* ---- files that are not whole models --------------------------------------------------------------------------------- */

/* A model's file with one entry of its metadata replaced (NULL: removed) and its last `n_dropped` tensors left out. */
static const char *damaged(const bnn_posterior_row *row, size_t n_draws, const char *key, const char *value, size_t n_dropped) {
    const char *path = path_of("damaged.safetensors");
    bnn_model *model = make_plain(row, n_draws);
    bnn_tensor_file file = {0};
    assert_ok(bnn_model_write(model, path));
    assert_ok(bnn_tensors_read(&file, path));
    if (key != NULL && value == NULL) json_object_del(file.metadata, key);
    else if (key != NULL) json_object_set_new(file.metadata, key, json_string(value));
    assert_ok(bnn_tensors_write(path, file.n - n_dropped, file.tensors, file.metadata));
    bnn_tensors_free(&file);
    bnn_model_free(model);
    return path;
}

static void incomplete_models_are_refused_with_a_reason(void **state) {
    (void)state;
    const struct { const char *key, *value; size_t n_dropped; const char *says; } cases[] = {
        { "format", NULL, 0, "format = bnn" },          { "version", "99", 0, "format version" },
        { "posterior", "diagonal", 0, "kind of posterior" }, { "posterior", NULL, 0, "kind of posterior" },
        { "schema", NULL, 0, "\"schema\"" },            { "scaling", "{}", 0, "scaling" },
        { "net", "[", 0, "\"net\"" },                   { "net", "{\"hidden\":\"9\"}", 0, "the shape that the net says" },
        { "net", "{\"hiden\":\"9\"}", 0, "hiden" },     { NULL, NULL, 1, "is missing" },
        { "likelihood", NULL, 0, "\"likelihood\"" },    { "posterior", "draws", 0, "number of draws" },
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        bnn_model *read = NULL;
        const char *path = damaged(&bnn_diag_posterior, 0, cases[k].key, cases[k].value, cases[k].n_dropped);
        bnn_status status = bnn_model_read(&read, path);
        if (status == BNN_OK || read != NULL) fail_msg("case %zu was read", k);
        if (strstr(bnn_error_text(), cases[k].says) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", bnn_error_text(), cases[k].says);
    }
}

static void assert_refused(const char *path, const char *says) {
    bnn_model *read = NULL;
    if (bnn_model_read(&read, path) != BNN_ERR_DATA || read != NULL) fail_msg("%s was read", path);
    if (strstr(bnn_error_text(), says) == NULL) fail_msg("\"%s\" does not say \"%s\"", bnn_error_text(), says);
}

typedef enum damage { DROPPED, TURNED, WIDENED, DAMAGES } damage;

static void damage_tensor(bnn_tensor_file *file, size_t i, damage kind) {
    bnn_tensor *tensor = &file->tensors[i];
    if (kind == DROPPED) {
        *tensor = file->tensors[--file->n];
    } else if (kind == TURNED) {
        tensor->shape[0] *= tensor->shape[1];
        tensor->shape[1] = 1;
    } else {                                    /* the same bytes as twice as many columns of floats */
        tensor->type = BNN_F32;
        tensor->shape[1] *= 2;
    }
}

static void check_factor(const bnn_posterior_row *row, size_t i, damage kind) {
    const char *path = damaged(row, 0, NULL, NULL, 0);
    bnn_tensor_file file = {0};
    char name[64];
    assert_ok(bnn_tensors_read(&file, path));
    snprintf(name, sizeof name, "%s", file.tensors[i].name);
    bool is_factor = strstr(name, "kron") != NULL || strstr(name, "laplace") != NULL;
    bool is_same_turned = strstr(name, "precision") != NULL;      /* 1 x 1 */
    if (is_factor && !(kind == TURNED && is_same_turned)) {
        damage_tensor(&file, i, kind);
        assert_ok(bnn_tensors_write(path, file.n, file.tensors, file.metadata));
        assert_refused(path, name);
    }
    bnn_tensors_free(&file);
}

static void models_without_a_whole_factor_are_refused(void **state) {
    (void)state;
    const bnn_posterior_row *const rows[] = { &bnn_kron_posterior, &bnn_full_posterior };
    const size_t n_tensors[] = { 7 + 3 * 5, 7 + 1 };        /* means and noise, then factors */
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < n_tensors[k]; i++)
            for (damage kind = 0; kind < DAMAGES; kind++) check_factor(rows[k], i, kind);
}

static void spans_that_do_not_fit_are_refused(void **state) {
    (void)state;
    assert_refused(damaged(&bnn_kron_posterior, 0, "lowest", "99", 0), "span of layers");
    assert_refused(damaged(&bnn_kron_posterior, 0, "lowest", "-1", 0), "span of layers");
    assert_refused(damaged(&bnn_full_posterior, 0, "lowest", "2", 0), "laplace.cholesky");
    assert_refused(damaged(&bnn_full_posterior, 0, "posterior", "kron", 0), "0.weight.kron.out_vectors");
}

/* The file of a wide net as another kind: what that would take, 259 GB for full, is not asked for before the file is seen to hold it. */
static void a_kind_of_absurd_size_is_refused_for_its_tensors(void **state) {
    (void)state;
    static const struct { const char *kind, *says; } cases[] = {
        { "full", "tensor laplace.cholesky is missing" }, { "kron", "tensor 0.weight.kron.out_vectors is missing" },
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const char *path = path_of("wide.safetensors");
        bnn_tensor_file file = {0};
        bnn_model *model = make_model(READ_SETS("net.hidden=45000"), &bnn_draws_posterior, 1);
        assert_ok(bnn_model_write(model, path));
        bnn_model_free(model);
        assert_ok(bnn_tensors_read(&file, path));
        json_object_set_new(file.metadata, "posterior", json_string(cases[k].kind));
        assert_ok(bnn_tensors_write(path, file.n, file.tensors, file.metadata));
        bnn_tensors_free(&file);
        assert_refused(path, cases[k].says);
    }
}

/* The widest that are allowed: up to 3e12 weights. */
static void nets_of_absurd_size_are_refused_for_their_tensors(void **state) {
    (void)state;
    static const char *const widths[] = { "1000000", "1000000, 1000000", "1000000, 1000000, 1000000, 1000000" };
    static const bnn_posterior_row *const rows[] = { &bnn_kron_posterior, &bnn_full_posterior, &bnn_diag_posterior };
    for (int k = 0; k < 9; k++) {
        const char *path = damaged(rows[k / 3], 0, NULL, NULL, 0);
        bnn_tensor_file file = {0};
        char *net;
        assert_ok(bnn_tensors_read(&file, path));
        json_t *json = json_loads(json_string_value(json_object_get(file.metadata, "net")), 0, NULL);
        json_object_set_new(json, "hidden", json_string(widths[k % 3]));
        json_object_set_new(file.metadata, "net", json_string(net = json_dumps(json, 0)));
        assert_ok(bnn_tensors_write(path, file.n, file.tensors, file.metadata));
        bnn_tensors_free(&file);
        json_decref(json);
        free(net);
        assert_refused(path, "");
    }
}

static void absurd_numbers_of_draws_are_refused(void **state) {
    (void)state;
    const char *const counts[] = { "0", "-1", "many", "", "4", "5000000", "1000000000000", "99999999999999999999999" };
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
        bnn_model *read = NULL;
        bnn_status status = bnn_model_read(&read, damaged(&bnn_draws_posterior, STORED, "draws", counts[k], 0));
        if (status != BNN_ERR_DATA || read != NULL) fail_msg("draws = \"%s\": status %d", counts[k], status);
    }
}

/* Tensors that would fit a posterior of no draws: shapes without a leading dimension under the names of draws. */
static void a_model_of_no_draws_is_refused(void **state) {
    (void)state;
    const char *path = damaged(&bnn_draws_posterior, 1, "draws", "0", 0);
    bnn_tensor_file file = {0};
    bnn_model *read = NULL;
    assert_ok(bnn_tensors_read(&file, path));
    char names[16][64];
    assert_true(file.n <= 16);
    for (size_t i = 0; i < file.n; i++) {
        snprintf(names[i], sizeof names[i], "%s.draws", file.tensors[i].name);
        file.tensors[i].name = names[i];
    }
    assert_ok(bnn_tensors_write(path, file.n, file.tensors, file.metadata));
    bnn_tensors_free(&file);
    assert_int_equal(bnn_model_read(&read, path), BNN_ERR_DATA);
    assert_non_null(strstr(bnn_error_text(), "number of draws"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_posterior_survives_a_file),
        cmocka_unit_test(a_posterior_over_the_last_layer_survives_a_file),
        cmocka_unit_test(every_likelihood_and_prior_survives_a_file),
        cmocka_unit_test(settings_come_back_as_they_were),
        cmocka_unit_test(tensors_have_pytorch_names_and_shapes),
        cmocka_unit_test(members_of_a_mixture_are_a_leading_dimension),
        cmocka_unit_test(files_hold_no_path_and_no_host),
        cmocka_unit_test(incomplete_models_are_refused_with_a_reason),
        cmocka_unit_test(a_model_of_no_draws_is_refused),
        cmocka_unit_test(models_without_a_whole_factor_are_refused),
        cmocka_unit_test(spans_that_do_not_fit_are_refused),
        cmocka_unit_test(a_kind_of_absurd_size_is_refused_for_its_tensors),
        cmocka_unit_test(nets_of_absurd_size_are_refused_for_their_tensors),
        cmocka_unit_test(absurd_numbers_of_draws_are_refused),
    };
    return RUN_IN_FOLDER(tests);
}
