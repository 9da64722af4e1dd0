/* The confusion table. */
#include "predict/confusion.h"
#include "base/fail.h"

#include <math.h>

static void add_row(bnn_confusion *c, const bnn_prediction *p, size_t row, double weight) {
    size_t target = (size_t)p->target[row];
    c->count[target * c->n_classes + p->label[row]] += weight;
    for (size_t k = 0; k < c->n_classes; k++) {
        double difference = p->p[row * c->n_classes + k] - (k == target);
        c->brier[k] += weight * difference * difference;
    }
}

/* Shares of class k from the counts. */
static void add_shares(bnn_confusion *c, size_t k) {
    double seen = 0, taken = 0;
    for (size_t other = 0; other < c->n_classes; other++) {
        seen += c->count[k * c->n_classes + other];
        taken += c->count[other * c->n_classes + k];
    }
    c->recall[k] = c->count[k * c->n_classes + k] / seen;
    c->precision[k] = c->count[k * c->n_classes + k] / taken;
}

bnn_status bnn_confusion_make(bnn_confusion *confusion, const bnn_prediction *p) {
    bnn_confusion c = { .n_classes = p->n_classes };
    double total = 0;
    c.count = BNN_TAKE(&c.arena, c.n_classes * c.n_classes, double);
    c.recall = BNN_TAKE(&c.arena, c.n_classes, double);
    c.precision = BNN_TAKE(&c.arena, c.n_classes, double);
    c.brier = BNN_TAKE(&c.arena, c.n_classes, double);
    if (c.arena.has_failed) {
        bnn_confusion_free(&c);
        return BNN_FAIL_MEMORY("the confusion table");
    }
    for (size_t i = 0; i < p->n_rows; i++) {
        double weight = p->weight == NULL ? 1 : p->weight[i];
        add_row(&c, p, i, weight);
        total += weight;
    }
    for (size_t k = 0; k < c.n_classes; k++) {
        c.brier[k] /= total;
        add_shares(&c, k);
    }
    *confusion = c;
    return BNN_OK;
}

void bnn_confusion_free(bnn_confusion *confusion) {
    bnn_arena_free(&confusion->arena);
    *confusion = (bnn_confusion){0};
}
