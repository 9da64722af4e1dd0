/* Numbers of a table, fast and exactly rounded.
 *
 * A decimal whose digits make an integer below 2^53 and whose power of ten is at most 10^22 needs one division of two exact
 * doubles, which IEEE arithmetic rounds correctly (Clinger 1990, "How to read floating point numbers accurately", the fast path).
 * Everything else, exponents among it, goes the slow way. */
#include "base/text.h"
#include "data/read.h"

enum { MAX_DIGITS = 19, MAX_POWER = 22 };   /* 19 digits fit into 64 bits; 10^22 is the largest exact power */

static const double power_of_ten[MAX_POWER + 1] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

static const char *take_digits(const char *at, uint64_t *digits) {
    for (unsigned digit; (digit = (unsigned)*at - '0') <= 9; at++) *digits = *digits * 10 + digit;
    return at;
}

bool bnn_field_to_number(const char *text, size_t length, double *value) {
    bool is_negative = *text == '-';
    const char *start = text + (is_negative || *text == '+');
    uint64_t digits = 0;
    const char *at = take_digits(start, &digits);
    long n_digits = at - start, n_fraction = 0;
    if (*at == '.') {
        const char *point = at + 1;
        at = take_digits(point, &digits);
        n_fraction = at - point;
        n_digits += n_fraction;
    }
    if (at != text + length || n_digits == 0 || n_digits > MAX_DIGITS || digits > (uint64_t)1 << 53)
        return bnn_text_to_number(text, value);
    double size = (double)digits / power_of_ten[n_fraction];
    *value = is_negative ? -size : size;
    return true;
}
