/* Tensor files: the reference implementation's bytes, a second reader in Python, and hostile files. */
#include "harness.h"
#include "base/tensors.h"

#include <stdio.h>
#include <unistd.h>

static char folder[256], path[300];

static const double   a_data[] = {0.1};
static const float    b_data[] = {1.5f, -2, 3};
static const int64_t  z_data[] = {7, 8};
static const uint8_t  u_data[] = {1, 2, 255};
static const uint16_t h_data[] = {0x3800};    /* 0.5 */

static const bnn_tensor sample[] = {
    {"b", BNN_F32, 2, {1, 3}, b_data}, {"a", BNN_F64, 1, {1}, a_data}, {"z", BNN_I64, 1, {2}, z_data},
    {"u/\xc3\xa9\"", BNN_U8, 1, {3}, u_data}, {"h", BNN_F16, 0, {0}, h_data},
};
enum { SAMPLES = sizeof sample / sizeof *sample };

/* `sample` as another hand wrote it: safetensors 0.8.0 for Python, save(..., metadata={'format': '1/2'}). */
static const char reference[] =
    "\x38\x01\0\0\0\0\0\0{\"__metadata__\":{\"format\":\"1/2\"},"
    "\"z\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[0,16]},"
    "\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[16,24]},"
    "\"b\":{\"dtype\":\"F32\",\"shape\":[1,3],\"data_offsets\":[24,36]},"
    "\"h\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[36,38]},"
    "\"u/\xc3\xa9\\\"\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[38,41]}}"
    "\7\0\0\0\0\0\0\0\10\0\0\0\0\0\0\0\x9a\x99\x99\x99\x99\x99\xb9?\0\0\xc0?\0\0\0\xc0\0\0@@\0008\1\2\xff";

static void put(const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static size_t get(char *data, size_t room) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(data, 1, room, file);
    fclose(file);
    return size;
}

/* A file of this header text, as it stands, and n_data bytes 0, 1, 2, ... */
static void put_parts(const char *header, size_t n_data) {
    char     bytes[2000];
    uint64_t length = strlen(header);
    memcpy(bytes, &length, 8);
    memcpy(bytes + 8, header, length);
    for (size_t i = 0; i < n_data; i++) bytes[8 + length + i] = (char)i;
    put(bytes, 8 + length + n_data);
}

static void assert_refused(const char *reason) {
    bnn_tensor_file file = {0};
    assert_int_equal(bnn_tensors_read(&file, path), BNN_ERR_DATA);
    assert_non_null(strstr(bnn_error_text(), path));
    if (strstr(bnn_error_text(), reason) == NULL) fail_msg("\"%s\" does not say \"%s\"", bnn_error_text(), reason);
    assert_null(file.tensors);
    assert_null(file.metadata);
    assert_null(file.storage);
}

static void written_bytes_are_those_of_the_reference_implementation(void **state) {
    char    bytes[1000];
    json_t *metadata = json_pack("{s:s}", "format", "1/2");
    (void)state;
    assert_ok(bnn_tensors_write(path, SAMPLES, sample, metadata));
    json_decref(metadata);
    size_t size = get(bytes, sizeof bytes);
    assert_int_equal(size, sizeof reference - 1);
    assert_memory_equal(bytes, reference, size);
}

static void order_of_tensors_and_metadata_does_not_matter(void **state) {
    char one[1000], two[1000];
    bnn_tensor reversed[SAMPLES];
    json_t *forth = json_pack("{s:s, s:s, s:s}", "a", "1", "net", "2", "b", "3");
    json_t *back  = json_pack("{s:s, s:s, s:s}", "b", "3", "net", "2", "a", "1");
    (void)state;
    for (int i = 0; i < SAMPLES; i++) reversed[i] = sample[SAMPLES - 1 - i];
    assert_ok(bnn_tensors_write(path, SAMPLES, sample, forth));
    size_t size = get(one, sizeof one);
    assert_ok(bnn_tensors_write(path, SAMPLES, reversed, back));
    assert_int_equal(get(two, sizeof two), size);
    assert_memory_equal(one, two, size);
    assert_non_null(strstr(one + 8, "{\"a\":\"1\",\"b\":\"3\",\"net\":\"2\"}"));
    json_decref(forth);
    json_decref(back);
}

static void what_was_written_is_read_back(void **state) {
    bnn_tensor_file file = {0};
    json_t *metadata = json_pack("{s:s, s:s}", "net", "{\"layers\": \"dense 1\"}", "classes", "\xc3\xa9,b");
    (void)state;
    assert_ok(bnn_tensors_write(path, SAMPLES, sample, metadata));
    assert_ok(bnn_tensors_read(&file, path));
    assert_int_equal(file.n, SAMPLES);
    assert_true(json_equal(file.metadata, metadata));
    for (int i = 0; i < SAMPLES; i++) {
        const bnn_tensor *got = bnn_tensors_find(&file, sample[i].name);
        assert_non_null(got);
        assert_int_equal(got->type, sample[i].type);
        assert_int_equal(got->n_dims, sample[i].n_dims);
        for (int d = 0; d < got->n_dims; d++) assert_int_equal(got->shape[d], sample[i].shape[d]);
        assert_memory_equal(got->data, sample[i].data, bnn_tensor_count(got) * bnn_tensor_type_size(got->type));
    }
    assert_null(bnn_tensors_find(&file, "c"));
    json_decref(metadata);
    bnn_tensors_free(&file);
    bnn_tensors_free(&file);    /* a zeroed one is fine */
}

static void a_file_without_tensors_is_a_file(void **state) {
    bnn_tensor_file file = {0};
    char bytes[100];
    (void)state;
    assert_ok(bnn_tensors_write(path, 0, NULL, NULL));
    assert_int_equal(get(bytes, sizeof bytes), 16);
    assert_memory_equal(bytes, "\x08\0\0\0\0\0\0\0{}      ", 16);
    assert_ok(bnn_tensors_read(&file, path));
    assert_int_equal(file.n, 0);
    assert_int_equal(json_object_size(file.metadata), 0);
    bnn_tensors_free(&file);
}

static void python_reads_the_same(void **state) {
    /* the values above, as Python prints them */
    static const char want[] =
        "a F64 [1] 0.1\nb F32 [1, 3] 1.5\nh F16 [] 0.5\nu/\xc3\xa9\" U8 [3] 1\nz I64 [2] 7\nepochs\nnet\n";
    char    command[500], got[1000];
    json_t *metadata = json_pack("{s:s, s:s}", "net", "dense 1", "epochs", "3");
    (void)state;
    if (system("command -v python3 >/dev/null 2>&1") != 0) {
        json_decref(metadata);
        print_message("skipped: needs python3\n");
        skip();
    }
    assert_ok(bnn_tensors_write(path, SAMPLES, sample, metadata));
    json_decref(metadata);
    snprintf(command, sizeof command, "PYTHONIOENCODING=utf-8 python3 tests/read_safetensors.py '%s'", path);
    FILE *python = popen(command, "r");
    assert_non_null(python);
    got[fread(got, 1, sizeof got - 1, python)] = '\0';
    assert_int_equal(pclose(python), 0);
    assert_string_equal(got, want);
}

static void two_tensors_of_one_name_are_not_written(void **state) {
    const bnn_tensor same[] = {{"w", BNN_F32, 1, {3}, b_data}, {"w", BNN_F64, 1, {1}, a_data}};
    const bnn_tensor reserved[] = {{"__metadata__", BNN_F64, 1, {1}, a_data}};
    json_t *metadata = json_pack("{s:i}", "epochs", 3);
    (void)state;
    unlink(path);
    assert_int_equal(bnn_tensors_write(path, 2, same, NULL), BNN_ERR_USAGE);
    assert_non_null(strstr(bnn_error_text(), "named w"));
    assert_int_equal(bnn_tensors_write(path, 1, reserved, NULL), BNN_ERR_USAGE);
    assert_int_equal(bnn_tensors_write(path, 0, NULL, metadata), BNN_ERR_USAGE);    /* a number is no text */
    assert_non_null(strstr(bnn_error_text(), "epochs"));
    assert_int_equal(access(path, F_OK), -1);
    json_decref(metadata);
}

/* Expected values: Python's struct.unpack of "<e", and of "<f" with the bits shifted up by 16. */
static void short_floats_convert_exactly(void **state) {
    static const uint16_t halves[]  = {0x0001, 0x03ff, 0x0400, 0x3c00, 0x3555, 0x7bff, 0x7c00, 0xfc00, 0xc000,
                                        0x8001, 0x7e00};
    static const uint16_t bfloats[] = {0x0001, 0x007f, 0x3f80, 0x4049, 0x7f7f, 0x7f80, 0xff80, 0xbf00,
                                        0x8001, 0x0000, 0xffc0};
    static const double half_values[] = {
        5.960464477539063e-08, 6.097555160522461e-05, 6.103515625e-05, 1, 0.333251953125, 65504, INFINITY, -INFINITY, -2,
        -5.960464477539063e-08};
    static const double bfloat_values[] = {
        9.183549615799121e-41, 1.1663108012064884e-38, 1, 3.140625, 3.3895313892515355e+38, INFINITY, -INFINITY, -0.5,
        -9.183549615799121e-41, 0};
    double h[11], b[11];
    real   r[11];
    (void)state;
    bnn_tensor_to_double(&(bnn_tensor){"h", BNN_F16,  1, {11}, halves},  h);
    bnn_tensor_to_double(&(bnn_tensor){"b", BNN_BF16, 1, {11}, bfloats}, b);
    bnn_tensor_to_real(&(bnn_tensor){"h", BNN_F16, 1, {11}, halves}, r);
    assert_memory_equal(h, half_values, sizeof half_values);      /* 0 ulp, not "close": the smallest are 1e-41 */
    assert_memory_equal(b, bfloat_values, sizeof bfloat_values);
    for (int i = 0; i < 10; i++) assert_true((double)r[i] == half_values[i]);
    assert_true(isnan(h[10]) && isnan(b[10]) && isnan((double)r[10]));
    bnn_tensor_to_double(&(bnn_tensor){"z", BNN_F16, 0, {0}, (const uint16_t[]){0x8000}}, h);
    assert_true(h[0] == 0 && signbit(h[0]));
}

static void wide_types_convert_too(void **state) {
    double d[3];
    real   r[3];
    (void)state;
    bnn_tensor_to_double(&sample[0], d);
    assert_true(d[0] == 1.5 && d[1] == -2 && d[2] == 3);
    bnn_tensor_to_real(&sample[1], r);
    assert_true(r[0] == (real)0.1);
    bnn_tensor_to_real(&sample[2], r);
    assert_true(r[0] == 7 && r[1] == 8);
    bnn_tensor_to_double(&sample[3], d);
    assert_true(d[2] == 255);
}

static void misaligned_tensors_are_laid_out_anew(void **state) {
    bnn_tensor_file file = {0};
    (void)state;
    put_parts("{\"w\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[1,9]},"
              "\"u\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
              "\"e\":{\"dtype\":\"F32\",\"shape\":[2,0],\"data_offsets\":[1,1]}}", 9);
    assert_ok(bnn_tensors_read(&file, path));
    assert_int_equal(file.n, 3);
    assert_string_equal(file.tensors[0].name, "u");    /* by place, not by the header's order */
    assert_string_equal(file.tensors[1].name, "e");
    assert_int_equal((uintptr_t)file.tensors[2].data % 8, 0);
    assert_int_equal(*(const int64_t *)file.tensors[2].data, 0x0807060504030201);
    assert_int_equal(*(const uint8_t *)file.tensors[0].data, 0);
    bnn_tensors_free(&file);
}

/* Sizes that overflow are those whose product modulo 2^64 would look right. */
static void hostile_headers_are_refused_with_the_reason(void **state) {
#define W(dtype, shape, offsets) "{\"w\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
#define TWO(first, second) "{\"w\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" first "}," \
                           "\"v\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" second "}}"
    static const struct { const char *header, *reason; size_t n_data; } rows[] = {
        {"", "not JSON", 8},
        {"{", "not JSON", 0},
        {"{} x", "not JSON", 0},
        {"[]", "not a JSON object", 0},
        {"{\"\\u0000\":1}", "not JSON", 0},
        {W("\"F32\"", "[1]", "[0,4]"), "2 bytes at the end", 6},
        {W("\"F33\"", "[1]", "[0,4]"), "dtype F33", 4},
        {W("7", "[1]", "[0,4]"), "needs dtype", 4},
        {W("\"F32\"", "1", "[0,4]"), "not a list", 4},
        {W("\"F32\"", "[1,1,1,1,1]", "[0,4]"), "at most 4", 4},
        {W("\"F32\"", "[-1]", "[0,4]"), "whole numbers", 4},
        {W("\"F32\"", "[1.0]", "[0,4]"), "whole numbers", 4},
        {W("\"F32\"", "[\"1\"]", "[0,4]"), "whole numbers", 4},
        {W("\"F32\"", "[-1,-1]", "[0,4]"), "whole numbers", 4},
        {W("\"F32\"", "[4611686018427387905]", "[0,4]"), "too large", 4},    /* 4 (2^62 + 1) is 4 */
        {W("\"U8\"", "[4294967296,4294967296]", "[0,0]"), "too large", 0},
        {W("\"U8\"", "[99999999999999999999]", "[0,4]"), "not JSON", 4},
        {W("\"F32\"", "[2]", "[0,4]"), "takes 8 bytes", 4},
        {W("\"F32\"", "[]", "[0,8]"), "takes 4 bytes", 8},
        {W("\"F32\"", "[1]", "[0,4]"), "truncated?", 3},
        {W("\"F32\"", "[1]", "[4,0]"), "data_offsets [4, 0]", 4},
        {W("\"F32\"", "[1]", "[-4,0]"), "data_offsets [-4, 0]", 4},
        {W("\"U8\"", "[0]", "[9223372036854775807,9223372036854775807]"), "truncated?", 4},
        {W("\"U8\"", "[4294967296,4294967295]", "[4294967296,0]"), "truncated?", 4},    /* 0 - 2^32 is its size */
        {W("\"F32\"", "[1]", "[0,4,4]"), "two integers", 4},
        {W("\"F32\"", "[1]", "[0]"), "two integers", 4},
        {W("\"F32\"", "[1]", "[0.0,4]"), "two integers", 4},
        {"{\"w\":{\"dtype\":\"F32\",\"shape\":[1]}}", "two integers", 4},
        {"{\"w\":7}", "tensor w: needs", 0},
        {W("\"F32\"", "[1]", "[4,8]"), "hole", 8},
        {TWO("[0,4]", "[5,9]"), "hole", 9},
        {TWO("[0,4]", "[3,7]"), "overlaps", 7},
        {TWO("[0,4]", "[0,4]"), "overlaps", 4},
        {"{\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
         "\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
         "duplicate", 2},
        {"{\"__metadata__\":{\"epochs\":3}}", "metadata epochs", 0},
        {"{\"__metadata__\":\"3\"}", "__metadata__ is not", 0},
        {"{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", "duplicate", 0},
        {"{}", "3 bytes at the end", 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put_parts(rows[i].header, rows[i].n_data);
        assert_refused(rows[i].reason);
    }
}

static void a_header_length_beyond_file_or_limit_is_refused(void **state) {
    (void)state;
    put("", 0);
    assert_refused("only 0 bytes");
    put("\x02\0\0\0\0\0\0", 7);
    assert_refused("only 7 bytes");
    put("\x03\0\0\0\0\0\0\0{}", 10);
    assert_refused("only 2 bytes follow: truncated?");
    put("\x01\xe1\xf5\x05\0\0\0\0{}", 10);    /* 100,000,001 */
    assert_refused("allowed up to 100000000");
    put("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10);
    assert_refused("allowed up to 100000000");
    unlink(path);
    assert_refused("no such file");
}

/* Reads path; what reads well must also be safe to use. Returns whether it did. */
static bool try_to_read(void) {
    bnn_tensor_file file = {0};
    bnn_status status = bnn_tensors_read(&file, path);
    if (status != BNN_OK && status != BNN_ERR_DATA) fail_msg("%s", bnn_error_text());
    for (size_t i = 0; i < file.n; i++) {
        double values[64];
        assert_true(strlen(file.tensors[i].name) < sizeof reference && bnn_tensor_count(&file.tensors[i]) <= 64);
        bnn_tensor_to_double(&file.tensors[i], values);
    }
    bnn_tensors_free(&file);
    return status == BNN_OK;
}

static void no_flipped_byte_crashes_the_reader(void **state) {
    char bytes[sizeof reference];
    int  n_read = 0, n_refused = 0;
    (void)state;
    for (size_t i = 0; i < 8 + 0x138; i++)
        for (int bit = 0; bit < 8; bit++) {
            memcpy(bytes, reference, sizeof bytes);
            bytes[i] = (char)(bytes[i] ^ 1 << bit);
            put(bytes, sizeof reference - 1);
            if (try_to_read()) n_read++;
            else n_refused++;
        }
    assert_true(n_read > 0);         /* another name or another metadata text is a good file */
    assert_true(n_refused > n_read);
}

static void no_cut_file_is_taken_for_whole(void **state) {
    (void)state;
    for (size_t size = 0; size < sizeof reference - 1; size++) {
        put(reference, size);
        if (try_to_read()) fail_msg("the first %zu bytes were read as a whole file", size);
    }
    put(reference, sizeof reference - 1);
    assert_true(try_to_read());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_bytes_are_those_of_the_reference_implementation),
        cmocka_unit_test(order_of_tensors_and_metadata_does_not_matter),
        cmocka_unit_test(what_was_written_is_read_back),
        cmocka_unit_test(a_file_without_tensors_is_a_file),
        cmocka_unit_test(python_reads_the_same),
        cmocka_unit_test(two_tensors_of_one_name_are_not_written),
        cmocka_unit_test(short_floats_convert_exactly),
        cmocka_unit_test(wide_types_convert_too),
        cmocka_unit_test(misaligned_tensors_are_laid_out_anew),
        cmocka_unit_test(hostile_headers_are_refused_with_the_reason),
        cmocka_unit_test(a_header_length_beyond_file_or_limit_is_refused),
        cmocka_unit_test(no_flipped_byte_crashes_the_reader),
        cmocka_unit_test(no_cut_file_is_taken_for_whole),
    };
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/bnn-tensors-XXXXXX", parent != NULL ? parent : "/tmp");
    if (mkdtemp(folder) == NULL) return 1;
    snprintf(path, sizeof path, "%s/x.safetensors", folder);
    int n_failed = RUN(tests);
    unlink(path);
    return rmdir(folder) != 0 ? 1 : n_failed;    /* nothing else was left there */
}
