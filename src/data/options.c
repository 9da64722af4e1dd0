/* The [data] section: which files, which columns, which rows, which scaling. */
#include "base/text.h"
#include "data/data.h"

#include <math.h>
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

#define O bnn_data_options
const bnn_option bnn_data_rows[] = {
    BNN_OPTION_PATH_ROW(O, train, "", "file of the training rows (and of all rows that are split off for testing), plain or .gz"),
    BNN_OPTION_PATH_ROW(O, valid, "", "file of validation rows"),
    BNN_OPTION_PATH_ROW(O, test, "", "file of test rows"),
    BNN_OPTION_PATH_ROW(O, train_labels, "", "IDX file of the labels of `train`"),
    BNN_OPTION_PATH_ROW(O, valid_labels, "", "IDX file of the labels of `valid`"),
    BNN_OPTION_PATH_ROW(O, test_labels, "", "IDX file of the labels of `test`"),
    BNN_OPTION_CHOICE_ROW(O, format, "auto", "auto|csv|tsv|table|idx",
                          "format of the files; table: separated by blanks; auto: by the file's name, else by its content"),
    BNN_OPTION_CHOICE_ROW(O, header, "auto", "auto|yes|no",
                          "whether the first row names the columns; auto: yes if any of its fields is not a number"),
    BNN_OPTION_WORDS_ROW(O, target, "", "target column, by name or 0-based index; several for several outputs; empty: the last"),
    BNN_OPTION_WORDS_ROW(O, ignore, "", "columns to leave out, by name or 0-based index"),
    BNN_OPTION_PATH_ROW(O, test_rows, "", "file of 0-based row numbers of `train` that are for testing; all others train"),
    BNN_OPTION_PATH_ROW(O, splits, "", "like test_rows, a pattern for many such files with %d for the value of `split`"),
    BNN_OPTION_INT_ROW(O, split, "0", 0, 1e9, "", "which of the `splits` to use"),
    BNN_OPTION_NUMBER_ROW(O, test_fraction, "0", 0, 0.999, "", "random part of the rows that is for testing, drawn from run.seed"),
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
