/* Inputs of training passes: noise, and images shifted and rotated. The motion that an image underwent is read off two ramps that
 * underwent it too; any other image must then be what a naive bilinear sum makes of it. */
#include "small_problem.h"
#include "fitting.h"

enum { HEIGHT = 12, WIDTH = 9, D = HEIGHT * WIDTH, STEP = 20 };
enum { DOWN_RAMP, RIGHT_RAMP, RANDOM, WHITE, N_IMAGES = 24 };    /* 24: the rest random */

/* ---- a problem over images ------------------------------------------------------------------------------------------- */

static void paint(uint8_t *bytes) {
    double u[N_IMAGES * D];
    bnn_rng_uniforms(numbers_key(20), 0, N_IMAGES * D, u);
    for (size_t k = 0; k < N_IMAGES * D; k++) {
        size_t image = k / D, i = k % D / WIDTH, j = k % WIDTH;
        size_t byte = image == DOWN_RAMP ? STEP * i : image == RIGHT_RAMP ? STEP * j : image == WHITE ? 255 : (size_t)(256 * u[k]);
        bytes[k] = (uint8_t)byte;
    }
}

static bnn_dataset *make_images(void) {
    static double x[N_IMAGES * D], y[N_IMAGES];
    bnn_dataset *data = NULL;
    for (size_t i = 0; i < N_IMAGES; i++) y[i] = (double)(i % 3);
    assert_ok(bnn_dataset_make(&data, N_IMAGES, D, x, 1, y, 3));
    free(data->x);
    data->x = NULL;
    data->x_bytes = malloc(N_IMAGES * D);
    assert_non_null(data->x_bytes);
    paint(data->x_bytes);
    data->schema.image_rows = HEIGHT;
    data->schema.image_cols = WIDTH;
    return data;
}

typedef struct images { small_problem p; bnn_dataset *data; bnn_scaling scaling; bnn_problem problem; } images;

/* A net of the small problem over the images, in passes of max_rows. */
static void images_make(images *m, bnn_perturbation perturbation, size_t max_rows) {
    small_problem_make(&m->p, READ_SETS("net.hidden=6", "net.activation=tanh", "likelihood.name=categorical"), NULL, N_IMAGES, D, 0);
    m->data = make_images();
    assert_ok(bnn_scaling_fit(&m->scaling, m->data, "divide:126", "none"));
    assert_ok(bnn_problem_make(&m->problem, &m->p.net, &m->p.likelihood, &m->p.prior, m->data, &m->scaling, NULL, max_rows));
    m->problem.perturbation = perturbation;
}

static void images_free(images *m) {
    bnn_problem_free(&m->problem);
    bnn_scaling_free(&m->scaling);
    bnn_dataset_free(m->data);
    small_problem_free(&m->p);
}

/* What a training pass makes of image `row` at place `first_row`, in bytes again. */
static void see(images *m, bnn_key key, size_t first_row, size_t row, double seen[D]) {
    bnn_pass pass = { .is_training = true, .key = key, .first_row = first_row };
    bnn_scaling_gather(&m->scaling, m->data, 1, &row, m->problem.batch_x, NULL);
    const real *x = bnn_problem_perturb(&m->problem, &pass, 1, &row, m->problem.batch_x);
    for (size_t k = 0; k < D; k++) seen[k] = 126 * (double)x[k];
}

/* ---- the motion ------------------------------------------------------------------------------------------------------ */

/* Pixel (i, j) shows the place mid + R(angle) ((i, j) - mid - (down, right)) of the image. */
typedef struct motion { double down, right, angle, row_slope[2], col_slope[2]; } motion;

static motion read_motion(images *m, bnn_key key, size_t first_row) {
    enum { I = 5, J = 4, AT = I * WIDTH + J };           /* near the middle, where no neighbour lies outside */
    const double mid_row = (HEIGHT - 1) / 2.0, mid_col = (WIDTH - 1) / 2.0;
    double row[D], col[D];
    see(m, key, first_row, DOWN_RAMP, row);
    see(m, key, first_row, RIGHT_RAMP, col);
    motion found = { .row_slope = { (row[AT + WIDTH] - row[AT]) / STEP, (row[AT + 1] - row[AT]) / STEP },
                     .col_slope = { (col[AT + WIDTH] - col[AT]) / STEP, (col[AT + 1] - col[AT]) / STEP } };
    double cosine = found.row_slope[0], sine = found.col_slope[0], r = row[AT] / STEP - mid_row, c = col[AT] / STEP - mid_col;
    found.angle = atan2(sine, cosine) * 180 / M_PI;
    found.down = I - mid_row - (cosine * r + sine * c);
    found.right = J - mid_col - (-sine * r + cosine * c);
    return found;
}

static double tent(double distance) { return fmax(0, 1 - fabs(distance)); }

/* Bilinear, 0 outside: the sum over all pixels of their bytes times a tent around each. */
static double naive_pixel(const uint8_t *bytes, const motion *how, size_t i, size_t j) {
    const double mid_row = (HEIGHT - 1) / 2.0, mid_col = (WIDTH - 1) / 2.0, angle = how->angle * M_PI / 180;
    double y = (double)i - mid_row - how->down, x = (double)j - mid_col - how->right, sum = 0;
    double row = mid_row + cos(angle) * y - sin(angle) * x, col = mid_col + sin(angle) * y + cos(angle) * x;
    for (size_t k = 0; k < D; k++) sum += bytes[k] * tent(row - (double)(k / WIDTH)) * tent(col - (double)(k % WIDTH));
    return sum;
}

static const double pixel_tolerance = IS_DOUBLE ? 1e-9 : 2e-2;    /* of 255: a place is known to 1e-6 / 20 pixels times the distance */

static double worst_pixel(images *m, bnn_key key, const motion *how, size_t row) {
    double seen[D], worst = 0;
    see(m, key, 0, row, seen);
    for (size_t k = 0; k < D; k++) {
        double want = naive_pixel(m->data->x_bytes + row * D, how, k / WIDTH, k % WIDTH);
        worst = fmax(worst, fabs(seen[k] - want));
    }
    return worst;
}

static void images_move_as_their_ramps_did(void **state) {
    static const bnn_perturbation ways[] = { { .shift = 2.5 }, { .rotation = 25 }, { .shift = 1.5, .rotation = 20 } };
    (void)state;
    for (int k = 0; k < 3; k++) {
        images m;
        images_make(&m, ways[k], 0);
        for (uint32_t step = 0; step < 50; step++) {
            motion how = read_motion(&m, numbers_key(step), 0), wrong = how;
            assert_close(how.row_slope[0], how.col_slope[1], 1e-5);
            assert_close(how.row_slope[1], -how.col_slope[0], 1e-5);
            assert_close(hypot(how.row_slope[0], how.row_slope[1]), 1, 1e-5);
            assert_true(fabs(how.down) <= ways[k].shift + 1e-5 && fabs(how.right) <= ways[k].shift + 1e-5);
            assert_true(fabs(how.angle) <= ways[k].rotation + 1e-4);
            assert_true(worst_pixel(&m, numbers_key(step), &how, RANDOM) <= pixel_tolerance);
            assert_true(worst_pixel(&m, numbers_key(step), &how, WHITE) <= pixel_tolerance);
            wrong.down += 0.01;         /* a planted fault */
            assert_true(worst_pixel(&m, numbers_key(step), &wrong, RANDOM) > pixel_tolerance);
        }
        images_free(&m);
    }
}

/* down, right and angle are uniform and independent: mean 0, variance 1/3 (itself of variance 4/45 / n), products of two 0 (1/9 / n). */
static double worst_motion_z(images *m, uint32_t first_step, size_t n) {
    double sum[3] = {0}, products[3][3] = {{0}}, worst = 0;
    for (size_t s = 0; s < n; s++) {
        motion how = read_motion(m, numbers_key(first_step + (uint32_t)s), s);
        const double u[3] = { how.down / 1.5, how.right / 1.5, how.angle / 20 };
        for (int a = 0; a < 3; a++) {
            sum[a] += u[a];
            for (int b = 0; b < 3; b++) products[a][b] += u[a] * u[b];
        }
    }
    for (int a = 0; a < 3; a++) {
        worst = fmax(worst, fabs(sum[a]) / sqrt((double)n / 3));
        for (int b = 0; b < 3; b++) {
            double want = a == b ? (double)n / 3 : 0, var = (double)n * (a == b ? 4.0 / 45 : 1.0 / 9);
            worst = fmax(worst, fabs(products[a][b] - want) / sqrt(var));
        }
    }
    return worst;
}

static void motions_are_uniform_and_independent(void **state) {
    images m;
    (void)state;
    images_make(&m, (bnn_perturbation){ .shift = 1.5, .rotation = 20 }, 0);
    assert_true(worst_motion_z(&m, 0, 2000) <= 5 || worst_motion_z(&m, 10000, 8000) <= 5);
    m.problem.perturbation.shift = 1.2;      /* the same check rejects a narrower shift */
    assert_true(worst_motion_z(&m, 0, 2000) > 5);
    images_free(&m);
}

/* ---- noise ----------------------------------------------------------------------------------------------------------- */

enum { ROWS = 600, IN = 7 };

static double z_of_noise(small_problem *p, double sd) {
    size_t n = ROWS * IN;
    double sum = 0, squares = 0, with_next_row = 0;
    bnn_pass pass = { .is_training = true, .key = numbers_key(30) };
    const real *x = bnn_problem_perturb(&p->problem, &pass, ROWS, NULL, p->problem.x);
    for (size_t i = 0; i < n; i++) {
        double e = ((double)x[i] - (double)p->problem.x[i]) / sd;
        sum += e;
        squares += e * e;
        if (i + IN < n) with_next_row += e * ((double)x[i + IN] - (double)p->problem.x[i + IN]) / sd;
    }
    return fmax(fmax(fabs(sum), fabs(squares - (double)n) / sqrt(2)), fabs(with_next_row)) / sqrt((double)n);
}

static void noise_is_normal_of_its_sd_and_leaves_the_rows_alone(void **state) {
    small_problem p;
    (void)state;
    small_problem_make(&p, READ_SETS("net.hidden=3"), NULL, ROWS, IN, 0);
    real *before = BNN_TAKE(&p.arena, ROWS * IN, real);
    memcpy(before, p.problem.x, ROWS * IN * sizeof *before);
    p.problem.perturbation.noise_sd = 0.3;
    assert_true(z_of_noise(&p, 0.3) <= 5);
    assert_true(z_of_noise(&p, 0.35) > 5);
    assert_memory_equal(before, p.problem.x, ROWS * IN * sizeof *before);
    small_problem_free(&p);
}

/* The noise on an image's pixels, squared, and its shift: E[u (e^2 - 1)] = 0, variance 2/3 / n. 32 pixels: z bound 6. */
static void noise_does_not_tell_of_the_motion(void **state) {
    enum { N = 3000, PIXELS = 32 };
    images m;
    double plain[D], noisy[D], sum[PIXELS] = {0};
    (void)state;
    images_make(&m, (bnn_perturbation){ .shift = 1.5 }, 0);
    for (uint32_t step = 0; step < N; step++) {
        m.problem.perturbation.noise_sd = 0;
        motion how = read_motion(&m, numbers_key(step), 0);
        see(&m, numbers_key(step), 0, RANDOM, plain);
        m.problem.perturbation.noise_sd = 0.5;
        see(&m, numbers_key(step), 0, RANDOM, noisy);
        for (int k = 0; k < PIXELS; k++) sum[k] += how.down / 1.5 * (pow((noisy[k] - plain[k]) / 126 / 0.5, 2) - 1);
    }
    for (int k = 0; k < PIXELS; k++)
        if (!(fabs(sum[k]) <= 6 * sqrt(N * 2.0 / 3))) fail_msg("pixel %d: %g standard errors", k, sum[k] / sqrt(N * 2.0 / 3));
    images_free(&m);
}

/* ---- passes and fits ------------------------------------------------------------------------------------------------- */

static double nll_of(images *m, bool is_training, uint32_t step, size_t n, const size_t *rows) {
    bnn_pass pass = { .theta = m->p.theta, .is_training = is_training, .key = numbers_key(step) };
    double nll;
    assert_ok(bnn_problem_nll_pass(&m->problem, pass, n, rows, NULL, &nll));
    return nll;
}

static void only_training_passes_see_it_whatever_the_cut(void **state) {
    static const bnn_perturbation ways[] = { { .noise_sd = 0.3 }, { .shift = 2 }, { .noise_sd = 0.2, .shift = 1, .rotation = 30 } };
    const size_t rows[] = { 5, 3, 23, 3, 0, 17, 8 };
    (void)state;
    for (int k = 0; k < 3; k++) {
        images whole, cut, plain;
        images_make(&whole, ways[k], 0);
        images_make(&cut, ways[k], 5);
        images_make(&plain, (bnn_perturbation){0}, 0);
        for (int list = 0; list < 2; list++) {
            const size_t *given = list == 0 ? NULL : rows;
            double seen = nll_of(&whole, true, 1, 7, given), unseen = nll_of(&plain, true, 1, 7, given);
            assert_true(nll_of(&whole, false, 1, 7, given) == unseen);
            assert_true(nll_of(&whole, true, 1, 7, given) == seen);
            assert_true(fabs(seen - unseen) > 1e-3 && fabs(seen - nll_of(&whole, true, 2, 7, given)) > 1e-3);
            assert_close(nll_of(&cut, true, 1, 7, given), seen, 1e-5);
        }
        images_free(&whole);
        images_free(&cut);
        images_free(&plain);
    }
}

/* Weights that hardly move: the record's nll is of perturbed rows, that of the same rows as validation rows and the file's are not. */
static void a_fit_perturbs_in_training_alone(void **state) {
    static const char *const ways[][2] = { { "input_noise_sd", "1" }, { "shift", "3" }, { "rotation", "90" } };
    bnn_dataset *data = make_images();
    (void)state;
    for (int k = 0; k < 3; k++) {
        records kept = {0};
        bnn_observer observer = { .context = &kept, .epoch = keep_record };
        bnn_config *config = CONFIG("method.name=map", "net.hidden=6", "likelihood.name=categorical", "data.scale_x=divide:126",
                                    "train.epochs=1", "optimizer.lr=1e-12");
        assert_ok(bnn_config_set(config, "train", ways[k][0], ways[k][1]));
        bnn_model *model = fit(config, data, data, &observer);
        double file = strtod(json_string_value(json_object_get(model->facts, "nll")), NULL);
        assert_close(N_IMAGES * kept.at[0].valid_nll, file, 1e-5);
        assert_true(fabs(kept.at[0].nll - file) > 1e-2);
        bnn_model_free(model);
        bnn_config_free(config);
    }
    bnn_dataset_free(data);
}

static void only_images_can_be_shifted_and_rotated(void **state) {
    static const char *const keys[] = { "shift", "rotation" };
    static const double x[4] = { 1, 2, 3, 4 };
    bnn_dataset *data = NULL;
    (void)state;
    assert_ok(bnn_dataset_make(&data, 4, 1, x, 1, x, 0));
    for (int k = 0; k < 2; k++) {
        bnn_model *model = NULL;
        char place[32];
        bnn_config *config = CONFIG("net.hidden=2", "train.epochs=1");
        assert_ok(bnn_config_set(config, "train", keys[k], "1"));
        assert_int_equal(bnn_fit(&model, config, data, NULL, NULL), BNN_ERR_CONFIG);
        assert_null(model);
        snprintf(place, sizeof place, "[train] %s = 1", keys[k]);
        assert_non_null(strstr(bnn_error_text(), place));
        assert_non_null(strstr(bnn_error_text(), "only images"));
        bnn_config_free(config);
    }
    bnn_dataset_free(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images_move_as_their_ramps_did),
        cmocka_unit_test(motions_are_uniform_and_independent),
        cmocka_unit_test(noise_is_normal_of_its_sd_and_leaves_the_rows_alone),
        cmocka_unit_test(noise_does_not_tell_of_the_motion),
        cmocka_unit_test(only_training_passes_see_it_whatever_the_cut),
        cmocka_unit_test(a_fit_perturbs_in_training_alone),
        cmocka_unit_test(only_images_can_be_shifted_and_rotated),
    };
    return RUN_INSIDE(tests);
}
