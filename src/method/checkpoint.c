/* Checkpoints: the method's arrays, the best result so far, the members that are finished, and where the loop stands, as named tensors
 * and facts. Random numbers are functions of step and seed, so nothing of them is kept. */
#include "base/fail.h"
#include "base/text.h"
#include "method/fit.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = BNN_STATE_ARRAYS + 2 * BNN_POSTERIOR_ARRAYS + 1, NAME_SIZE = 48 };

typedef struct listing { size_t n; bnn_tensor tensors[MOST]; char names[MOST][NAME_SIZE]; } listing;

static void list_array(listing *list, const char *prefix, const char *name, size_t n, const real *at) {
    bnn_tensor *tensor = &list->tensors[list->n];
    snprintf(list->names[list->n], NAME_SIZE, "%s.%s", prefix, name);
    *tensor = (bnn_tensor){ .name = list->names[list->n], .type = BNN_TENSOR_REAL, .n_dims = 1, .shape = { n }, .data = at };
    list->n++;
}

/* At most the first `most` vectors of each array. */
static void list_posterior(listing *list, const char *prefix, const bnn_posterior *posterior, size_t most) {
    for (size_t i = 0; i < posterior->n_arrays; i++) {
        const bnn_posterior_array *array = &posterior->arrays[i];
        size_t copies = array->copies < most ? array->copies : most;
        list_array(list, prefix, array->suffix[0] == '\0' ? "mean" : array->suffix, copies * posterior->n_params, array->at);
    }
}

/* Everything that is kept, with the places where it lives now. */
static void list_all(listing *list, const bnn_fit_state *fit, const bnn_method_row *method, void *state) {
    bnn_state_array arrays[BNN_STATE_ARRAYS];
    size_t n = method->arrays(state, arrays);
    list->n = 0;
    for (size_t i = 0; i < n; i++) list_array(list, "state", arrays[i].name, arrays[i].n, arrays[i].at);
    if (fit->best_epoch > 0) list_posterior(list, "best", &fit->best, SIZE_MAX);
    if (fit->kept != NULL) list_array(list, "kept", "arrays", fit->n_kept, fit->kept);
    if (fit->member > 0) list_posterior(list, "finished", &fit->finished, fit->member);
}

/* ---- facts ----------------------------------------------------------------------------------------------------------- */

static void put(json_t *facts, const char *name, const char *value) { json_object_set_new(facts, name, json_string(value)); }

static void put_count(json_t *facts, const char *name, uint64_t value) {
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, value);
    put(facts, name, text);
}

static void put_number(json_t *facts, const char *name, double value) {
    char text[32];
    put(facts, name, bnn_text_number(text, value));
}

static json_t *facts_of(const bnn_fit_state *fit, const bnn_method_row *method) {
    json_t *facts = json_object();
    put(facts, "format", "bnn checkpoint 1");
    put(facts, "method", method->head.name);
    put_count(facts, "member", fit->member);
    put_count(facts, "step", fit->step);
    put_count(facts, "epoch", fit->epoch);
    put_count(facts, "batch", fit->batch);
    put_count(facts, "best_epoch", fit->best_epoch);
    put_count(facts, "rollbacks", fit->n_rollbacks);
    put_number(facts, "best_valid", fit->best_valid);
    put_number(facts, "nll_sum", fit->nll_sum);
    return facts;
}

static bnn_status get_count(const bnn_tensor_file *file, const char *name, uint64_t *value) {
    const char *text = json_string_value(json_object_get(file->metadata, name));
    char *end = NULL;
    if (text != NULL) *value = strtoull(text, &end, 10);
    if (text == NULL || *text == '\0' || *end != '\0') return BNN_FAIL(BNN_ERR_DATA, "the checkpoint has no readable \"%s\"", name);
    return BNN_OK;
}

static bnn_status get_number(const bnn_tensor_file *file, const char *name, double *value) {
    const char *text = json_string_value(json_object_get(file->metadata, name));
    if (text == NULL || !bnn_text_to_number(text, value)) return BNN_FAIL(BNN_ERR_DATA, "the checkpoint has no readable \"%s\"", name);
    return BNN_OK;
}

/* ---- saving and loading ---------------------------------------------------------------------------------------------- */

bnn_status bnn_fit_save(bnn_fit_state *fit, const bnn_method_row *method, void *state, const bnn_fit_hooks *hooks) {
    listing list;
    json_t *facts = facts_of(fit, method);
    if (facts == NULL) return BNN_FAIL_MEMORY("the checkpoint");
    list_all(&list, fit, method, state);
    bnn_status status = hooks->save(hooks->context, list.n, list.tensors, facts);
    json_decref(facts);
    return status;
}

bnn_status bnn_fit_resumed_member(const bnn_tensor_file *file, uint32_t *member) {
    uint64_t value = 0;
    bnn_status status = get_count(file, "member", &value);
    if (status == BNN_OK && value > UINT32_MAX) return BNN_FAIL(BNN_ERR_DATA, "the checkpoint's member number is absurd");
    if (status == BNN_OK) *member = (uint32_t)value;
    return status;
}

static bnn_status load_facts(bnn_fit_state *fit, const bnn_method_row *method, const bnn_tensor_file *file) {
    bnn_status status;
    const char *name = json_string_value(json_object_get(file->metadata, "method"));
    if (name == NULL || strcmp(name, method->head.name) != 0)
        return BNN_FAIL(BNN_ERR_DATA, "the checkpoint is of method %s, not %s", name == NULL ? "(none)" : name, method->head.name);
    if ((status = get_count(file, "step", &fit->step))             != BNN_OK) return status;
    if ((status = get_count(file, "epoch", &fit->epoch))           != BNN_OK) return status;
    if ((status = get_count(file, "batch", &fit->batch))           != BNN_OK) return status;
    if ((status = get_count(file, "best_epoch", &fit->best_epoch)) != BNN_OK) return status;
    if ((status = get_count(file, "rollbacks", &fit->n_rollbacks)) != BNN_OK) return status;
    if ((status = get_number(file, "best_valid", &fit->best_valid)) != BNN_OK) return status;
    if ((status = get_number(file, "nll_sum", &fit->nll_sum))      != BNN_OK) return status;
    if (fit->batch > fit->n_batches || fit->step != fit->epoch * fit->n_batches + fit->batch || fit->step > fit->n_steps)
        return BNN_FAIL(BNN_ERR_DATA, "the checkpoint stands at step %" PRIu64 ", which this fit does not have", fit->step);
    return BNN_OK;
}

bnn_status bnn_fit_load(bnn_fit_state *fit, const bnn_method_row *method, void *state, const bnn_tensor_file *file) {
    listing list;
    bnn_status status = load_facts(fit, method, file);
    if (status != BNN_OK) return status;
    list_all(&list, fit, method, state);
    for (size_t i = 0; i < list.n; i++) {
        const bnn_tensor *want = &list.tensors[i], *found = bnn_tensors_find(file, want->name);
        if (found == NULL || found->type != want->type || bnn_tensor_count(found) != bnn_tensor_count(want))
            return BNN_FAIL(BNN_ERR_DATA, "the checkpoint's tensor %s is missing or of another size or precision", want->name);
        memcpy((void *)(uintptr_t)want->data, found->data, bnn_tensor_count(want) * sizeof(real));
    }
    if (fit->batch == 0) bnn_fit_judge_patience(fit);
    return method->resumed == NULL ? BNN_OK : method->resumed(state, fit);
}
