/* Inputs seen a little differently each time: Gaussian noise, and for images a random shift and rotation about the centre.
 *
 * An image is resampled bilinearly from its bytes, with 0 outside, before scaling. All amounts are uniform in [-most, most] and functions
 * of the pass's key and the row's place in the batch. */
#include "problem/problem.h"

#include <math.h>

/* Parts of the pass's random numbers that no layer uses. Normals come two to a counter, so those of the noise lie at counter 2^62. */
#define NOISE_NUMBERS ((uint64_t)1 << 63)
#define IMAGE_NUMBERS ((uint64_t)1 << 61)

typedef struct image { const uint8_t *at; size_t rows, cols; } image;

static double pixel(image from, long row, long col) {
    bool is_inside = row >= 0 && col >= 0 && row < (long)from.rows && col < (long)from.cols;
    return is_inside ? (double)from.at[(size_t)row * from.cols + (size_t)col] : 0;
}

static double sample_at(image from, double row, double col) {
    double r = floor(row), c = floor(col), down = row - r, right = col - c;
    long i = (long)r, j = (long)c;
    double upper = (1 - right) * pixel(from, i, j) + right * pixel(from, i, j + 1);
    double lower = (1 - right) * pixel(from, i + 1, j) + right * pixel(from, i + 1, j + 1);
    return (1 - down) * upper + down * lower;
}

/* u [3] in (0, 1): shift down, shift right, angle. */
static void augment_image(const bnn_problem *problem, image from, const double u[3], real *out) {
    const bnn_perturbation *p = &problem->perturbation;
    double down = (2 * u[0] - 1) * p->shift, right = (2 * u[1] - 1) * p->shift, angle = (2 * u[2] - 1) * p->rotation * M_PI / 180;
    double cosine = cos(angle), sine = sin(angle), mid_row = 0.5 * (double)(from.rows - 1), mid_col = 0.5 * (double)(from.cols - 1);
    for (size_t i = 0; i < from.rows; i++) {
        for (size_t j = 0; j < from.cols; j++) {
            double y = (double)i - mid_row - down, x = (double)j - mid_col - right;
            size_t k = i * from.cols + j;
            double raw = sample_at(from, mid_row + cosine * y - sine * x, mid_col + sine * y + cosine * x);
            out[k] = ((real)raw - problem->scaling->byte_shift[k]) * problem->scaling->byte_factor[k];
        }
    }
}

typedef struct augment_job { bnn_problem *problem; const bnn_pass *pass; const size_t *rows; } augment_job;

static void augment_tile(void *context, size_t tile, int thread) {
    const augment_job *job = context;
    const bnn_dataset *data = job->problem->data;
    size_t d = job->problem->net->n_inputs, row = job->rows == NULL ? (size_t)job->pass->first_row + tile : job->rows[tile];
    image from = { data->x_bytes + row * d, data->schema.image_rows, data->schema.image_cols };
    double u[3];
    (void)thread;
    bnn_rng_uniforms(job->pass->key, IMAGE_NUMBERS + 3 * (job->pass->first_row + tile), 3, u);
    augment_image(job->problem, from, u, job->problem->batch_x + tile * d);
}

static void add_noise(bnn_problem *problem, const bnn_pass *pass, size_t n, const real *x) {
    size_t d = problem->net->n_inputs;
    real sd = (real)problem->perturbation.noise_sd, noise[256];
    for (size_t i = 0; i < n * d; i += 256) {
        size_t m = n * d - i < 256 ? n * d - i : 256;
        bnn_rng_normals(pass->key, NOISE_NUMBERS + pass->first_row * d + i, m, noise);
        for (size_t j = 0; j < m; j++) problem->batch_x[i + j] = x[i + j] + sd * noise[j];
    }
}

const real *bnn_problem_perturb(bnn_problem *problem, const bnn_pass *pass, size_t n, const size_t *rows, const real *x) {
    const bnn_perturbation *p = &problem->perturbation;
    if (problem->data->x_bytes != NULL && (p->shift > 0 || p->rotation > 0)) {
        augment_job job = { problem, pass, rows };
        bnn_team_run(problem->team, n, augment_tile, &job);
        x = problem->batch_x;
    }
    if (p->noise_sd == 0) return x;
    add_noise(problem, pass, n, x);
    return problem->batch_x;
}
