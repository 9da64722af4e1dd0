/* The [data] section: which files, which columns, which rows, which scaling. */
#include "base/text.h"
#include "data/data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_divide(const char *value) {
    double divisor;
    return strncmp(value, "divide:", 7) == 0 && bnn_text_to_number(value + 7, &divisor) && isfinite(divisor) && divisor > 0;
}

static const char *check_scale_x(const char *value) {
    if (strcmp(value, "standardize") == 0 || strcmp(value, "none") == 0 || is_divide(value)) return NULL;
    return "standardize, none, divide:NUMBER (above 0)";
}

static const char *check_scale_y(const char *value) {
    return strcmp(value, "standardize") == 0 || strcmp(value, "none") == 0 ? NULL : "standardize, none";
}

size_t bnn_data_degree(const char *expand) {
    static const char word[] = "polynomial ";
    if (expand == NULL || *expand == '\0' || strcmp(expand, "none") == 0) return 1;
    if (strncmp(expand, word, strlen(word)) != 0) return 0;
    const char *digits = expand + strlen(word) + strspn(expand + strlen(word), " ");
    if (strspn(digits, "0123456789") != strlen(digits) || strlen(digits) > 3) return 0;
    size_t degree = (size_t)strtoul(digits, NULL, 10);
    return degree <= BNN_MAX_DEGREE ? degree : 0;
}

static const char *check_expand(const char *value) {
    return bnn_data_degree(value) > 0 ? NULL : "none, polynomial D (1 to 100)";
}

#define O bnn_data_options
const bnn_option bnn_data_rows[] = {
    BNN_OPTION_PATH_ROW(O, train, "", "file of the training rows (and of all rows that are split off for testing), plain or .gz"),
    BNN_OPTION_PATH_ROW(O, valid, "", "file of validation rows"),
    BNN_OPTION_PATH_ROW(O, test, "", "file of test rows"),
    BNN_OPTION_PATH_ROW(O, train_labels, "", "IDX or NPY file of the labels (NPY: or numbers) of `train`"),
    BNN_OPTION_PATH_ROW(O, valid_labels, "", "IDX or NPY file of the labels of `valid`"),
    BNN_OPTION_PATH_ROW(O, test_labels, "", "IDX or NPY file of the labels of `test`"),
    BNN_OPTION_CHOICE_ROW(O, format, "auto", "auto|csv|tsv|table|idx|npy|svmlight",
                          "format of the files; table: separated by blanks; svmlight: label index:value ...; auto: by the file's name, "
                          "else by its content"),
    BNN_OPTION_CHOICE_ROW(O, header, "auto", "auto|yes|no",
                          "whether the first row names the columns; auto: yes if any of its fields is not a number"),
    BNN_OPTION_WORDS_ROW(O, target, "", "target column, by name or 0-based index; several for several outputs; empty: the last"),
    BNN_OPTION_WORDS_ROW(O, ignore, "", "columns to leave out, by name or 0-based index"),
    BNN_OPTION_WORDS_ROW(O, categorical, "", "feature columns of levels, by name or 0-based index: each level of the training rows becomes "
                         "a 0/1 feature column=level, which is never scaled; a level unknown from training is an error"),
    BNN_OPTION_TEXT_ROW(O, weight, "", NULL, "column of case weights (at least 0, not all 0), by name or 0-based index; never a feature; "
                        "weight w counts in the likelihood as w equal rows, but not in scaling, fills and metrics"),
    BNN_OPTION_CHOICE_ROW(O, missing, "error", "error|drop|mean|mean+indicator",
                          "what to do with a missing value of a feature (empty field, ?, NA, NaN): drop its row (training, validation "
                          "and test rows; an error in rows to predict), or put in the mean of the training rows (of a categorical "
                          "column: the frequencies of its levels), for mean+indicator with one more 0/1 feature 'column missing' for "
                          "columns that miss values in training; a missing target or weight is an error unless dropped"),
    BNN_OPTION_TEXT_ROW(O, expand, "none", check_expand,
                        "none or polynomial D: the powers 1 to D of each scaled feature (no products of features; not for images)"),
    BNN_OPTION_CHOICE_ROW(O, first_index, "1", "1|0", "what svmlight files call their first feature"),
    BNN_OPTION_PATH_ROW(O, test_rows, "", "file of 0-based row numbers of `train` that are for testing; all others train"),
    BNN_OPTION_PATH_ROW(O, splits, "", "like test_rows, a pattern for many such files with %d for the value of `split`"),
    BNN_OPTION_INT_ROW(O, split, "0", 0, 1e9, "", "which of the `splits` to use"),
    BNN_OPTION_NUMBER_ROW(O, test_fraction, "0", 0, 0.999, "", "random part of the rows that is for testing, drawn from run.seed"),
    BNN_OPTION_INT_ROW(O, folds, "0", 0, 1000, "", "for choosing settings by cross-validation: the rows for testing are left out, unread, and one "
                       "of this many random parts of the others is tested on; 0: no such thing ([tune] in a sweep sets these keys)"),
    BNN_OPTION_INT_ROW(O, fold, "0", 0, 999, "", "which of the `folds` to test on"),
    BNN_OPTION_NUMBER_ROW(O, fold_fraction, "0", 0, 0.9, "", "like folds, with one random part of this size"),
    BNN_OPTION_NUMBER_ROW(O, valid_fraction, "0", 0, 0.999, "",
                          "random part of the rows left after testing that is for validation, drawn from run.seed"),
    BNN_OPTION_INT_ROW(O, rows, "0", 0, 1e12, "rows", "use a random subset of this many rows of `train`; 0: all"),
    BNN_OPTION_TEXT_ROW(O, scale_x, "standardize", check_scale_x,
                        "scaling of the features, fitted on training rows: standardize (mean 0, sd 1), none or divide:NUMBER"),
    BNN_OPTION_TEXT_ROW(O, scale_y, "standardize", check_scale_y,
                        "scaling of numeric targets, fitted on training rows and undone in every output: standardize or none; counts "
                        "(likelihood poisson) are never scaled"),
    {0}
};
#undef O
