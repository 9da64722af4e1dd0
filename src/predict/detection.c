/* ROC, precision and their areas, with exact ties. */
#include "predict/detection.h"
#include "base/fail.h"
#include "predict/average.h"

#include <gsl/gsl_sort.h>
#include <math.h>

/* Both samples in one list: in first, then out. */
typedef struct ranked {
    size_t  n, n_in;
    double *value, *weight;      /* [n]                                    */
    double *share;               /* [n] of the other sample on its far side: the placements of DeLong et al. */
    size_t *order;               /* [n] falling values                     */
    bnn_arena arena;
} ranked;

static void copy(double *to, size_t n, const double *from) {
    for (size_t i = 0; i < n; i++) to[i] = from == NULL ? 1 : from[i];
}

static bnn_status ranked_make(ranked *r, const bnn_samples *samples) {
    size_t n = samples->n_in + samples->n_out;
    *r = (ranked){ .n = n, .n_in = samples->n_in };
    r->value = BNN_TAKE(&r->arena, n, double);
    r->weight = BNN_TAKE(&r->arena, n, double);
    r->share = BNN_TAKE(&r->arena, n, double);
    r->order = BNN_TAKE(&r->arena, n, size_t);
    if (r->arena.has_failed) {
        bnn_arena_free(&r->arena);
        return BNN_FAIL_MEMORY("the order of rows");
    }
    copy(r->value, r->n_in, samples->in);
    copy(r->value + r->n_in, samples->n_out, samples->out);
    copy(r->weight, r->n_in, samples->weight_in);
    copy(r->weight + r->n_in, samples->n_out, samples->weight_out);
    gsl_sort_index(r->order, r->value, 1, n);
    for (size_t i = 0; i < n / 2; i++) {
        size_t last = r->order[n - 1 - i];
        r->order[n - 1 - i] = r->order[i];
        r->order[i] = last;
    }
    return BNN_OK;
}

/* The walk down the thresholds: weight of each sample above and at the present one. */
typedef struct walk { size_t next; double in, out, in_here, out_here; } walk;

/* Lowers the threshold to the next number; false at the end. */
static bool step(walk *w, const ranked *r, const double *weight) {
    if (w->next == r->n) return false;
    double value = r->value[r->order[w->next]];
    w->in_here = w->out_here = 0;
    for (; w->next < r->n && r->value[r->order[w->next]] == value; w->next++) {
        size_t i = r->order[w->next];
        if (i < r->n_in) w->in_here += weight[i];
        else w->out_here += weight[i];
    }
    w->in += w->in_here;
    w->out += w->out_here;
    return true;
}

static walk walk_to_the_end(const ranked *r, const double *weight) {
    walk w = {0};
    while (step(&w, r, weight)) continue;
    return w;
}

/* ---- areas ------------------------------------------------------------------------------------------------------------- */

/* Of an out row the share of in below it, of an in row the share of out above it; equals count half. */
static void fill_shares(ranked *r) {
    walk w = {0}, all = walk_to_the_end(r, r->weight);
    for (size_t first = 0; step(&w, r, r->weight); first = w.next) {
        for (size_t k = first; k < w.next; k++) {
            size_t i = r->order[k];
            r->share[i] = i < r->n_in ? (w.out - w.out_here / 2) / all.out : 1 - (w.in - w.in_here / 2) / all.in;
        }
    }
}

static double share_of(const void *context, size_t i) { return ((const double *)context)[i]; }

/* The mean of either sample's shares is the area; both samples are chance. */
static bnn_score auroc_of(ranked *r) {
    fill_shares(r);
    bnn_score in = bnn_average(r->n_in, r->weight, share_of, r->share);
    bnn_score out = bnn_average(r->n - r->n_in, r->weight + r->n_in, share_of, r->share + r->n_in);
    return (bnn_score){ out.value, hypot(in.se, out.se) };
}

static double aupr_of_weights(const void *context, const double *weight) {
    walk w = {0};
    double sum = 0;
    while (step(&w, context, weight))
        if (w.out_here > 0) sum += w.out_here * w.out / (w.out + w.in);
    return sum / w.out;
}

static double fpr95_of_weights(const void *context, const double *weight) {
    walk w = {0}, all = walk_to_the_end(context, weight);
    while (step(&w, context, weight) && w.out / all.out < 0.95) continue;
    return w.in / all.in;
}

static bnn_score resampled(const ranked *r, double (*of)(const void *context, const double *weight)) {
    return bnn_statistic_score(&(bnn_statistic){ .n = r->n, .n_first = r->n_in, .weight = r->weight, .of = of, .context = r });
}

/* ---- detection --------------------------------------------------------------------------------------------------------- */

static void fill_points(bnn_detection *d, const ranked *r) {
    walk w = {0}, all = walk_to_the_end(r, r->weight);
    while (step(&w, r, r->weight))
        if (w.in_here > 0 || w.out_here > 0)
            d->points[d->n_points++] =
                (bnn_roc_point){ r->value[r->order[w.next - 1]], w.in / all.in, w.out / all.out, w.out / (w.out + w.in) };
}

bnn_status bnn_detection_make(bnn_detection *detection, const bnn_samples *samples) {
    ranked r;
    bnn_detection d = {0};
    bnn_status status = ranked_make(&r, samples);
    if (status != BNN_OK) return status;
    d.points = BNN_TAKE(&d.arena, r.n, bnn_roc_point);
    if (d.points == NULL) {
        status = BNN_FAIL_MEMORY("the ROC curve");
        goto done;
    }
    d.auroc = auroc_of(&r);
    d.aupr = resampled(&r, aupr_of_weights);
    d.fpr95 = resampled(&r, fpr95_of_weights);
    fill_points(&d, &r);
    *detection = d;
done:
    bnn_arena_free(&r.arena);
    return status;
}

void bnn_detection_free(bnn_detection *detection) {
    bnn_arena_free(&detection->arena);
    *detection = (bnn_detection){0};
}

bnn_status bnn_detection_by(bnn_detection *detection, const bnn_uncertainty *uncertainty, const bnn_prediction *in,
                            const bnn_prediction *out) {
    bnn_arena arena = {0};
    double *of_in = BNN_TAKE(&arena, in->n_rows, double), *of_out = BNN_TAKE(&arena, out->n_rows, double);
    bnn_status status = arena.has_failed ? BNN_FAIL_MEMORY("the uncertainties of rows") : BNN_OK;
    if (status == BNN_OK) {
        bnn_uncertainty_fill(uncertainty, in, of_in);
        bnn_uncertainty_fill(uncertainty, out, of_out);
        status = bnn_detection_make(detection, &(bnn_samples){ in->n_rows, out->n_rows, of_in, of_out, in->weight, out->weight });
    }
    bnn_arena_free(&arena);
    return status;
}

/* ---- two classes ------------------------------------------------------------------------------------------------------- */

bnn_score bnn_score_auroc(const bnn_prediction *p) {
    bnn_arena arena = {0};
    bnn_score score = { NAN, NAN };
    ranked r;
    size_t n[2] = { 0, 0 };
    double *value[2], *weight[2];
    if (p->n_classes != 2) return score;
    for (int k = 0; k < 2; k++) {
        value[k] = BNN_TAKE(&arena, p->n_rows, double);
        weight[k] = BNN_TAKE(&arena, p->n_rows, double);
    }
    for (size_t i = 0; !arena.has_failed && i < p->n_rows; i++) {
        int k = p->target[i] > 0;
        value[k][n[k]] = p->p[2 * i + 1];
        weight[k][n[k]++] = p->weight == NULL ? 1 : p->weight[i];
    }
    bnn_samples samples = { n[0], n[1], value[0], value[1], weight[0], weight[1] };
    if (n[0] > 0 && n[1] > 0 && ranked_make(&r, &samples) == BNN_OK) {
        score = auroc_of(&r);
        bnn_arena_free(&r.arena);
    }
    bnn_arena_free(&arena);
    return score;
}
