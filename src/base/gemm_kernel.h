/* The kernels of gemm.c for one instruction set: included there once for each, with these defined:
 *
 *     NAME(x)   x with the set's suffix          TARGET   the set, as a function attribute
 *     BYTES     of its vectors                   ROWS     of C in one block: ROWS x 2 sums are enough for two units that multiply and add
 *     FUSED     a b + c of vectors, fused
 *
 * A template and not BNN_CLONES: compilers make vectors wider than the processor's in memory, 30 times slower. */

enum { NAME(LANES) = BYTES / sizeof(real) };

/* In memory, anywhere; in registers: gcc keeps an array of the former on the stack when FUSED takes its elements. */
typedef real NAME(vec)  __attribute__((vector_size(BYTES), aligned(sizeof(real)), may_alias));
typedef real NAME(reg)  __attribute__((vector_size(BYTES)));
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

/* `rows` rows of C from row i on, in one panel of columns. Where rows of C follow each other, a vector may run over the end of its row, whose
 * next one is written later; not so in the last block. Fused by name: compilers choose whether to, by the shape of a loop. */
BNN_INLINE TARGET void NAME(block)(size_t rows, size_t vecs, const product *s, const panel *at, size_t i) {
    NAME(reg) sum[ROWS][2], part_b[2];
    size_t gap = at->gap;
    const real *a = s->a + i * s->a_row, *b = at->b, *end = s->c + (s->m - 1) * s->ldc + s->n;
    real *c = s->c + i * s->ldc + at->first;
    bool has_room = vecs == 2 || s->n >= NAME(LANES) || (s->n == s->ldc && c + (rows - 1) * s->ldc + NAME(LANES) <= end);
    for (size_t r = 0; r < rows; r++)
        for (size_t v = 0; v < vecs; v++) sum[r][v] = (NAME(reg)){0};
    for (size_t p = 0; p < s->k; p++, a += s->a_step, b += at->ldb) {
        for (size_t v = 0; v < vecs; v++) part_b[v] = *(const NAME(vec) *)(b + v * gap);
        for (size_t r = 0; r < rows; r++) {
            NAME(reg) all = a[r * s->a_row] - (NAME(reg)){0};
            for (size_t v = 0; v < vecs; v++) sum[r][v] = FUSED(all, part_b[v], sum[r][v]);
        }
    }
    if (has_room) {
        for (size_t r = 0; r < rows; r++)
            for (size_t v = 0; v < vecs; v++) *(NAME(vec) *)(c + r * s->ldc + v * gap) = sum[r][v];
    } else {
        NAME(reg) kept[ROWS];               /* a copy: the sums have no address, so that they stay in registers */
        for (size_t r = 0; r < rows; r++) kept[r] = sum[r][0];
        for (size_t r = 0; r < rows; r++) NAME(store_part)((const real *)&kept[r], s->n, c + r * s->ldc);
    }
}

/* All rows of a panel; the last block overlaps the one before, and writes the same numbers again. */
BNN_INLINE TARGET void NAME(columns)(size_t vecs, const product *s, const panel *at) {
    size_t i = 0;
    if (s->m < ROWS) {
        for (; i + 4 <= s->m; i += 4) NAME(block)(4, vecs, s, at, i);
        for (; i + 2 <= s->m; i += 2) NAME(block)(2, vecs, s, at, i);
        for (; i < s->m; i++) NAME(block)(1, vecs, s, at, i);
        return;
    }
    for (; i + ROWS <= s->m; i += ROWS) NAME(block)(ROWS, vecs, s, at, i);
    if (i < s->m) NAME(block)(ROWS, vecs, s, at, s->m - ROWS);
}

/* C = A B for n = 1, rows of A and a column of B without gaps: `rows` rows from row i on. */
BNN_INLINE TARGET void NAME(dot_rows)(size_t rows, const product *s, size_t i) {
    size_t whole = s->k / NAME(LANES) * NAME(LANES);
    const real *a = s->a + i * s->a_row;
    NAME(reg) sum[4];
    for (size_t r = 0; r < rows; r++) sum[r] = (NAME(reg)){0};
    for (size_t p = 0; p < whole; p += NAME(LANES))
        for (size_t r = 0; r < rows; r++)
            sum[r] = FUSED(*(const NAME(vec) *)(a + r * s->a_row + p), *(const NAME(vec) *)(s->b + p), sum[r]);
    for (size_t r = 0; r < rows; r++, a += s->a_row) {
        real tail = 0;
        for (size_t p = whole; p < s->k; p++) tail += a[p] * s->b[p];
        NAME(quad) four = *(const NAME(quad) *)&sum[r];
        for (size_t l = 4; l < NAME(LANES); l += 4) four += *(const NAME(quad) *)((const real *)&sum[r] + l);
        s->c[(i + r) * s->ldc] = ((four[0] + four[1]) + (four[2] + four[3])) + tail;
    }
}

TARGET static void NAME(dots)(const product *s) {
    size_t i = 0;
    for (; i + 4 <= s->m; i += 4) NAME(dot_rows)(4, s, i);
    for (; i < s->m; i++) NAME(dot_rows)(1, s, i);
}

/* to [cols x 2 LANES] <- the transpose of from [rows x cols], in squares of four. */
TARGET static void NAME(transpose)(size_t rows, size_t cols, const real *from, size_t ld, real *to) {
    enum { LD = 2 * NAME(LANES) };
    size_t j = 0;
    for (; j + 4 <= cols; j += 4, to += 4 * LD) {
        size_t i = 0;
        for (; i + 4 <= rows; i += 4) {
            const real *at = from + i * ld + j;
            NAME(quad) a = *(const NAME(quad) *)at, b = *(const NAME(quad) *)(at + ld);
            NAME(quad) c = *(const NAME(quad) *)(at + 2 * ld), d = *(const NAME(quad) *)(at + 3 * ld);
            NAME(quad) ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
            NAME(quad) ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7), cd2 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
            *(NAME(quad) *)(to + i) = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
            *(NAME(quad) *)(to + LD + i) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
            *(NAME(quad) *)(to + 2 * LD + i) = __builtin_shufflevector(ab2, cd2, 0, 1, 4, 5);
            *(NAME(quad) *)(to + 3 * LD + i) = __builtin_shufflevector(ab2, cd2, 2, 3, 6, 7);
        }
        for (; i < rows; i++)
            for (size_t l = 0; l < 4; l++) to[l * LD + i] = from[i * ld + j + l];
    }
    for (; j < cols; j++, to += LD)
        for (size_t i = 0; i < rows; i++) to[i] = from[i * ld + j];
}

/* to [k x 2 LANES] <- columns of B. What stands behind a row that is narrower than a vector goes where C is written later or not stored. */
BNN_INLINE TARGET void NAME(copy)(size_t vecs, const product *s, size_t first, size_t gap, real *to) {
    const real *from = s->b + first, *end = s->b + (s->k - 1) * s->ldb + s->n;
    for (size_t p = 0; p < s->k; p++, from += s->ldb, to += 2 * NAME(LANES)) {
        if (vecs == 2 || from + NAME(LANES) <= end) {
            for (size_t v = 0; v < vecs; v++) *(NAME(vec) *)(to + v * gap) = *(const NAME(vec) *)(from + v * gap);
        } else {
            *(NAME(vec) *)to = (NAME(vec)){0};
            for (size_t l = 0; l < s->n; l++) to[l] = from[l];
        }
    }
}

/* The same of B', rows of which are columns of B. Zeros behind a narrow row: what lay on the stack may be denormal, which is slow. */
BNN_INLINE TARGET void NAME(copy_transposed)(const product *s, size_t first, size_t gap, real *to) {
    bool is_narrow = s->n < NAME(LANES);
    for (size_t p = 0; is_narrow && p < s->k; p++) *(NAME(vec) *)(to + p * 2 * NAME(LANES)) = (NAME(vec)){0};
    NAME(transpose)(is_narrow ? s->n : gap + NAME(LANES), s->k, s->b + first * s->ldb, s->ldb, to);
}

/* Columns of C and B from `first` on: by way of `scratch` [k x 2 LANES], or NULL: where they lie. */
BNN_INLINE TARGET void NAME(multiply)(size_t vecs, const product *s, size_t first, size_t gap, real *scratch) {
    panel at = { scratch, 2 * NAME(LANES), first, gap };
    if (scratch == NULL) at.b = s->b + first, at.ldb = s->ldb;
    else if (!s->is_transposed) NAME(copy)(vecs, s, first, gap, scratch);
    else NAME(copy_transposed)(s, first, gap, scratch);
    NAME(columns)(vecs, s, &at);
}

/* C = A B, panel by panel. Without scratch: B not transposed, n >= LANES. */
TARGET static void NAME(panels)(const product *s, real *scratch) {
    enum { ONE = NAME(LANES), TWO = 2 * ONE };
    for (size_t j = 0; j < s->n; j += TWO) {
        size_t left = s->n - j;
        if (left > ONE) NAME(multiply)(2, s, j, left < TWO ? left - ONE : ONE, scratch);
        else NAME(multiply)(1, s, s->n < ONE ? 0 : s->n - ONE, 0, scratch);
    }
}

static const bnn_gemm_kernel NAME(kernel) = { NAME(LANES), NAME(panels), NAME(dots) };
