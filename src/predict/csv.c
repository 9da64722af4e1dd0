/* Predictions as CSV (RFC 4180 quoting, lines end in \n). */
#include "predict/csv.h"

#include <stdio.h>
#include <string.h>

/* ---- fields ------------------------------------------------------------------------------------------------------------ */

void bnn_csv_name(bnn_text *csv, const char *separator, const char *prefix, const char *name) {
    bool is_quoted = strpbrk(name, ",\"\r\n") != NULL;
    bnn_text_add(csv, "%s%s%s", separator, is_quoted ? "\"" : "", prefix);
    for (const char *c = name; is_quoted && *c != '\0'; c++) bnn_text_add(csv, *c == '"' ? "\"\"" : "%c", *c);
    bnn_text_add(csv, "%s", is_quoted ? "\"" : name);
}

void bnn_csv_number(bnn_text *csv, const char *separator, double value) {
    char number[32];
    bnn_text_add(csv, "%s%s", separator, bnn_text_number(number, value));
}

/* ---- numbers ----------------------------------------------------------------------------------------------------------- */

/* "mean", or "mean_NAME" where there are several targets. */
static void add_column(bnn_text *csv, const bnn_prediction *p, size_t j, const char *separator, const char *column) {
    char prefix[64];
    snprintf(prefix, sizeof prefix, "%s%s", column, p->n_targets > 1 ? "_" : "");
    bnn_csv_name(csv, separator, prefix, p->n_targets > 1 ? p->target_names[j] : "");
}

static void add_number_header(bnn_text *csv, const bnn_prediction *p) {
    for (size_t j = 0; j < p->n_targets; j++) {
        add_column(csv, p, j, j == 0 ? "" : ",", "mean");
        add_column(csv, p, j, ",", "sd");
        if (p->sd_aleatoric != NULL) add_column(csv, p, j, ",", "sd_aleatoric");
        if (p->sd_epistemic != NULL) add_column(csv, p, j, ",", "sd_epistemic");
        for (size_t q = 0; q < p->n_quantiles; q++) {
            char column[BNN_LEVEL_DIGITS + 2] = "q";
            bnn_level_digits(column + 1, p->quantile_levels[q]);
            add_column(csv, p, j, ",", column);
        }
        if (p->lower != NULL) add_column(csv, p, j, ",", "lower");
        if (p->upper != NULL) add_column(csv, p, j, ",", "upper");
    }
    for (size_t j = 0; p->target != NULL && j < p->n_targets; j++) add_column(csv, p, j, ",", "target");
}

static void add_number_row(bnn_text *csv, const bnn_prediction *p, size_t row) {
    for (size_t at = row * p->n_targets; at < (row + 1) * p->n_targets; at++) {
        bnn_csv_number(csv, at == row * p->n_targets ? "" : ",", p->mean[at]);
        bnn_csv_number(csv, ",", p->sd[at]);
        if (p->sd_aleatoric != NULL) bnn_csv_number(csv, ",", p->sd_aleatoric[at]);
        if (p->sd_epistemic != NULL) bnn_csv_number(csv, ",", p->sd_epistemic[at]);
        for (size_t q = 0; q < p->n_quantiles; q++) bnn_csv_number(csv, ",", p->quantiles[at * p->n_quantiles + q]);
        if (p->lower != NULL) bnn_csv_number(csv, ",", p->lower[at]);
        if (p->upper != NULL) bnn_csv_number(csv, ",", p->upper[at]);
    }
    for (size_t j = 0; p->target != NULL && j < p->n_targets; j++) bnn_csv_number(csv, ",", p->target[row * p->n_targets + j]);
}

/* ---- classes ----------------------------------------------------------------------------------------------------------- */

static void add_class_header(bnn_text *csv, const bnn_prediction *p) {
    bnn_text_add(csv, "label");
    for (size_t k = 0; k < p->n_classes; k++) bnn_csv_name(csv, ",", "p_", p->class_names[k]);
    bnn_text_add(csv, ",entropy%s%s%s%s", p->entropy_aleatoric == NULL ? "" : ",entropy_aleatoric",
                 p->mutual_information == NULL ? "" : ",mutual_information", p->in_set == NULL ? "" : ",set",
                 p->target == NULL ? "" : ",target");
}

/* "a|b": quoted as a whole where a name asks for it. An empty set is an empty field. */
static void add_set(bnn_text *csv, const bnn_prediction *p, size_t row) {
    bnn_text names = {0};
    for (size_t k = 0; k < p->n_classes; k++)
        if (p->in_set[row * p->n_classes + k]) bnn_text_add(&names, "%s%s", names.length > 0 ? "|" : "", p->class_names[k]);
    bnn_csv_name(csv, ",", "", names.at == NULL ? "" : names.at);
    csv->has_failed = csv->has_failed || names.has_failed;
    bnn_text_free(&names);
}

static void add_class_row(bnn_text *csv, const bnn_prediction *p, size_t row) {
    bnn_csv_name(csv, "", "", p->class_names[p->label[row]]);
    for (size_t k = 0; k < p->n_classes; k++) bnn_csv_number(csv, ",", p->p[row * p->n_classes + k]);
    bnn_csv_number(csv, ",", p->entropy[row]);
    if (p->entropy_aleatoric != NULL) bnn_csv_number(csv, ",", p->entropy_aleatoric[row]);
    if (p->mutual_information != NULL) bnn_csv_number(csv, ",", p->mutual_information[row]);
    if (p->in_set != NULL) add_set(csv, p, row);
    if (p->target != NULL) bnn_csv_name(csv, ",", "", p->class_names[(size_t)p->target[row]]);
}

/* ------------------------------------------------------------------------------------------------------------------------ */

void bnn_prediction_print_header(const bnn_prediction *prediction, bnn_text *csv) {
    (prediction->n_classes > 0 ? add_class_header : add_number_header)(csv, prediction);
    bnn_text_add(csv, prediction->log_lik == NULL ? "\n" : ",log_lik\n");
}

void bnn_prediction_print_row(const bnn_prediction *prediction, size_t row, bnn_text *csv) {
    (prediction->n_classes > 0 ? add_class_row : add_number_row)(csv, prediction, row);
    if (prediction->log_lik != NULL) bnn_csv_number(csv, ",", prediction->log_lik[row]);
    bnn_text_add(csv, "\n");
}

void bnn_prediction_print(const bnn_prediction *prediction, bnn_text *csv) {
    bnn_prediction_print_header(prediction, csv);
    for (size_t i = 0; i < prediction->n_rows; i++) bnn_prediction_print_row(prediction, i, csv);
}
