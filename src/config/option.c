/* One value by its option row: parsing, range, canonical text, and the sentence about what is allowed.
 *
 * Canonical text is what config.ini holds, so it must read back as the same bytes: numbers in their shortest form,
 * yes | no, lists with ", " between, absolute paths. That is why control characters are refused (a value is one line),
 * and a path that would begin or end with a blank. */
#include "config/value.h"

#include <math.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A bound of an INT row beyond this is no bound: the edge of long long, as a double */
static const double INT_EDGE = 9.2e18;

typedef struct reader {
    const bnn_option *row;
    const char       *base_file;
    bnn_arena        *arena;
} reader;

static bool is_integer_kind(const bnn_option *row) {
    return row->kind == BNN_OPTION_INT || row->kind == BNN_OPTION_INT_WORD;
}

static const char *bound_text(const bnn_option *row, double bound, bnn_arena *arena) {
    char number[32];
    if (is_integer_kind(row)) return bnn_phrase_format(arena, "%lld", (long long)bound);
    return bnn_phrase_format(arena, "%s", bnn_text_number(number, bound));
}

/* "a number in (0, 10]", with `noun` for "a number". */
static const char *range_text(const bnn_option *row, const char *noun, bnn_arena *arena) {
    double edge    = is_integer_kind(row) ? INT_EDGE : HUGE_VAL;
    bool has_range = row->min != 0 || row->max != 0;
    bool has_min   = has_range && row->min > -edge, has_max = has_range && row->max < edge;
    bool is_open   = row->excludes_min;
    const char *min = has_min ? bound_text(row, row->min, arena) : "";
    const char *max = has_max ? bound_text(row, row->max, arena) : "";
    if (has_min && has_max) return bnn_phrase_format(arena, "%s in %c%s, %s]", noun, is_open ? '(' : '[', min, max);
    if (has_min) return bnn_phrase_format(arena, "%s %s %s", noun, is_open ? ">" : ">=", min);
    if (has_max) return bnn_phrase_format(arena, "%s <= %s", noun, max);
    return noun;
}

const char *bnn_option_allowed(const bnn_option *row, bnn_arena *arena) {
    const char *number = is_integer_kind(row) ? "an integer" : "a number";
    bnn_phrases words  = bnn_phrases_split(arena, row->words, '|');
    const char *listed = bnn_phrases_join(&words, arena, ", ");
    switch (row->kind) {
    case BNN_OPTION_INT:
    case BNN_OPTION_NUMBER:      return range_text(row, number, arena);
    case BNN_OPTION_INT_WORD:
    case BNN_OPTION_NUMBER_WORD: return bnn_phrase_format(arena, "%s or %s", range_text(row, number, arena), listed);
    case BNN_OPTION_BOOL:        return "yes or no";
    case BNN_OPTION_CHOICE:      return bnn_phrase_format(arena, "one of %s", listed);
    case BNN_OPTION_PATH:        return row->check == NULL ? "a path" : bnn_phrase_format(arena, "%s or a path", row->check(""));
    case BNN_OPTION_NUMBERS:
        return bnn_phrase_format(arena, "%s, separated by commas", range_text(row, "numbers", arena));
    case BNN_OPTION_WORDS:       return "words, separated by commas";
    case BNN_OPTION_TEXT:        return "text";
    case BNN_OPTION_END:         break;
    }
    return "";
}

const char *bnn_option_summary(const bnn_option *row, bnn_arena *arena) {
    bool has_unit = row->unit != NULL && *row->unit != '\0';
    return bnn_phrase_format(arena, "%s (%s%s%s)", row->help, bnn_option_allowed(row, arena), has_unit ? "; " : "",
                             has_unit ? row->unit : "");
}

static const char *fault(const reader *r, const char *what) {
    return bnn_phrase_format(r->arena, "%s: %s", what, bnn_option_allowed(r->row, r->arena));
}

static bool is_in_range(const bnn_option *row, double value) {
    if (row->min == 0 && row->max == 0) return true;
    return (row->excludes_min ? value > row->min : value >= row->min) && value <= row->max;
}

static const char *number_read(double *number, const char *text, const reader *r) {
    if (!bnn_text_to_number(text, number)) return fault(r, "is not a number");
    if (!isfinite(*number)) return fault(r, "is not finite");
    return is_in_range(r->row, *number) ? NULL : fault(r, "is out of range");
}

/* Whole numbers may be written like any other ("1e6", "100.0"); digits alone are read exactly, beyond 2^53 too. */
static const char *integer_read(long long *integer, const char *text, const reader *r) {
    double number;
    if (!bnn_text_to_number(text, &number) || number != floor(number)) return fault(r, "is not an integer");
    if (!(fabs(number) < INT_EDGE) || !is_in_range(r->row, number)) return fault(r, "is out of range");
    char *end;
    *integer = strtoll(text, &end, 10);
    if (*end != '\0') *integer = (long long)number;
    return NULL;
}

static const char *bool_read(bnn_value *value, const char *text, const reader *r) {
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcasecmp(text, words[i]) != 0) continue;
        value->as.truth = i % 2 == 1;
        value->text     = value->as.truth ? "yes" : "no";
        return NULL;
    }
    return fault(r, "is not a yes or no");
}

/* The index of `text` among the row's words, or -1. */
static int word_find(const bnn_phrases *words, const char *text) {
    for (size_t i = 0; i < words->n; i++)
        if (strcmp(words->at[i], text) == 0) return (int)i;
    return -1;
}

static const char *choice_read(bnn_value *value, const char *text, const reader *r) {
    bnn_phrases words = bnn_phrases_split(r->arena, r->row->words, '|');
    value->as.word = word_find(&words, text);
    if (value->as.word < 0) {
        const char *what = *text == '\0' ? "is empty" : "is unknown";
        return bnn_phrase_format(r->arena, "%s%s", fault(r, what), bnn_phrases_suggest(&words, r->arena, text));
    }
    value->text = words.at[value->as.word];
    return NULL;
}

static const char *int_read(bnn_value *value, const char *text, const reader *r) {
    const char *wrong = integer_read(&value->as.integer, text, r);
    if (wrong == NULL) value->text = bnn_phrase_format(r->arena, "%lld", value->as.integer);
    return wrong;
}

static const char *canonical_number(double number, const reader *r) {
    char buffer[32];
    return bnn_phrase_format(r->arena, "%s", bnn_text_number(buffer, number));
}

static const char *double_read(bnn_value *value, const char *text, const reader *r) {
    const char *wrong = number_read(&value->as.number, text, r);
    if (wrong == NULL) value->text = canonical_number(value->as.number, r);
    return wrong;
}

static const char *number_word_read(bnn_value *value, const char *text, const reader *r) {
    bnn_phrases words = bnn_phrases_split(r->arena, r->row->words, '|');
    bnn_value number = {0};
    int word = word_find(&words, text);
    const char *wrong = NULL;
    if (word < 0) wrong = is_integer_kind(r->row) ? int_read(&number, text, r) : double_read(&number, text, r);
    if (wrong != NULL) return bnn_phrase_format(r->arena, "%s%s", wrong, bnn_phrases_suggest(&words, r->arena, text));
    double found = word >= 0 ? 0.0 : is_integer_kind(r->row) ? (double)number.as.integer : number.as.number;
    value->as.number_word = (bnn_number_word){found, word};
    value->text = word >= 0 ? words.at[word] : number.text;
    return NULL;
}

static const char *text_read(bnn_value *value, const char *text, const reader *r) {
    const char *allowed = r->row->check != NULL ? r->row->check(text) : NULL;
    if (allowed != NULL) return bnn_phrase_format(r->arena, "is not allowed: %s", allowed);
    value->as.text = value->text = bnn_phrase_format(r->arena, "%s", text);
    return NULL;
}

static bool has_control(const char *text) {
    for (; *text != '\0'; text++)
        if (((unsigned char)*text < ' ' && *text != '\t') || *text == 127) return true;
    return false;
}

static const char *path_read(bnn_value *value, const char *text, const reader *r) {
    value->as.text = value->text = "";
    if (*text == '\0') return NULL;
    char *absolute = bnn_path_resolve(r->base_file, text);
    if (absolute == NULL) {
        r->arena->has_failed = true;
        return NULL;
    }
    const char *wrong = NULL;
    if (has_control(absolute)) wrong = "lies in a folder whose name holds a control character";
    if (bnn_is_blank(absolute[strlen(absolute) - 1])) wrong = "ends with a blank";
    if (wrong == NULL) value->as.text = value->text = bnn_phrase_format(r->arena, "%s", absolute);
    free(absolute);
    return wrong;
}

static const char *numbers_read(bnn_value *value, const char *text, const reader *r) {
    bnn_phrases pieces = bnn_phrases_split(r->arena, text, ',');
    double *numbers = BNN_TAKE(r->arena, pieces.n, double);
    for (size_t i = 0; i < pieces.n && numbers != NULL; i++) {
        const char *wrong = number_read(&numbers[i], pieces.at[i], r);
        if (wrong != NULL && *pieces.at[i] == '\0') return fault(r, "has nothing between two commas or at an end");
        if (wrong != NULL && pieces.n == 1) return wrong;
        if (wrong != NULL) return bnn_phrase_format(r->arena, "has \"%s\", which %s",
                                                    bnn_phrase_excerpt(r->arena, pieces.at[i]), wrong);
        pieces.at[i] = canonical_number(numbers[i], r);
    }
    value->as.numbers = (bnn_numbers){pieces.n, numbers};
    value->text = bnn_phrases_join(&pieces, r->arena, ", ");
    return NULL;
}

static const char *words_read(bnn_value *value, const char *text, const reader *r) {
    bnn_phrases pieces = bnn_phrases_split(r->arena, text, ',');
    for (size_t i = 0; i < pieces.n; i++)
        if (*pieces.at[i] == '\0') return fault(r, "has nothing between two commas or at an end");
    value->as.words = (bnn_words){pieces.n, pieces.at};
    value->text = bnn_phrases_join(&pieces, r->arena, ", ");
    return NULL;
}

const char *bnn_value_read(bnn_value *value, const bnn_option *row, const char *text, const char *base_file,
                           bnn_arena *arena) {
    reader r = {row, base_file, arena};
    *value = (bnn_value){.text = ""};
    if (has_control(text)) return "holds a control character: a value is one line of text";
    switch (row->kind) {
    case BNN_OPTION_INT:         return int_read(value, text, &r);
    case BNN_OPTION_NUMBER:      return double_read(value, text, &r);
    case BNN_OPTION_BOOL:        return bool_read(value, text, &r);
    case BNN_OPTION_CHOICE:      return choice_read(value, text, &r);
    case BNN_OPTION_INT_WORD:
    case BNN_OPTION_NUMBER_WORD: return number_word_read(value, text, &r);
    case BNN_OPTION_TEXT:        return text_read(value, text, &r);
    case BNN_OPTION_PATH:
        return row->check != NULL && row->check(text) == NULL ? text_read(value, text, &r) : path_read(value, text, &r);
    case BNN_OPTION_NUMBERS:     return numbers_read(value, text, &r);
    case BNN_OPTION_WORDS:       return words_read(value, text, &r);
    case BNN_OPTION_END:         break;
    }
    return "has a row without a kind";
}

void bnn_value_store(const bnn_value *value, const bnn_option *row, void *options) {
    void *field = (char *)options + row->offset;
    switch (row->kind) {
    case BNN_OPTION_INT:         *(long long *)field       = value->as.integer;     break;
    case BNN_OPTION_NUMBER:      *(double *)field          = value->as.number;      break;
    case BNN_OPTION_BOOL:        *(bool *)field            = value->as.truth;       break;
    case BNN_OPTION_CHOICE:      *(int *)field             = value->as.word;        break;
    case BNN_OPTION_INT_WORD:
    case BNN_OPTION_NUMBER_WORD: *(bnn_number_word *)field = value->as.number_word; break;
    case BNN_OPTION_TEXT:
    case BNN_OPTION_PATH:        *(const char **)field     = value->as.text;        break;
    case BNN_OPTION_NUMBERS:     *(bnn_numbers *)field     = value->as.numbers;     break;
    case BNN_OPTION_WORDS:       *(bnn_words *)field       = value->as.words;       break;
    case BNN_OPTION_END:         break;
    }
}
