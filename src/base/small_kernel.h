/* The kernels of small.c for one instruction set: included there once for each, with these defined:
 *
 *     NAME(x)   x with the set's suffix          TARGET   the set, as a function attribute
 *     BYTES     of its vectors                   ROWS     of C in one block: ROWS x 2 sums and 2 vectors of B fill the registers
 *
 * A template and not BNN_CLONES: compilers make vectors wider than the processor's in memory, 30 times slower. */

enum { NAME(LANES) = BYTES / sizeof(real) };

typedef real NAME(vec)  __attribute__((vector_size(BYTES), aligned(sizeof(real)), may_alias));
typedef real NAME(quad) __attribute__((vector_size(4 * sizeof(real)), aligned(sizeof(real)), may_alias));

/* The first n < LANES numbers of a vector, by two moves that overlap; their widths are constants, else they would be calls. */
TARGET static void NAME(store_part)(const real *from, size_t n, real *to) {
    enum { HALF = NAME(LANES) / 2 };
    if (n >= HALF) {
        memcpy(to, from, HALF * sizeof *to);
        memcpy(to + n - HALF, from + n - HALF, HALF * sizeof *to);
    } else {
        for (size_t l = 0; l < n; l++) to[l] = from[l];
    }
}

/* `rows` rows of C from row i on, in `vecs` (1 or 2) vectors of columns from j on, `gap` apart. Where rows of C follow each other, a vector
 * may run over the end of its row: the next row is written later. */
BNN_INLINE TARGET void NAME(block)(size_t rows, size_t vecs, const product *s, size_t i, size_t j, size_t gap) {
    NAME(vec) sum[ROWS][2], part_b[2];
    const real *a = s->a + i * s->a_row, *b = s->b + j, *end = s->c + (s->m - 1) * s->ldc + s->n;
    real *c = s->c + i * s->ldc + j;
    bool has_room = vecs == 2 || s->n >= NAME(LANES) || (s->n == s->ldc && c + (rows - 1) * s->ldc + NAME(LANES) <= end);
    for (size_t r = 0; r < rows; r++)
        for (size_t v = 0; v < vecs; v++) sum[r][v] = (NAME(vec)){0};
    for (size_t p = 0; p < s->k; p++, a += s->a_step, b += s->ldb) {
        for (size_t v = 0; v < vecs; v++) part_b[v] = *(const NAME(vec) *)(b + v * gap);
        for (size_t r = 0; r < rows; r++)
            for (size_t v = 0; v < vecs; v++) sum[r][v] += a[r * s->a_row] * part_b[v];
    }
    if (has_room) {
        for (size_t r = 0; r < rows; r++)
            for (size_t v = 0; v < vecs; v++) *(NAME(vec) *)(c + r * s->ldc + v * gap) = sum[r][v];
    } else {
        NAME(vec) kept[ROWS];               /* a copy: the sums have no address, so that they stay in registers */
        for (size_t r = 0; r < rows; r++) kept[r] = sum[r][0];
        for (size_t r = 0; r < rows; r++) NAME(store_part)((const real *)&kept[r], s->n, c + r * s->ldc);
    }
}

/* All rows of a stretch of columns; the last block overlaps the one before, and writes the same numbers again. */
BNN_INLINE TARGET void NAME(columns)(size_t vecs, const product *s, size_t j, size_t gap) {
    size_t i = 0;
    if (s->m < ROWS) {
        for (; i < s->m; i++) NAME(block)(1, vecs, s, i, j, gap);
        return;
    }
    for (; i + ROWS <= s->m; i += ROWS) NAME(block)(ROWS, vecs, s, i, j, gap);
    if (i < s->m) NAME(block)(ROWS, vecs, s, s->m - ROWS, j, gap);
}

/* C = A B. Where n < LANES, LANES numbers must be readable from the start of each row of B. */
TARGET static void NAME(blocks)(const product *s) {
    enum { ONE = NAME(LANES), TWO = 2 * ONE };
    for (size_t j = 0; j < s->n; j += TWO) {
        size_t left = s->n - j;
        if (left > ONE) NAME(columns)(2, s, j, left < TWO ? left - ONE : ONE);
        else NAME(columns)(1, s, s->n < ONE ? 0 : s->n - ONE, 0);
    }
}

/* The same for n = 1 and rows of A and a column of B without gaps. */
TARGET static void NAME(dots)(const product *s) {
    size_t whole = s->k / NAME(LANES) * NAME(LANES);
    for (size_t i = 0; i < s->m; i++) {
        const real *a = s->a + i * s->a_row;
        NAME(vec) sum = {0};
        real tail = 0;
        for (size_t p = 0; p < whole; p += NAME(LANES)) sum += *(const NAME(vec) *)(a + p) * *(const NAME(vec) *)(s->b + p);
        for (size_t p = whole; p < s->k; p++) tail += a[p] * s->b[p];
        NAME(quad) four = *(const NAME(quad) *)&sum;
        for (size_t l = 4; l < NAME(LANES); l += 4) four += *(const NAME(quad) *)((const real *)&sum + l);
        s->c[i * s->ldc] = ((four[0] + four[1]) + (four[2] + four[3])) + tail;
    }
}

/* to [cols x rows, rows of it `ld_to` apart] <- the transpose of from [rows x cols], in squares of four. */
TARGET static void NAME(transpose)(size_t rows, size_t cols, const real *from, size_t ld, real *to, size_t ld_to) {
    size_t i = 0;
    for (; i + 4 <= rows; i += 4) {
        const real *at = from + i * ld;
        size_t j = 0;
        for (; j + 4 <= cols; j += 4) {
            NAME(quad) a = *(const NAME(quad) *)(at + j), b = *(const NAME(quad) *)(at + ld + j);
            NAME(quad) c = *(const NAME(quad) *)(at + 2 * ld + j), d = *(const NAME(quad) *)(at + 3 * ld + j);
            NAME(quad) ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
            NAME(quad) ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7), cd2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
            real *out = to + j * ld_to + i;
            *(NAME(quad) *)out = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
            *(NAME(quad) *)(out + ld_to) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
            *(NAME(quad) *)(out + 2 * ld_to) = __builtin_shufflevector(ab2, cd2, 0, 1, 4, 5);
            *(NAME(quad) *)(out + 3 * ld_to) = __builtin_shufflevector(ab2, cd2, 2, 3, 6, 7);
        }
        for (; j < cols; j++)
            for (size_t l = 0; l < 4; l++) to[j * ld_to + i + l] = at[l * ld + j];
    }
    for (; i < rows; i++)
        for (size_t j = 0; j < cols; j++) to[j * ld_to + i] = from[i * ld + j];
}

static const bnn_small_kernel NAME(kernel) = { NAME(LANES), NAME(blocks), NAME(dots), NAME(transpose) };
