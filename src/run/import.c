/* Weights from a file, noise from the training rows, and a check of the forward pass on rows whose outputs are known. */
#include "run/import.h"
#include "base/fail.h"
#include "base/linalg.h"
#include "base/team.h"
#include "model/import.h"
#include "predict/outputs.h"
#include "predict/predict.h"
#include "problem/problem.h"
#include "run/draft.h"

#include <math.h>
#include <stdlib.h>

typedef struct importing {
    const bnn_import_request *request;
    bnn_run_request own;
    const char    **sets;
    bnn_draft       draft;
    bnn_model      *model;
    bnn_team       *team;
    bool            has_noise;         /* or needs none from the rows */
} importing;

/* ---- outputs of the net ---------------------------------------------------------------------------------------------- */

/* Calls `use` for each chunk of the outputs of all rows. */
static bnn_status each_chunk(importing *im, const bnn_dataset *rows, void (*use)(void *context, const bnn_outputs *outputs), void *context) {
    bnn_outputs outputs = {0};
    bnn_status status = bnn_outputs_make(&outputs, im->model, rows, im->team, im->model->seed, 1, BNN_DRAW_POSTERIOR);
    for (size_t first = 0; status == BNN_OK && first < rows->n_rows; first += outputs.max_rows) {
        status = bnn_outputs_fill(&outputs, first);
        if (status == BNN_OK) use(context, &outputs);
    }
    bnn_outputs_free(&outputs);
    return status;
}

/* ---- noise ----------------------------------------------------------------------------------------------------------- */

typedef struct residuals { double *squares, weight; } residuals;   /* [n_targets] weighted sums */

static void add_residuals(void *context, const bnn_outputs *outputs) {
    residuals *r = context;
    size_t k = outputs->model->likelihood.n_targets;
    const double *weights = outputs->rows->weights;
    for (size_t i = 0; i < outputs->n; i++) {
        double w = weights == NULL ? 1 : weights[outputs->first + i];
        r->weight += w;
        for (size_t j = 0; j < k; j++) {
            double residual = (double)outputs->y[i * k + j] - (double)outputs->f[i * k + j];
            r->squares[j] += w * residual * residual;
        }
    }
}

/* Only the Gaussian one has a closed form. */
static bnn_status check_noise(const importing *im) {
    const bnn_likelihood *likelihood = &im->model->likelihood;
    if (likelihood->n_noise == 0 || im->has_noise || likelihood->row == &bnn_gaussian_likelihood) return BNN_OK;
    return bnn_config_fail(im->draft.setup.config, "likelihood", "noise_sd", "%s has no likelihood.log_noise_sd [%zu]: state a number here",
                           im->request->weights, likelihood->n_noise);
}

/* sd_j^2 = sum_i w_i (y_ij - f_ij)^2 / sum_i w_i, where d nll / d sd_j = 0. */
static bnn_status fit_noise(importing *im) {
    size_t n = im->model->likelihood.n_noise;
    if (n == 0 || im->has_noise) return BNN_OK;
    residuals r = { .squares = calloc(n, sizeof *r.squares) };
    bnn_status status = r.squares == NULL ? BNN_FAIL_MEMORY("the noise") : each_chunk(im, im->draft.setup.parts.train, add_residuals, &r);
    real *log_sd = im->model->posterior.arrays[0].at + im->model->net.n_weights;
    for (size_t j = 0; status == BNN_OK && j < n; j++) log_sd[j] = (real)(0.5 * log(r.squares[j] / r.weight));
    bnn_likelihood_bound_noise(n, log_sd);
    for (size_t j = 0; status == BNN_OK && j < n; j++)
        bnn_draft_note(&im->draft, "noise sd of %s: %.6g (maximum likelihood, scaled units)", im->model->schema.target_names[j],
                       exp((double)log_sd[j]));
    free(r.squares);
    return status;
}

/* ---- the check ------------------------------------------------------------------------------------------------------- */

typedef struct comparison { const double *wanted; double worst, got, largest; size_t row, output; } comparison;

/* A NaN is the worst there is. */
static void compare_chunk(void *context, const bnn_outputs *outputs) {
    comparison *c = context;
    size_t k = outputs->model->net.n_outputs;
    for (size_t i = 0; i < outputs->n * k; i++) {
        size_t at = outputs->first * k + i;
        double difference = fabs((double)outputs->f[i] - c->wanted[at]);
        c->largest = fmax(c->largest, fabs(c->wanted[at]));
        if (difference <= c->worst || isnan(c->worst)) continue;
        *c = (comparison){ c->wanted, difference, (double)outputs->f[i], c->largest, at / k, at % k };
    }
}

static bnn_status compare_outputs(importing *im, const bnn_dataset *rows, const double *wanted) {
    const char *path = im->request->outputs;
    comparison c = { .wanted = wanted };
    bnn_status status = each_chunk(im, rows, compare_chunk, &c);
    if (status != BNN_OK) return status;
    if (!(c.worst <= BNN_IMPORT_TOLERANCE * c.largest))
        return BNN_FAIL(BNN_ERR_DATA, "%s: the outputs disagree: at row %zu, output %zu (from 0) the net gives %.9g and the file %.9g, the largest "
                        "difference is %.3g, allowed %g of the largest output %.6g: look at net.activation, data.scale_x and the order of layers",
                        path, c.row, c.output, c.got, wanted[c.row * im->model->net.n_outputs + c.output], c.worst, BNN_IMPORT_TOLERANCE,
                        c.largest);
    bnn_draft_note(&im->draft, "outputs agree with %s on %zu rows: largest difference %.2g, largest output %.6g", path, rows->n_rows, c.worst,
                   c.largest);
    return BNN_OK;
}

static bnn_status check_width(const char *path, const char *what, size_t got, size_t wanted) {
    if (got == wanted) return BNN_OK;
    return BNN_FAIL(BNN_ERR_DATA, "%s: %zu columns, expected %zu: one for each %s", path, got, wanted, what);
}

static bnn_status check_forward(importing *im) {
    const bnn_import_request *request = im->request;
    const bnn_schema *schema = &im->model->schema;
    double *x = NULL, *f = NULL;
    size_t n = 0, n_x = 0, n_f = 0, k = 0;
    bnn_dataset *rows = NULL;
    bnn_status status;
    if (request->inputs == NULL) return BNN_OK;
    if ((status = bnn_npy_read(request->inputs, &n, &n_x, &x))                                        != BNN_OK) goto done;
    if ((status = bnn_npy_read(request->outputs, &n_f, &k, &f))                                       != BNN_OK) goto done;
    if ((status = check_width(request->inputs, "feature", n_x, schema->n_features))                   != BNN_OK) goto done;
    if ((status = check_width(request->outputs, "output of the net", k, im->model->net.n_outputs))    != BNN_OK) goto done;
    if (n != n_f) {
        status = BNN_FAIL(BNN_ERR_DATA, "%s: %zu rows for the %zu rows of %s", request->outputs, n_f, n, request->inputs);
        goto done;
    }
    if ((status = bnn_dataset_make(&rows, n, n_x, x, schema->n_targets, NULL, schema->n_classes))     != BNN_OK) goto done;
    status = compare_outputs(im, rows, f);
done:
    bnn_dataset_free(rows);
    free(x);
    free(f);
    return status;
}

/* ---- the model ------------------------------------------------------------------------------------------------------- */

/* As a fit notes them. */
static bnn_status note_facts(importing *im) {
    const bnn_dataset *train = im->draft.setup.parts.train;
    bnn_model *model = im->model;
    bnn_problem problem = {0};
    double nll = 0;
    json_t *baseline = bnn_baseline_of(train);
    char *text = baseline == NULL ? NULL : json_dumps(baseline, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17));
    bnn_status status = text == NULL ? BNN_FAIL_MEMORY("the model's facts") : bnn_model_note_text(model, "baseline", text);
    if (status == BNN_OK)
        status = bnn_problem_make(&problem, &model->net, &model->likelihood, &model->prior, train, &model->scaling, im->team, 0);
    if (status == BNN_OK) status = bnn_problem_nll(&problem, model->posterior.arrays[0].at, 0, NULL, NULL, &nll);
    if (status == BNN_OK) status = bnn_model_note_number(model, "nll", nll);
    if (status == BNN_OK) status = bnn_model_note_number(model, "n_rows", (double)train->n_rows);
    if (status == BNN_OK) status = bnn_model_note_text(model, "method", "map");
    bnn_problem_free(&problem);
    free(text);
    json_decref(baseline);
    return status;
}

static bnn_status read_weights(importing *im) {
    const char *path = im->request->weights;
    bnn_tensor_file file = {0};
    bnn_status status = bnn_setup_model(&im->model, &im->draft.setup);
    if (status == BNN_OK) status = bnn_tensors_read(&file, path);
    if (status == BNN_OK) status = bnn_model_import(im->model, &file, path, im->request->map, &im->has_noise);
    if (status == BNN_OK) status = check_noise(im);
    if (status == BNN_OK) im->model->seed = (uint64_t)im->draft.setup.run.seed;
    bnn_tensors_free(&file);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------- */

static bnn_status fill_request(importing *im) {
    const bnn_import_request *request = im->request;
    size_t n = request->run.n_sets;
    im->own = request->run;
    if ((request->inputs == NULL) != (request->outputs == NULL))
        return BNN_FAIL(BNN_ERR_USAGE, "--check-inputs and --check-outputs: both or none");
    im->sets = calloc(n + 1, sizeof *im->sets);
    if (im->sets == NULL) return BNN_FAIL_MEMORY("the request");
    for (size_t i = 0; i < n; i++) im->sets[i] = request->run.sets[i];
    im->sets[n] = "method.name=map";
    im->own.sets = im->sets;
    im->own.n_sets = n + 1;
    return BNN_OK;
}

static bnn_status prepare(importing *im) {
    bnn_status status;
    if ((status = fill_request(im))                                                                            != BNN_OK) return status;
    if ((status = bnn_draft_start(&im->draft, &im->own))                                                       != BNN_OK) return status;
    if ((status = bnn_team_make(&im->team, (int)im->draft.setup.run.threads))                                  != BNN_OK) return status;
    if ((status = read_weights(im))                                                                            != BNN_OK) return status;
    if ((status = check_forward(im))                                                                           != BNN_OK) return status;
    if ((status = fit_noise(im))                                                                               != BNN_OK) return status;
    if ((status = note_facts(im))                                                                              != BNN_OK) return status;
    bnn_draft_note(&im->draft, "import of %s: %zu weights for %s", im->request->weights, im->model->net.n_weights,
                   im->draft.setup.folder);
    return bnn_manifest_note_origin(&im->draft.manifest, "imported", im->request->weights, im->request->weights);
}

bnn_status bnn_run_import(bnn_run *run, const bnn_import_request *request) {
    importing im = { .request = request };
    bnn_blas_threads saved = bnn_blas_enter();
    bnn_status status = prepare(&im);
    if (status == BNN_OK && !request->is_dry) status = bnn_draft_save(&im.draft, &im.model, run);
    bnn_model_free(im.model);
    bnn_team_free(im.team);
    bnn_draft_free(&im.draft);
    free(im.sets);
    bnn_blas_leave(saved);
    return status;
}
