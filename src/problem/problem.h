/* The problem every method is written against: the negative log joint of the whole training set at theta, in nats, constants
 * included, and its gradient, estimated from the rows given.
 *
 *     nll(theta; rows) = (N / n) sum_{i in rows} w_i * -log p(y_i | f(x_i; theta))
 *
 * N and n count rows also with case weights w_i (else 1): rows are drawn alike, so that is the unbiased estimate of the whole sum.
 * The factor N / n lives here and nowhere else. theta [n_params] = the net's weights [n_weights], then learnt log noise sds
 * [n_noise], which have no prior. What an optimizer sees is nll + prior (or KL) divided by the sum of weights (N without them); the caller of the
 * optimizer does that. */
#ifndef BNN_PROBLEM_PROBLEM_H
#define BNN_PROBLEM_PROBLEM_H

#include "data/data.h"
#include "layer/net.h"
#include "likelihood/likelihood.h"
#include "prior/prior.h"

/* What training passes do to inputs; all 0: nothing. */
typedef struct bnn_perturbation {
    double noise_sd;           /* Gaussian noise on scaled inputs                     */
    double shift, rotation;    /* images: at most this many pixels each way, degrees  */
} bnn_perturbation;

typedef struct bnn_problem {
    const bnn_net        *net;
    const bnn_likelihood *likelihood;
    const bnn_prior      *prior;
    const bnn_dataset    *data;
    const bnn_scaling    *scaling;
    bnn_team             *team;          /* NULL: one thread */
    size_t                n_rows;        /* N */
    double                weight_sum;    /* of all rows' case weights; N without weights */
    size_t                n_weights, n_params;
    const double         *prior_scale;   /* [n_blocks of the net] */
    bnn_perturbation      perturbation;  /* of the inputs in training passes */
    size_t                max_rows;      /* rows of one pass; more go in several passes */
    real                 *x, *y;         /* all rows, scaled; x NULL while the data are bytes */
    real                 *batch_x, *batch_y, *df;
    double               *row_nll, *dnoise;
    bnn_workspace         workspace;
    bnn_arena             arena;
} bnn_problem;

/* Everything is borrowed but the problem's own arrays. max_rows: the largest batch that should go in one pass (0: all rows, at most
 * BNN_PASS_ROWS). A problem serves one caller at a time. */
bnn_status bnn_problem_make(bnn_problem *problem, const bnn_net *net, const bnn_likelihood *likelihood, const bnn_prior *prior,
                            const bnn_dataset *data, const bnn_scaling *scaling, bnn_team *team, size_t max_rows);
void       bnn_problem_free(bnn_problem *problem);

enum { BNN_PASS_ROWS = 1024 };

/* *nll: nats, whole set, estimated from rows [n] (NULL: all rows). sink (or NULL: value only): d nll / d theta, whole set; spans come
 * once if n <= max_rows, else once per pass. Before any gradient is handed out the loss is checked: BNN_ERR_NUMERIC names the first
 * block that holds a non-finite weight, or the layer whose outputs overflowed. */
bnn_status bnn_problem_nll(bnn_problem *problem, const real *theta, size_t n, const size_t *rows, const bnn_sink *sink, double *nll);

/* The same through a general pass (noise, dropout): pass.theta and what the noise needs are set; first_row counts up over passes. */
bnn_status bnn_problem_nll_pass(bnn_problem *problem, bnn_pass pass, size_t n, const size_t *rows, const bnn_sink *sink, double *nll);

/* The inputs of a training pass after noise and image augmentation; x as found for rows [n] (NULL: pass->first_row ...). Uses batch_x. */
const real *bnn_problem_perturb(bnn_problem *problem, const bnn_pass *pass, size_t n, const size_t *rows, const real *x);

/* Takes the arrays that noisy passes need. */
bnn_status bnn_problem_allow_noise(bnn_problem *problem);

/* How many passes n rows take, and so how often each span comes. */
size_t bnn_problem_passes(const bnn_problem *problem, size_t n);

/* -log p(weights), nats. */
double bnn_problem_neg_log_prior(const bnn_problem *problem, const real *theta);

/* g [n_weights span first .. first + n) += factor * d(-log p)/dw; w, g: the span itself, not the whole vectors. */
void bnn_problem_add_prior_grad(const bnn_problem *problem, real factor, size_t first, size_t n, const real *w, real *g);

/* *energy = nll + (-log prior) over all rows or the given ones, g [n_params] its gradient, in nats of the whole set. */
bnn_status bnn_problem_energy(bnn_problem *problem, const real *theta, size_t n, const size_t *rows, double *energy, real *g);

/* The prior's scale of block b of a net. */
double bnn_problem_prior_scale(const bnn_net *net, const bnn_prior *prior, size_t b);

/* BNN_ERR_CONFIG if [prior] layer_scale does not have one factor for each layer with weights. config: for the place in the sentence. */
bnn_status bnn_problem_check_prior(const bnn_net *net, const bnn_prior *prior, const bnn_config *config);

/* Calls `span` for the parts of [first, first + n) that have one prior scale each: a block's, or that of several blocks in a row. */
void bnn_problem_each_block(const bnn_problem *problem, size_t first, size_t n,
                            void (*span)(void *context, double scale, size_t first, size_t n), void *context);

/* A sink that adds every span it gets to g [n_params]. */
bnn_sink bnn_sink_accumulate(real *g);

#endif
