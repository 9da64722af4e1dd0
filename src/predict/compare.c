/* Paired comparisons. */
#include "predict/compare.h"
#include "base/fail.h"
#include "predict/average.h"

#include <math.h>
#include <string.h>

typedef struct pair { const bnn_row_score *score; const bnn_prediction *a, *b; } pair;      /* b NULL: a alone */

static double row_value(const void *context, size_t row) {
    const pair *p = context;
    double value = p->score->of(p->a, row);
    return p->b == NULL ? value : value - p->score->of(p->b, row);
}

static bnn_score average(const pair *p, const double *weight) { return bnn_average(p->a->n_rows, weight, row_value, p); }

static bool is_better(const bnn_row_score *score, const bnn_place *a, const bnn_place *b) {
    return score->is_gain ? a->score.value > b->score.value : a->score.value < b->score.value;
}

/* Insertion keeps equals in their order. */
static void insert(const bnn_row_score *score, bnn_place *places, size_t n, bnn_place place) {
    for (; n > 0 && is_better(score, &place, &places[n - 1]); n--) places[n] = places[n - 1];
    places[n] = place;
}

/* An infinite difference (a class whose probability is 0) is as sure as can be, though it has no se. */
static double z_of(bnn_score difference) {
    bool is_plain = difference.value != 0 && isfinite(difference.value);
    return is_plain ? difference.value / difference.se : difference.value;
}

void bnn_compare(const bnn_row_score *score, size_t n, bnn_prediction *const *predictions, bnn_place *places) {
    const double *weight = predictions[0]->weight;
    for (size_t i = 0; i < n; i++)
        insert(score, places, i, (bnn_place){ .run = i, .score = average(&(pair){ score, predictions[i], NULL }, weight) });
    for (size_t i = 0; i < n; i++) {
        bnn_place *place = &places[i];
        place->difference = average(&(pair){ score, predictions[place->run], predictions[places[0].run] }, weight);
        place->z = z_of(place->difference);
    }
}

/* One row alone has no se, so no z, and says nothing. */
bool bnn_place_is_noise(const bnn_place *place) { return !(fabs(place->z) >= 2); }

/* ---- same rows? -------------------------------------------------------------------------------------------------------- */

static bool has_same_classes(const bnn_prediction *a, const bnn_prediction *b) {
    for (size_t k = 0; k < a->n_classes; k++)
        if (strcmp(a->class_names[k], b->class_names[k]) != 0) return false;
    return true;
}

static double weight_of(const bnn_prediction *p, size_t row) { return p->weight == NULL ? 1 : p->weight[row]; }

bnn_status bnn_compare_check(const bnn_prediction *a, const char *name_a, const bnn_prediction *b, const char *name_b) {
    if (a->target == NULL || b->target == NULL)
        return BNN_FAIL(BNN_ERR_DATA, "%s: its rows have no targets, so nothing to score", a->target == NULL ? name_a : name_b);
    if (a->n_targets != b->n_targets || a->n_classes != b->n_classes || !has_same_classes(a, b))
        return BNN_FAIL(BNN_ERR_DATA, "%s and %s predict different things: %zu target(s) of %zu classes and %zu of %zu (0: numbers), or "
                        "classes of other names", name_a, name_b, a->n_targets, a->n_classes, b->n_targets, b->n_classes);
    if (a->n_rows != b->n_rows)
        return BNN_FAIL(BNN_ERR_DATA, "%s has %zu rows and %s has %zu: give all runs the same rows (--data FILE)", name_a, a->n_rows, name_b,
                        b->n_rows);
    for (size_t i = 0; i < a->n_rows; i++) {
        if (memcmp(a->target + i * a->n_targets, b->target + i * a->n_targets, a->n_targets * sizeof *a->target) != 0)
            return BNN_FAIL(BNN_ERR_DATA, "row %zu (from 0) has another target in %s than in %s: give all runs the same rows (--data FILE)",
                            i, name_b, name_a);
        if (weight_of(a, i) != weight_of(b, i))
            return BNN_FAIL(BNN_ERR_DATA, "row %zu (from 0) has weight %g in %s and %g in %s: scores can only be paired with equal weights",
                            i, weight_of(a, i), name_a, weight_of(b, i), name_b);
    }
    return BNN_OK;
}
