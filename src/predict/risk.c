/* Risk-coverage curves. */
#include "predict/risk.h"
#include "base/arena.h"
#include "base/fail.h"
#include "predict/average.h"
#include "predict/row_score.h"
#include "predict/uncertainty.h"

#include <gsl/gsl_sort.h>
#include <math.h>

typedef struct ranking {
    size_t  n;
    double *uncertainty, *loss;      /* [n] */
    size_t *order;                   /* [n] the surest first */
    bnn_arena arena;
} ranking;

static bnn_status ranking_make(ranking *r, const bnn_prediction *p) {
    bool is_classes = p->n_classes > 0;
    *r = (ranking){ .n = p->n_rows };
    r->uncertainty = BNN_TAKE(&r->arena, r->n, double);
    r->loss = BNN_TAKE(&r->arena, r->n, double);
    r->order = BNN_TAKE(&r->arena, r->n, size_t);
    if (r->arena.has_failed) return BNN_FAIL_MEMORY("the order of rows");
    for (size_t i = 0; i < r->n; i++) {
        r->uncertainty[i] = is_classes ? bnn_row_doubt(p, i) : bnn_row_log_sd(p, i);
        r->loss[i] = is_classes ? bnn_row_error(p, i) : bnn_row_squared_error(p, i);
    }
    gsl_sort_index(r->order, r->uncertainty, 1, r->n);
    return BNN_OK;
}

/* The walk from the surest rows to all. */
typedef struct walk { size_t next; double weight, loss; } walk;

/* Takes in the next group of equal uncertainty; returns its weight. */
static double step(walk *w, const ranking *r, const double *weight) {
    double before = w->weight, uncertainty = r->uncertainty[r->order[w->next]];
    for (; w->next < r->n && r->uncertainty[r->order[w->next]] == uncertainty; w->next++) {
        size_t row = r->order[w->next];
        double row_weight = weight == NULL ? 1 : weight[row];
        w->weight += row_weight;
        w->loss += row_weight * r->loss[row];
    }
    return w->weight - before;
}

bnn_status bnn_risk_curve(const bnn_prediction *prediction, bnn_risk_point *points, size_t *n_points) {
    ranking r;
    walk w = {0};
    bnn_status status = ranking_make(&r, prediction);
    *n_points = 0;
    while (status == BNN_OK && w.next < r.n) {
        double uncertainty = r.uncertainty[r.order[w.next]];
        if (step(&w, &r, prediction->weight) > 0) points[(*n_points)++] = (bnn_risk_point){ w.weight, w.loss / w.weight, uncertainty };
    }
    for (size_t i = 0; i < *n_points; i++) points[i].coverage /= w.weight;
    bnn_arena_free(&r.arena);
    return status;
}

static double area(const void *context, const double *weight) {
    const ranking *r = context;
    walk w = {0};
    double sum = 0;
    while (w.next < r->n) {
        double group = step(&w, r, weight);
        if (group > 0) sum += group * w.loss / w.weight;
    }
    return sum / w.weight;
}

bnn_score bnn_score_aurc(const bnn_prediction *prediction) {
    ranking r;
    bnn_score score = { NAN, NAN };
    if (ranking_make(&r, prediction) == BNN_OK)
        score = bnn_statistic_score(&(bnn_statistic){ .n = r.n, .weight = prediction->weight, .of = area, .context = &r });
    bnn_arena_free(&r.arena);
    return score;
}
